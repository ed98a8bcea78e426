import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Closure, closure, dlopened } from '../../src/closure/closure.js'
import { type Graph, type GraphOptions, graphLoader, objectOf, PROGRAM } from '../support/closure-literal.js'

async function load(graph: Graph, options: GraphOptions = {}): Promise<Closure> {
  return closure(objectOf(PROGRAM, graph[PROGRAM] ?? {}, 'program'), graphLoader(graph, options))
}

/** Open paths in load order, without their slash. */
async function order(graph: Graph, options: GraphOptions = {}): Promise<string> {
  return (await load(graph, options)).objects.map(({ name }) => name.slice(1)).join(' ')
}

/** Requests in order: `FROM KIND NAME`, with `?` behind a name that was not found. */
function requests({ edges }: Closure): readonly string[] {
  return edges.map(
    ({ from, kind, name, resolution }) =>
      `${from.name.slice(1)} ${kind} ${name}${resolution.found === undefined ? '?' : ''}`,
  )
}

test('libraries are loaded breadth first, those of one object in array order', async () => {
  const graph = {
    program: { needed: ['b', 'a'] },
    a: { needed: ['e', 'd'] },
    b: { needed: ['c'] },
    c: { needed: ['f'] },
    d: {},
    e: {},
    f: {},
  }
  assert.equal(await order(graph), 'program b a c e d f')
})

test('each request is an edge, in the order the loader makes them', async () => {
  const graph = { program: { needed: ['a', 'b'] }, a: { needed: ['x'] }, b: { needed: ['x', 'a'] }, x: {} }
  assert.deepEqual(requests(await load(graph)), [
    'program needed a',
    'program needed b',
    'a needed x',
    'b needed x',
    'b needed a',
  ])
})

test('what several objects need is loaded once, by the first who asks', async () => {
  const graph = {
    program: { needed: ['a', 'b'] },
    a: { needed: ['x'] },
    x: { needed: ['c'] },
    b: { needed: ['c'] },
    c: {},
  }
  const { objects } = await load(graph)
  assert.deepEqual(
    objects.map(({ name, loadedBy }) => `${name} by ${loadedBy?.name}`),
    ['/program by undefined', '/a by /program', '/b by /program', '/x by /a', '/c by /b'],
  )
})

test('a name that one object needs twice is loaded once', async () => {
  const graph = { program: { needed: ['a', 'a'] }, a: {} }
  assert.equal(await order(graph), 'program a')
  assert.equal((await load(graph)).edges.length, 2)
})

test('libraries that need each other, themselves or the program come to an end', async () => {
  const graph = {
    program: { needed: ['a'], soname: 'p.so' },
    a: { needed: ['b', 'a'] },
    b: { needed: ['c', 'p.so'] },
    c: { needed: ['a', 'b'] },
  }
  assert.equal(await order(graph), 'program a b c')
})

test('a missing library is an edge with everything that was tried, and the rest is loaded', async () => {
  const answer = await load({ program: { needed: ['lost', 'a'] }, a: { needed: ['lost', 'b'] }, b: {} })
  assert.deepEqual(requests(answer), [
    'program needed lost?',
    'program needed a',
    'a needed lost?',
    'a needed b',
  ])
  assert.deepEqual(answer.edges[2]?.resolution.attempts, [
    { rule: 'default', path: '/lost', outcome: 'absent' },
  ])
  assert.deepEqual(
    answer.objects.map(({ name }) => name),
    ['/program', '/a', '/b'],
  )
})

test('a library answers later to the name it was asked for by', async () => {
  const { objects, edges } = await load({ program: { needed: ['a', 'b'] }, a: {}, b: { needed: ['a'] } })
  assert.deepEqual([...objects[1]!.names], ['a'])
  assert.equal(edges[2]?.resolution.rule, 'already-loaded')
})

test('a soname that is loaded already serves an object that would not find the file', async () => {
  const graph = { program: { needed: ['a', 'b'] }, a: { soname: 'libz.so.9' }, b: { needed: ['libz.so.9'] } }
  assert.equal(await order(graph), 'program a b')
})

test('preloaded objects come after the program, their dependencies after those of the program', async () => {
  const graph = {
    program: { needed: ['a'] },
    a: { needed: ['b'] },
    b: {},
    p: { needed: ['q'] },
    q: {},
    r: {},
  }
  assert.equal(await order(graph, { preloads: ['p', 'r'] }), 'program p r a q b')
  assert.deepEqual(requests(await load(graph, { preloads: ['p', 'none'] })).slice(0, 3), [
    'program preload p',
    'program preload none?',
    'program needed a',
  ])
})

test('a preloaded object replaces the library whose soname it has', async () => {
  const graph = { program: { needed: ['a'] }, a: {}, p: { soname: 'a' } }
  assert.equal(await order(graph, { preloads: ['p'] }), 'program p')
})

test('a filter comes before the library that names it, and its own dependencies are walked next', async () => {
  const graph = {
    program: { needed: ['a', 'b'] },
    a: {
      dependencies: [
        { kind: 'needed', name: 'n' },
        { kind: 'filter', name: 'f' },
        { kind: 'auxiliary', name: 'x' },
      ],
    },
    b: { needed: ['c'] },
    f: { needed: ['g'] },
    c: {},
    g: {},
    n: {},
    x: {},
  } as const
  assert.equal(await order(graph), 'program f x a b n g c')
  assert.deepEqual(
    requests(await load(graph)).filter((request) => !request.startsWith('program')),
    ['a needed n', 'a filter f', 'a auxiliary x', 'f needed g', 'b needed c'],
  )
})

test('the program stays the first object when it names a filter itself', async () => {
  const graph = {
    program: {
      dependencies: [
        { kind: 'auxiliary', name: 'x' },
        { kind: 'needed', name: 'a' },
      ],
    },
    a: {},
    x: {},
  } as const
  assert.equal(await order(graph), 'program x a')
})

test('an auxiliary that is absent stops nothing, and one that is there brings its dependencies', async () => {
  const graph = {
    program: {
      dependencies: [
        { kind: 'auxiliary', name: 'none' },
        { kind: 'auxiliary', name: 'x' },
      ],
    },
    x: { needed: ['lost'] },
  } as const
  assert.deepEqual(requests(await load(graph)), [
    'program auxiliary none?',
    'program auxiliary x',
    'x needed lost?',
  ])
})

test('a loader without filters walks the needed names alone', async () => {
  const graph = {
    program: {
      dependencies: [
        { kind: 'filter', name: 'f' },
        { kind: 'needed', name: 'a' },
      ],
    },
    a: {},
    f: {},
  } as const
  assert.deepEqual(requests(await load(graph, { filters: false })), ['program needed a'])
})

test('the loader is an object where something asks for it by name; its own dependencies are not walked', async () => {
  const graph = {
    program: { needed: ['a'] },
    a: { needed: ['ld.so', 'ld.so'] },
    'ld.so': { needed: ['a', 'lost'] },
  }
  const answer = await load(graph)
  assert.deepEqual(
    answer.objects.map(({ name }) => name),
    ['/program', '/a', '/ld.so'],
  )
  assert.equal(answer.objects[2], answer.loader)
  assert.equal(answer.edges.length, 3)
  assert.equal(await order({ program: { needed: ['b'] }, b: {} }), 'program b')
})

test('the loader learns no names, since all programs share it', async () => {
  const { loader } = await load({ program: { needed: ['ld.so'] } })
  assert.deepEqual([...loader.names], [])
})

test('an audit module lives beside the program with objects of its own', async () => {
  const graph = {
    program: { needed: ['c'], audit: 'm::n', depaudit: 'o' },
    m: { needed: ['c'] },
    c: {},
    o: { needed: ['lost'] },
  }
  const answer = await load(graph)
  assert.deepEqual(requests(answer), [
    'program needed c',
    'program audit m',
    'm needed c',
    'program audit n?',
    'program audit o',
    'o needed lost?',
  ])
  assert.deepEqual(
    answer.objects.map(({ name }) => name),
    ['/program', '/c', '/m', '/c', '/o'],
  )
  assert.notEqual(answer.objects[1], answer.objects[3])
})

test('nobody is the loader of an audit module, so no list above it is inherited', async () => {
  const { objects } = await load({ program: { audit: 'm' }, m: { needed: ['c'] }, c: {} })
  assert.deepEqual(
    objects.map(({ loadedBy }) => loadedBy?.name),
    [undefined, undefined, '/m'],
  )
})

test('audit modules of libraries, and those of a loader without audit, are not loaded', async () => {
  assert.equal(await order({ program: { needed: ['a'] }, a: { audit: 'm' }, m: {} }), 'program a')
  assert.equal(await order({ program: { audit: 'm' }, m: {} }, { auditModules: false }), 'program')
})

test('programs that share a loader have nothing of each other in their closures', async () => {
  const graph = { a: { needed: ['c'] }, b: { needed: ['c'] }, c: {} }
  const loader = graphLoader(graph)
  const closures = await Promise.all(
    ['a', 'b'].map((name) => closure(objectOf(PROGRAM, { needed: [name] }, 'program'), loader)),
  )
  assert.deepEqual(
    closures.map(({ objects }) => objects.map(({ name }) => name)),
    [
      ['/program', '/a', '/c'],
      ['/program', '/b', '/c'],
    ],
  )
})

test('dlopen adds the first name that is found, with what it needs and is not loaded yet', async () => {
  const graph = { program: { needed: ['a'] }, a: {}, plugin: { needed: ['a', 'b'] }, other: {}, b: {} }
  const loader = graphLoader(graph, {})
  const loaded = await closure(objectOf(PROGRAM, graph.program, 'program'), loader)
  const more = await dlopened(loaded, loader, ['absent', 'plugin', 'other'], loaded.objects[1]!)
  assert.deepEqual(requests(more), [
    'a dlopen absent?',
    'a dlopen plugin',
    'plugin needed a',
    'plugin needed b',
  ])
  assert.deepEqual(
    more.objects.map(({ name }) => name.slice(1)),
    ['program', 'a', 'plugin', 'b'],
  )
  assert.equal(loaded.objects.length, 2)
})

test('dlopen of what is loaded already adds nothing', async () => {
  const graph = { program: { needed: ['a'] }, a: { needed: ['b'] }, b: {} }
  const loader = graphLoader(graph, {})
  const loaded = await closure(objectOf(PROGRAM, graph.program, 'program'), loader)
  const more = await dlopened(loaded, loader, ['a'], loaded.program)
  assert.deepEqual(requests(more), ['program dlopen a'])
  assert.deepEqual(more.objects, loaded.objects)
})
