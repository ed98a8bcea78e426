import assert from 'node:assert/strict'
import { test } from 'node:test'
import { allNeedsOf, needsOf } from '../support/need-subject.js'
import { library, program } from '../support/small-image.js'

const tree = {
  '/bin': { link: 'usr/bin' },
  '/usr/bin/x': program(),
  '/usr/bin/less': program(),
  '/usr/bin/pager': { link: '/etc/alternatives/pager' },
  '/etc/alternatives/pager': { link: '/usr/bin/less' },
  '/usr/bin/script': '#!/bin/sh\n',
  '/usr/bin/static': program([], { type: 'exec', dynamic: false }),
}
const asks = (texts: readonly string[], imports = ['execve']) =>
  needsOf('programs', 'possible', { imports, texts, tree })

test('a path of a program, a script or a link to one is a need of what starts programs', async () => {
  const texts = ['/usr/bin/less', '/usr/bin/pager', '/bin/script', '/usr/bin/static']
  assert.deepEqual(await asks(texts), texts)
  assert.deepEqual(await asks(['/usr/bin/less'], ['posix_spawnp']), ['/usr/bin/less'])
})

test('what starts nothing has no such needs', async () => {
  assert.deepEqual(await asks(['/usr/bin/less'], ['printf', 'dlopen']), [])
})

test('what is no program that could be started is none', async () => {
  const more = {
    ...tree,
    '/usr/bin/shut': { file: program(), mode: 0o644 },
    '/usr/lib/liba.so': { file: library('liba.so'), mode: 0o755 },
    '/usr/bin/text': { file: Buffer.from('hello'), mode: 0o755 },
    '/usr/bin/empty': { file: Buffer.alloc(0), mode: 0o755 },
  }
  const texts = [
    '/usr/bin/shut',
    '/usr/lib/liba.so',
    '/usr/bin/text',
    '/usr/bin/empty',
    '/usr/bin',
    '/usr/bin/',
    '/usr/bin/absent',
    'less',
    '/usr/bin/less/x',
  ]
  assert.deepEqual(await allNeedsOf('programs', { imports: ['execv'], texts, tree: more }), [])
})

test('a program that names itself needs nothing for it', async () => {
  assert.deepEqual(await asks(['/bin/x', '/usr/bin/x']), [])
})
