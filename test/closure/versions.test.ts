import assert from 'node:assert/strict'
import { test } from 'node:test'
import { closure } from '../../src/closure/closure.js'
import { checkVersions } from '../../src/closure/versions.js'
import { type Graph, type GraphOptions, graphLoader, objectOf, PROGRAM } from '../support/closure-literal.js'

/** `KIND VERSION of PROVIDER for REQUESTER` for each fault. */
async function faults(graph: Graph, options: GraphOptions = {}): Promise<readonly string[]> {
  const answer = await closure(
    objectOf(PROGRAM, graph[PROGRAM] ?? {}, 'program'),
    graphLoader(graph, options),
  )
  return checkVersions(answer).map(
    ({ kind, version, provider, requester }) =>
      `${kind} ${version} of ${provider.name} for ${requester.name}`,
  )
}

const need = (file: string, ...versions: string[]) => ({
  file,
  versions: versions.map((name) => ({ name, weak: false })),
})

test('versions that are defined are no fault, in whatever order', async () => {
  const graph = {
    program: { needed: ['c'], versionsNeeded: [need('c', 'V_2', 'V_1')] },
    c: { versionsDefined: ['V_1', 'V_2', 'V_3'] },
  }
  assert.deepEqual(await faults(graph), [])
})

test('each version that is not defined is a fault of whoever asks for it', async () => {
  const graph = {
    program: { needed: ['c', 'a'], versionsNeeded: [need('c', 'V_3', 'V_1', 'V_4')] },
    a: { versionsNeeded: [need('c', 'V_3')] },
    c: { versionsDefined: ['V_1'] },
  }
  assert.deepEqual(await faults(graph), [
    'missing V_3 of /c for /program',
    'missing V_4 of /c for /program',
    'missing V_3 of /c for /a',
  ])
})

test('a version that is asked for weakly may be absent', async () => {
  const versions = [
    { name: 'V_2', weak: true },
    { name: 'V_3', weak: false },
  ]
  const graph = {
    program: { needed: ['c'], versionsNeeded: [{ file: 'c', versions }] },
    c: { versionsDefined: [] },
  }
  assert.deepEqual(await faults(graph), ['missing V_3 of /c for /program'])
})

test('a provider without any definition has no information, said once for each who asks', async () => {
  const graph = {
    program: { needed: ['c', 'a'], versionsNeeded: [need('c', 'V_1', 'V_2')] },
    a: { versionsNeeded: [need('c', 'V_2')] },
    c: {},
  }
  assert.deepEqual(await faults(graph), [
    'no-information V_1 of /c for /program',
    'no-information V_2 of /c for /a',
  ])
})

test('weak versions of a provider without any definition are no fault', async () => {
  const versionsNeeded = [{ file: 'c', versions: [{ name: 'V_1', weak: true }] }]
  assert.deepEqual(await faults({ program: { needed: ['c'], versionsNeeded }, c: {} }), [])
})

test('a provider is known by the name it was asked for or by its soname', async () => {
  const versionsNeeded = [need('libz.so.9', 'V_1'), need('a', 'V_1')]
  const graph = {
    program: { needed: ['a'], versionsNeeded },
    a: { soname: 'libz.so.9', versionsDefined: [] },
  }
  assert.deepEqual(await faults(graph), ['missing V_1 of /a for /program', 'missing V_1 of /a for /program'])
})

test('a provider that is not loaded is a missing library, not a missing version', async () => {
  const versionsNeeded = [need('lost', 'V_1'), need('never asked for', 'V_1')]
  assert.deepEqual(await faults({ program: { needed: ['lost'], versionsNeeded } }), [])
})

test('the loader provides versions even where nothing asks for it by name', async () => {
  const graph = {
    program: { needed: ['c'] },
    c: { versionsNeeded: [need('ld.so', 'PRIVATE', 'PRIVATE_2')] },
    'ld.so': { soname: 'ld.so', versionsDefined: ['PRIVATE'] },
  }
  assert.deepEqual(await faults(graph), ['missing PRIVATE_2 of /ld.so for /c'])
})

test('the program provides versions under its soname', async () => {
  const graph = {
    program: { needed: ['a'], soname: 'p.so', versionsDefined: ['V_1'] },
    a: { needed: ['p.so'], versionsNeeded: [need('p.so', 'V_1', 'V_2')] },
  }
  assert.deepEqual(await faults(graph), ['missing V_2 of /program for /a'])
})

test('of two libraries of one soname the one that was loaded first provides', async () => {
  const graph = {
    program: { needed: ['old', 'new'], versionsNeeded: [need('libx.so.1', 'V_2')] },
    old: { soname: 'libx.so.1', versionsDefined: ['V_1'] },
    new: { soname: 'libx.so.1', versionsDefined: ['V_1', 'V_2'] },
  }
  assert.deepEqual(await faults(graph), ['missing V_2 of /old for /program'])
})
