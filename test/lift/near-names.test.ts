import assert from 'node:assert/strict'
import { test } from 'node:test'
import { nearNames } from '../../src/lift/near-names.js'
import { memoryRootFs } from '../../src/rootfs/memory.js'

const BIN = ['/bin', '/usr/bin']
const near = (names: readonly string[], asked: string, searchPath = BIN) =>
  nearNames(memoryRootFs(Object.fromEntries(names.map((name) => [name, 'x']))), asked, searchPath)

test('a slip of the finger is found in the PATH, the nearest first', async () => {
  const names = ['/usr/bin/pyton33', '/usr/bin/pythons3', '/usr/bin/perl', '/bin/pytho3']
  assert.deepEqual(await near(names, 'python3'), ['/bin/pytho3', '/usr/bin/pythons3', '/usr/bin/pyton33'])
})

test('at most three names are offered', async () => {
  assert.equal((await near(['/bin/aa', '/bin/ab', '/bin/ac', '/bin/ad'], 'ae')).length, 3)
})

test('a name of another directory is offered when the path is wrong', async () => {
  assert.deepEqual(await near(['/usr/bin/curl'], '/bin/curl'), ['/usr/bin/curl'])
  assert.deepEqual(await near(['/opt/tool'], '/opt/tol'), ['/opt/tool'])
})

test('a name that has nothing in common is not offered', async () => {
  assert.deepEqual(await near(['/bin/ls', '/bin/sh'], 'python3'), [])
})

test('directories and devices are not programs', async () => {
  const rootfs = memoryRootFs({ '/bin/lsx': { directory: true }, '/bin/lsy': { special: true } })
  assert.deepEqual(await nearNames(rootfs, 'ls', BIN), [])
})

test('the PATH is followed through links, and a name is offered once', async () => {
  const rootfs = memoryRootFs({ '/bin': { link: 'usr/bin' }, '/usr/bin/curl': 'x' })
  assert.deepEqual(await nearNames(rootfs, 'crl', BIN), ['/usr/bin/curl'])
})

test('a PATH that names no directory offers nothing', async () => {
  assert.deepEqual(await near(['/bin'], 'bin', ['/bin', '/nowhere']), [])
})
