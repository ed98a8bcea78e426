import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openImage } from '../../src/source/index.js'
import { type FakeEngine, fakeEngine } from '../support/fake-engine.js'
import { fileAt, rootFsContract, textAt } from '../support/rootfs-contract.js'

const SIZES = { small: 1_000, large: 500 << 20 }

for (const [size, bytes] of Object.entries(SIZES)) {
  rootFsContract(`engine, ${size} image`, async (tree) => {
    const engine = await fakeEngine({ demo: { tree, inspect: { Size: bytes } } })
    const image = await openImage('docker:demo', { env: engine.env })
    return {
      rootfs: image.rootfs,
      close: async () => {
        await image[Symbol.asyncDispose]()
        assert.deepEqual([...engine.containers], [])
        await engine[Symbol.asyncDispose]()
      },
    }
  })
}

rootFsContract('engine that follows links, large image', async (tree) => {
  const image = { tree, inspect: { Size: 2 ** 50 }, followsLinks: true } as const
  const engine = await fakeEngine({ demo: image })
  const opened = await openImage('docker:demo', { env: engine.env })
  return {
    rootfs: opened.rootfs,
    close: async () => {
      await opened[Symbol.asyncDispose]()
      await engine[Symbol.asyncDispose]()
    },
  }
})

const LIBRARIES = Object.fromEntries(
  Array.from({ length: 12 }, (_, index) => [
    `/usr/lib/lib${index}.so`,
    { file: `library ${index}`, uid: 7, gid: 8 },
  ]),
)

/** Requests for content, the first one (of the root's beginning) left out. */
function fetches(engine: FakeEngine): string[] {
  return engine.requests
    .filter((line) => line.startsWith('GET /containers/'))
    .map((line) => line.slice(line.indexOf('=') + 1))
    .filter((path) => path !== '/')
}

test('a small image is fetched once, whole', async () => {
  await using engine = await fakeEngine({ demo: { tree: { ...LIBRARIES, '/bin/tool': 'x' } } })
  await using image = await openImage('docker:demo', { env: engine.env })
  for (const path of Object.keys(LIBRARIES)) await textAt(image.rootfs, path as `/${string}`)
  await textAt(image.rootfs, '/bin/tool')
  assert.deepEqual(fetches(engine), [])
})

rootFsContract('engine that loses owners, large image', async (tree) => {
  const image = { tree, inspect: { Size: 2 ** 50 }, losesOwners: true } as const
  const engine = await fakeEngine({ demo: image })
  const opened = await openImage('docker:demo', { env: engine.env })
  return {
    rootfs: opened.rootfs,
    close: async () => {
      await opened[Symbol.asyncDispose]()
      await engine[Symbol.asyncDispose]()
    },
  }
})

test('owners are those of the tar', async () => {
  await using engine = await fakeEngine({ demo: { tree: LIBRARIES, inspect: { Size: SIZES.large } } })
  await using image = await openImage('docker:demo', { env: engine.env })
  const { uid, gid } = await fileAt(image.rootfs, '/usr/lib/lib3.so')
  assert.deepEqual([uid, gid], [7, 8])
})

test('what the beginning of the root brings is not asked for again', async () => {
  const tree = { '/etc/ld.so.cache': 'cache', '/lib': { link: 'usr/lib' }, '/usr/bin/tool': 'x' }
  await using engine = await fakeEngine({ demo: { tree, inspect: { Size: SIZES.large } } })
  await using image = await openImage('docker:demo', { env: engine.env })
  assert.equal(await textAt(image.rootfs, '/etc/ld.so.cache'), 'cache')
  assert.equal((await image.rootfs.lstat('/lib'))?.kind, 'symlink')
  assert.equal(await image.rootfs.lstat('/etc/ld.so.preload'), undefined)
  assert.deepEqual(fetches(engine), [])
})

test('the first library of a middle-sized image brings its whole directory', async () => {
  await using engine = await fakeEngine({ demo: { tree: LIBRARIES, inspect: { Size: 150 << 20 } } })
  await using image = await openImage('docker:demo', { env: engine.env })
  for (const path of Object.keys(LIBRARIES)) await textAt(image.rootfs, path as `/${string}`)
  assert.deepEqual(fetches(engine), ['/usr/lib'])
})

test('of a huge image files are fetched one by one, each once', async () => {
  await using engine = await fakeEngine({ demo: { tree: LIBRARIES, inspect: { Size: 2 ** 50 } } })
  await using image = await openImage('docker:demo', { env: engine.env })
  for (const path of Object.keys(LIBRARIES)) await textAt(image.rootfs, path as `/${string}`)
  for (const path of Object.keys(LIBRARIES)) await textAt(image.rootfs, path as `/${string}`)
  assert.deepEqual(fetches(engine), Object.keys(LIBRARIES))
})

test('a link that leads to a library brings the directory of the library', async () => {
  const tree = { ...LIBRARIES, '/usr/lib64/ld.so': { link: '../lib/lib1.so' } }
  await using engine = await fakeEngine({ demo: { tree, inspect: { Size: 150 << 20 } } })
  await using image = await openImage('docker:demo', { env: engine.env })
  await image.rootfs.lstat('/usr/lib64/ld.so')
  await textAt(image.rootfs, '/usr/lib/lib1.so')
  assert.deepEqual(fetches(engine).sort(), ['/usr/lib', '/usr/lib64/ld.so'])
})

test('of an engine that packs what a link leads to, links come with their directory', async () => {
  const tree = {
    '/usr/lib64/ld.so': { link: '../lib/lib1.so' },
    '/usr/lib64/more.so': { link: 'ld.so' },
    '/usr/share/doc': { link: '../lib' },
    ...LIBRARIES,
  }
  const image = { tree, inspect: { Size: 2 ** 50 }, followsLinks: true } as const
  await using engine = await fakeEngine({ demo: image })
  await using opened = await openImage('docker:demo', { env: engine.env })
  for (const [path, target] of [
    ['/usr/lib64/ld.so', '../lib/lib1.so'],
    ['/usr/lib64/more.so', 'ld.so'],
    ['/usr/share/doc', '../lib'],
  ] as const) {
    const entry = await opened.rootfs.lstat(path)
    assert.equal(entry?.kind === 'symlink' && entry.target, target)
  }
  assert.deepEqual(fetches(engine), ['/usr/lib64/ld.so', '/usr/lib64', '/usr/share'])
})

test('the files that an engine puts into containers are not of the image', async () => {
  const made = { file: '', mode: 0o755 }
  const tree = {
    '/.dockerenv': made,
    '/etc/hosts': made,
    '/etc/mtab': { link: '/proc/mounts' },
    '/etc/passwd': 'x',
  }
  await using engine = await fakeEngine({ demo: { tree } })
  await using image = await openImage('docker:demo', { env: engine.env })
  assert.equal(await image.rootfs.lstat('/etc/hosts'), undefined)
  assert.deepEqual(
    (await image.rootfs.list('/')).map(({ path }) => path),
    ['/etc'],
  )
  assert.deepEqual(
    (await image.rootfs.list('/etc')).map(({ path }) => path),
    ['/etc/passwd'],
  )
})

test('a file that is cut off with the beginning is fetched again when it is read', async () => {
  const content = 'x'.repeat(9 << 20)
  await using engine = await fakeEngine({
    demo: { tree: { '/app': content }, inspect: { Size: SIZES.large } },
  })
  await using image = await openImage('docker:demo', { env: engine.env })
  const entry = await fileAt(image.rootfs, '/app')
  const end = await image.rootfs.open(entry).read((9 << 20) - 3, 10)
  assert.equal(Buffer.from(end).toString(), 'xxx')
})

test('a tar that stops in the middle is an error, not a missing file', async () => {
  await using engine = await fakeEngine({ demo: { tree: LIBRARIES } }, ({ method, path }, response) => {
    if (method !== 'GET' || !path.endsWith('/archive')) return false
    response.writeHead(200)
    response.end(Buffer.alloc(100))
    return true
  })
  await using image = await openImage('docker:demo', { env: engine.env })
  await assert.rejects(async () => image.rootfs.lstat('/usr/lib/lib1.so'), {
    name: 'LiftError',
    code: 'unreadable',
  })
})

test('a refusal by the engine is an error in its own words', async () => {
  await using engine = await fakeEngine({ demo: { tree: LIBRARIES } }, ({ method, path }, response) => {
    if (method !== 'GET' || !path.endsWith('/archive')) return false
    response.writeHead(500, { 'content-type': 'application/json' })
    response.end(JSON.stringify({ message: 'the disk\nis on fire' }))
    return true
  })
  await using image = await openImage('docker:demo', { env: engine.env })
  await assert.rejects(async () => image.rootfs.lstat('/usr/lib/lib1.so'), {
    code: 'engine-failed',
    message: /the disk is on fire/,
  })
})

test('a helper container that somebody else removed is an error, not an empty image', async () => {
  const tree = { '/etc/a': '', '/usr/lib/a': '' }
  await using engine = await fakeEngine(
    { demo: { tree, inspect: { Size: SIZES.large } } },
    ({ path }, response) => {
      if (!path.endsWith('/archive')) return false
      response.writeHead(404, { 'content-type': 'application/json' })
      response.end(JSON.stringify({ message: 'No such container: liftbin-1' }))
      return true
    },
  )
  await using image = await openImage('docker:demo', { env: engine.env })
  await assert.rejects(async () => image.rootfs.lstat('/etc/a'), {
    code: 'engine-failed',
    message: /No such container/,
  })
})
