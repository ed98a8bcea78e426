import assert from 'node:assert/strict'
import { test } from 'node:test'
import { loadedIn } from '../../src/loader/loaded.js'
import type { LoadedObject } from '../../src/loader/loader.js'

interface Told {
  readonly soname?: string
  readonly names?: readonly string[]
  readonly identity?: string
  readonly filter?: string
}

function object(name: string, { soname, names = [], identity = name, filter }: Told = {}): LoadedObject {
  const dependencies = filter === undefined ? [] : [{ kind: 'filter', name: filter }]
  return {
    name,
    names: new Set(names),
    file: { identity },
    elf: { dynamic: { dependencies, ...(soname === undefined ? {} : { soname }) } },
  } as unknown as LoadedObject
}

const program = object('/bin/p', { soname: 'p.so', names: ['asked'], identity: 'one' })
const loader = object('/lib/ld.so', { soname: 'ld.so.2' })

test('an object answers to its open path, its soname and the names it was asked for by', () => {
  const library = object('/lib/a.so.1', { soname: 'a.so.1', names: ['a.so'] })
  const { byName } = loadedIn({ program, objects: [program, library], loader })
  for (const name of ['/lib/a.so.1', 'a.so.1', 'a.so']) assert.equal(byName(name), library)
  assert.equal(byName('a'), undefined)
})

test('the program answers to its soname alone and is never the same file as a library', () => {
  const { byName, byIdentity } = loadedIn({ program, objects: [program], loader })
  assert.equal(byName('p.so'), program)
  assert.equal(byName('/bin/p'), undefined)
  assert.equal(byName('asked'), undefined)
  assert.equal(byIdentity('one'), undefined)
})

test('of two that answer to a name the first in load order does, and the loader last', () => {
  const [first, second] = [object('/1', { soname: 'ld.so.2' }), object('/2', { soname: 'ld.so.2' })]
  assert.equal(loadedIn({ program, objects: [program, first, second], loader }).byName('ld.so.2'), first)
  assert.equal(loadedIn({ program, objects: [program], loader }).byName('ld.so.2'), loader)
})

test('what is loaded later is found at the next look', () => {
  const objects = [program]
  const map = { program, objects, loader }
  assert.equal(loadedIn(map).byName('b.so'), undefined)
  const library = object('/lib/b.so')
  loadedIn(map).learn('b.so', library)
  objects.push(library)
  assert.equal(loadedIn(map).byName('b.so'), library)
  assert.equal(loadedIn(map).byIdentity('/lib/b.so'), library)
})

test('what a filter puts in front of others is found before them', () => {
  const later = object('/2', { soname: 'x.so' })
  const objects = [program, object('/f', { filter: 'x.so' }), later]
  const map = { program, objects, loader }
  assert.equal(loadedIn(map).byName('x.so'), later)
  const moved = object('/1', { soname: 'x.so' })
  objects.splice(1, 0, moved)
  assert.equal(loadedIn(map).byName('x.so'), moved)
})
