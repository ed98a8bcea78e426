import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Need } from '../../src/needs/finder.js'
import { allNeedsOf, needsOf } from '../support/need-subject.js'

const CORE = '/usr/lib/git-core'
const DEBIAN = {
  path: '/usr/bin/git',
  texts: [CORE, '/usr/share/git-core/templates'],
  tree: { [`${CORE}/git`]: '', [`${CORE}/git-add`]: { link: 'git' }, [`${CORE}/git-daemon`]: '' },
} as const

test("git's own programs come from the directory that it names, without servers", async () => {
  const found = await allNeedsOf('git', DEBIAN)
  const own = found.find((need: Need) => need.kind === 'path' && need.path === CORE)
  assert.deepEqual(own?.kind === 'path' && [own.confidence, own.except], ['likely', ['git-daemon']])
  assert.ok((await needsOf('git', 'possible', DEBIAN)).includes(`${CORE}/git-daemon`))
  assert.ok((await needsOf('git', 'likely', DEBIAN)).includes('/usr/share/git-core/templates'))
})

test('where none is named, it is the one beside the program', async () => {
  const tree = { '/usr/local/libexec/git-core/git': '', '/usr/lib/git-core/git': '' }
  const found = await needsOf('git', 'likely', { path: '/usr/local/bin/git', tree })
  assert.equal(found[0], '/usr/local/libexec/git-core')
})

test('what is no git has no such needs, nor has git without its programs', async () => {
  assert.deepEqual(await allNeedsOf('git', { ...DEBIAN, path: '/usr/bin/gitk' }), [])
  assert.deepEqual(await allNeedsOf('git', { path: '/usr/bin/git' }), [])
  const library = { path: '/usr/lib/git', soname: 'libgit.so' } as const
  assert.deepEqual(await allNeedsOf('git', { ...DEBIAN, library }), [])
})
