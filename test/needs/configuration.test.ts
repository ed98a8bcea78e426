import assert from 'node:assert/strict'
import { test } from 'node:test'
import { allNeedsOf, needsOf, type SubjectParts } from '../support/need-subject.js'

const CONF = '/etc/web/web.conf'

const tree = {
  [CONF]:
    'include mime.types;\ninclude /etc/web/sites/*;\nload_module modules/m.so;\nerror_log /var/log/web/error.log;',
  '/etc/web/mime.types': 'text/html html',
  '/etc/web/other': 'x',
  '/etc/web/sites/one': 'include snippets/tls;\nroot /var/www/html;\nsubsystem /usr/lib/web/helper;',
  '/etc/web/sites/two': { link: '/srv/two' },
  '/srv/two': '# include other;',
  '/etc/web/snippets/tls': 'certificate /etc/web/site.pem;\nkey /etc/web/site.key;',
  '/etc/web/site.pem': 'certificate',
  '/etc/web/site.key': { file: 'key', mode: 0o600 },
  '/usr/share/web/modules/m.so': 'module',
  '/usr/lib/web/helper': { file: '#!/bin/sh', mode: 0o755 },
  '/var/log/web': { directory: true },
  '/var/www/html/index.html': 'page',
} as const

const texts = [CONF, '/usr/share/web/', '/etc/web/']
const likely = (parts: SubjectParts) => needsOf('configuration', 'likely', { tree, ...parts })
const possible = (parts: SubjectParts) => needsOf('configuration', 'possible', { tree, ...parts })

test('a program needs what the configuration files that it names include and name', async () => {
  assert.deepEqual(await likely({ texts }), [
    '/usr/share/web/modules/m.so',
    '/var/log/web',
    '/etc/web/mime.types',
    '/etc/web/sites/one',
    '/etc/web/sites/two',
    '/etc/web/snippets/tls',
    '/etc/web/site.pem',
  ])
})

test('secrets, programs and directories that are named are possible needs', async () => {
  assert.deepEqual(await possible({ texts }), ['/var/www/html', '/usr/lib/web/helper', '/etc/web/site.key'])
})

test('a directory that is written to is needed without what lies in it', async () => {
  const needs = await allNeedsOf('configuration', { tree, texts })
  assert.deepEqual(
    needs.flatMap((need) => (need.kind === 'bare-directory' ? [need.path] : [])),
    ['/var/log/web'],
  )
})

test('the reason says which file names it', async () => {
  const needs = await allNeedsOf('configuration', { tree, texts })
  const reasons = new Map(needs.flatMap((need) => ('path' in need ? [[need.path, need.why]] : [])))
  assert.equal(reasons.get('/etc/web/mime.types'), `reads ${CONF}, which names it`)
})

test('what is not there, lies elsewhere or belongs to another finder is no need', async () => {
  const more = {
    ...tree,
    '/etc/passwd': '/etc/web/other',
    '/etc/profile': '/etc/web/other',
    '/etc/ssl/openssl.cnf': '/etc/web/other',
    '/opt/web.conf': '/etc/web/other',
  }
  for (const text of [
    '/etc/none',
    '/etc/passwd',
    '/etc/profile',
    '/etc/ssl/openssl.cnf',
    '/opt/web.conf',
    '/etc',
    'etc/web',
  ])
    assert.deepEqual(await allNeedsOf('configuration', { tree: more, texts: [text] }), [], text)
})

test('what libraries name is not followed', async () => {
  const library = { path: '/usr/lib/libweb.so.1', soname: 'libweb.so.1' } as const
  assert.deepEqual(await allNeedsOf('configuration', { tree, texts, library }), [])
})

test('files that include each other are read once', async () => {
  const loop = { '/etc/a': 'include /etc/b', '/etc/b': 'include /etc/a\ninclude /etc/b' }
  assert.deepEqual(await likely({ tree: loop, texts: ['/etc/a'] }), ['/etc/b'])
})

test('an included directory is all files in it', async () => {
  const nested = { '/etc/a': '@includedir /etc/a.d', '/etc/a.d/one': '1', '/etc/a.d/two': '2' }
  assert.deepEqual(await likely({ tree: nested, texts: ['/etc/a'] }), ['/etc/a.d/one', '/etc/a.d/two'])
})

test('patterns that stand for the same files again and again end', async () => {
  const many = Array.from({ length: 60 }, (_, index) => [`/etc/web/many/${index}`, 'x'])
  const names = 'file /etc/web/many/*\n'.repeat(400)
  const needs = await allNeedsOf('configuration', {
    tree: { [CONF]: names, ...Object.fromEntries(many) },
    texts: [CONF],
  })
  assert.ok(needs.length >= 60 && needs.length < 400 * 60, `${needs.length}`)
})
