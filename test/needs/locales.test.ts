import assert from 'node:assert/strict'
import { test } from 'node:test'
import { allNeedsOf, needsOf, type SubjectParts } from '../support/need-subject.js'

const likely = (env: readonly string[], parts: SubjectParts = {}) =>
  needsOf('locales', 'likely', { imports: ['setlocale'], config: { env }, ...parts })

test('a locale that the environment names is needed under each name that glibc tries', async () => {
  assert.deepEqual(await likely(['LANG=de_DE.UTF-8']), [
    '/usr/lib/locale/de_DE.UTF-8',
    '/usr/lib/locale/de_DE.utf8',
    '/usr/lib/locale/de_DE',
    '/usr/lib/locale/locale-archive',
  ])
  assert.deepEqual(await likely(['LC_CTYPE=C.UTF-8']), [
    '/usr/lib/locale/C.UTF-8',
    '/usr/lib/locale/C.utf8',
    '/usr/lib/locale/C',
  ])
  const modified = await likely(['LC_ALL=ca_ES.UTF-8@valencia'])
  assert.ok(modified.includes('/usr/lib/locale/ca_ES.utf8@valencia'), modified.join(' '))
})

const USUAL = ['/usr/lib/locale/C.utf8', '/usr/lib/locale/C.UTF-8']

test('without a locale in the environment C.UTF-8 is likely, and all others are possible', async () => {
  for (const env of [[], ['LANG=C'], ['LC_ALL=POSIX'], ['LANG='], ['LANGUAGE=de'], ['XLANG=de_DE']])
    assert.deepEqual(await likely(env), USUAL, env.join())
  const possible = await needsOf('locales', 'possible', { imports: ['newlocale'] })
  assert.ok(possible.includes('/usr/lib/locale/locale-archive'))
})

test('what follows no locale needs none, nor does what is linked to musl', async () => {
  const env = ['LANG=de_DE.UTF-8']
  for (const parts of [{ imports: ['localeconv', 'uselocale'] }, { dialect: 'musl' as const }])
    assert.deepEqual(await allNeedsOf('locales', { imports: ['setlocale'], config: { env }, ...parts }), [])
})

test('a name of a locale never leads out of the directory of locales', async () => {
  for (const name of ['../../etc/x', '/etc/x', '.x', 'a/b'])
    assert.deepEqual(await likely([`LANG=${name}`]), USUAL)
})

test('translations are those of the language that the environment names', async () => {
  const translated = (env: readonly string[], imports = ['bindtextdomain']) =>
    needsOf('locales', 'possible', { imports, config: { env } })
  const found = await translated(['LANG=de_AT.UTF-8'])
  assert.ok(found.includes('/usr/share/locale/de/LC_MESSAGES'))
  assert.ok(found.includes('/usr/share/locale/de_AT/LC_MESSAGES'))
  for (const env of [[], ['LANG=C.UTF-8']]) assert.deepEqual(await translated(env), [])
  assert.deepEqual(await translated(['LANG=de_AT.UTF-8'], ['gettext_x']), [])
})
