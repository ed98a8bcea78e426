import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ociPlatform } from '../../src/elf/elf.js'
import { LIFT_FORMATS, lift } from '../../src/index.js'
import type { MemoryNode } from '../../src/rootfs/memory.js'
import { imageOfTree } from '../support/elf-tree.js'
import { debianRoot, PORTS, type Port, program } from '../support/foreign-root.js'
import { matchesGolden } from '../support/golden.js'

type Tree = Record<string, MemoryNode>

async function liftFrom(tree: Tree, ...binaries: string[]) {
  const answer = await lift(imageOfTree(tree), binaries)
  return {
    answer,
    libraries: answer.programs.map(({ libraries }) => libraries),
    kinds: answer.findings.filter(({ severity }) => severity !== 'note').map(({ kind }) => kind),
  }
}

for (const name of ['arm64', 'armhf', 'riscv64', 's390x'] as const) {
  test(`the answer for a root of ${name} is the same on any host`, async () => {
    const image = imageOfTree(debianRoot(PORTS[name]), { platform: ociPlatform(name)! })
    const json = LIFT_FORMATS.json.emit(await lift(image, ['/bin/tool']), {})
    // The sizes are those of the files that the test has built, and no part of the rule.
    matchesGolden(`foreign-${name}.json`, json.replace(/"size": \d+/g, '"size": 0'))
  })
}

test('default directories of the triplet are known without a cache or its configuration', async () => {
  for (const { triplet, ...port } of Object.values(PORTS)) {
    const { libraries } = await liftFrom(debianRoot({ triplet, ...port }), '/usr/bin/tool')
    assert.deepEqual(libraries, [[`/lib/${triplet}/liba.so.1`, `/lib/${triplet}/libc.so.6`]])
  }
})

test('programs of several machines in one root each get the libraries of their own', async () => {
  const { amd64, i386, arm64, s390x } = PORTS
  const tree: Tree = {}
  for (const [name, port] of Object.entries({ amd64, i386, arm64, s390x })) {
    const { '/usr/bin/tool': tool, ...rest } = debianRoot(port)
    Object.assign(tree, rest, { [`/usr/bin/tool-${name}`]: tool })
  }
  const names = ['amd64', 'i386', 'arm64', 's390x'].map((name) => `/usr/bin/tool-${name}`)
  const { libraries, kinds, answer } = await liftFrom(tree, ...names)
  assert.deepEqual(kinds, ['other-platform', 'other-platform'], 'arm64 and s390x in an image for amd64')
  assert.deepEqual(
    libraries.map(([first]) => first),
    [amd64, i386, arm64, s390x].map(({ triplet }) => `/lib/${triplet}/liba.so.1`),
  )
  const alone = await Promise.all(names.map((name) => liftFrom(tree, name)))
  const union = new Set(alone.flatMap((one) => one.answer.entries.map(({ path, role }) => `${path} ${role}`)))
  assert.deepEqual(new Set(answer.entries.map(({ path, role }) => `${path} ${role}`)), union)
})

/** Two copies of one library in one search list, the first of which is for the other class. */
function twoClasses(): Tree {
  const both = (port: Port) => program(port, { needed: ['liba.so.1'], rpath: '/32:/64' })
  const { '/usr/lib/i386-linux-gnu/liba.so.1.2': small, ...rest } = debianRoot(PORTS.i386)
  const { '/usr/lib/x86_64-linux-gnu/liba.so.1.2': large, ...other } = debianRoot(PORTS.amd64)
  return {
    ...rest,
    ...other,
    '/32/liba.so.1': small!,
    '/64/liba.so.1': large!,
    '/usr/bin/small': both(PORTS.i386),
    '/usr/bin/large': both(PORTS.amd64),
  }
}

test('a copy of the other class is passed over, and the next directory serves', async () => {
  const { libraries } = await liftFrom(twoClasses(), '/usr/bin/small', '/usr/bin/large')
  assert.deepEqual(
    libraries.map(([first]) => first),
    ['/32/liba.so.1', '/64/liba.so.1'],
  )
})

test('the order in which programs are asked for does not show in their files', async () => {
  const [one, two] = await Promise.all([
    liftFrom(twoClasses(), '/usr/bin/small', '/usr/bin/large'),
    liftFrom(twoClasses(), '/usr/bin/large', '/usr/bin/small'),
  ])
  assert.deepEqual(one.answer.entries, two.answer.entries)
})

test('the first library of a soname is used even when it lacks a version that is asked for', async () => {
  const tree = debianRoot(PORTS.amd64)
  const versions = [{ file: 'libc.so.6', versions: ['GLIBC_2.99'] }]
  tree['/usr/bin/tool'] = program(PORTS.amd64, { needed: ['libc.so.6'], versionsNeeded: versions })
  const { answer, kinds } = await liftFrom(tree, '/usr/bin/tool')
  assert.deepEqual(kinds, ['version-missing'])
  const [finding] = answer.findings
  assert.ok(finding?.kind === 'version-missing' && finding.version === 'GLIBC_2.99')
})
