import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { LiftError } from '../../src/errors.js'
import { layersOf } from '../../src/pack/layers.js'
import { type PackedNode, packingOf } from '../support/packing.js'

/** The paths in each layer, lowest first, by what the layer is called. */
function layered(tree: Readonly<Record<string, PackedNode>>): Record<string, readonly string[]> {
  const layers = layersOf(packingOf(tree).tree)
  return Object.fromEntries(
    layers.map(({ comment, entries }) => [comment, entries.map(({ entry }) => entry.path)]),
  )
}

const LIBRARIES = 'loader and libraries'
const DATA = 'configuration and data'
const PROGRAMS = 'programs'

test('libraries lie lowest, then data, then programs, each with the directories that lead to it', () => {
  const layers = layered({
    '/usr/bin/p': { file: 'p', role: 'program' },
    '/usr/bin/s': { file: 's', role: 'script' },
    '/etc/conf': 'data',
    '/usr/lib/l.so': { file: 'l', role: 'library' },
    '/lib64/ld.so': { file: 'ld', role: 'loader' },
  })
  assert.deepEqual(Object.keys(layers), [LIBRARIES, DATA, PROGRAMS])
  assert.deepEqual(layers, {
    [LIBRARIES]: ['/lib64', '/lib64/ld.so', '/usr', '/usr/lib', '/usr/lib/l.so'],
    [DATA]: ['/etc', '/etc/conf'],
    [PROGRAMS]: ['/usr', '/usr/bin', '/usr/bin/p', '/usr/bin/s'],
  })
})

test('an empty layer is left out', () => {
  assert.deepEqual(layered({ '/p': { file: 'p', role: 'program' } }), { [PROGRAMS]: ['/p'] })
  assert.deepEqual(layered({ '/': { directory: true, mode: 0o700 } }), {})
})

test('a link lies with what it leads to, and with the libraries where that is no file of the tree', () => {
  const layers = layered({
    '/bin': { link: 'usr/bin' },
    '/usr/bin/p': { file: 'p', role: 'program' },
    '/usr/bin/q': { link: 'r' },
    '/usr/bin/r': { link: '/usr/bin/p' },
    '/etc/localtime': { link: '../zone' },
    '/zone': 'UTC',
    '/gone': { link: 'nowhere' },
    '/round': { link: 'round' },
  })
  assert.deepEqual(layers[LIBRARIES], ['/bin', '/gone', '/round'])
  assert.deepEqual(layers[DATA], ['/etc', '/etc/localtime', '/zone'])
  assert.deepEqual(layers[PROGRAMS], ['/usr', '/usr/bin', '/usr/bin/p', '/usr/bin/q', '/usr/bin/r'])
})

test('all names of an inode lie in one layer', () => {
  const layers = layered({
    '/a': { file: 'x', role: 'program', identity: 'i' },
    '/b': { file: 'x', role: 'library', identity: 'i' },
    '/c': { file: 'x', role: 'data', identity: 'i' },
  })
  assert.deepEqual(layers, { [LIBRARIES]: ['/a', '/b', '/c'] })
})

test('a directory in which nothing lies comes with the data, and each directory keeps its metadata everywhere', () => {
  const { tree } = packingOf({
    '/tmp': { directory: true, mode: 0o1777 },
    '/opt': { directory: true, mode: 0o750, uid: 5 },
    '/opt/p': { file: 'p', role: 'program' },
    '/opt/l': { file: 'l', role: 'library' },
  })
  const layers = layersOf(tree)
  assert.deepEqual(
    layers.map(({ entries }) => entries.map(({ entry }) => [entry.path, entry.mode, entry.uid])),
    [
      [
        ['/opt', 0o750, 5],
        ['/opt/l', 0o755, 0],
      ],
      [['/tmp', 0o1777, 0]],
      [
        ['/opt', 0o750, 5],
        ['/opt/p', 0o755, 0],
      ],
    ],
  )
})

test('a root of its own mode comes with every layer', () => {
  const layers = layered({ '/': { directory: true, mode: 0o700 }, '/x': 'x' })
  assert.deepEqual(layers, { [DATA]: ['/', '/x'] })
})

test('a name that means a removed file to engines is refused', () => {
  assert.throws(
    () => layered({ '/etc/.wh.x': 'x' }),
    (error: LiftError) => error.code === 'unsupported' && error.message.includes('/etc/.wh.x'),
  )
})
