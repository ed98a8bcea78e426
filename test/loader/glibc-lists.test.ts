import assert from 'node:assert/strict'
import { test } from 'node:test'
import { library, liftFrom, program } from '../support/glibc-root.js'

test("RPATH serves the objects that are loaded on an object's behalf, however far down", async () => {
  const { found, missing } = await liftFrom({
    '/bin/p': program({ needed: ['liba.so'], rpath: '/a' }),
    '/a/liba.so': library({ needed: ['libm.so'], rpath: '/m' }),
    '/m/libm.so': library({ needed: ['libz.so'] }),
    '/m/libz.so': library({ needed: ['liby.so'] }),
    '/a/liby.so': library(),
  })
  assert.deepEqual(found, ['/a/liba.so', '/m/libm.so', '/m/libz.so', '/a/liby.so'])
  assert.deepEqual(missing, [])
})

test("RPATH of the requester comes first, that of its loader next, the program's last", async () => {
  const { tried } = await liftFrom({
    '/bin/p': program({ needed: ['liba.so'], rpath: '/p' }),
    '/p/liba.so': library({ needed: ['libb.so'], rpath: '/a' }),
    '/a/libb.so': library({ needed: ['gone.so'], rpath: '/b' }),
  })
  assert.deepEqual(tried['gone.so']?.slice(0, 3), [
    'rpath /b/gone.so absent',
    'rpath /a/gone.so absent',
    'rpath /p/gone.so absent',
  ])
})

test('an attempt names the object whose list it comes from', async () => {
  const { lift } = await liftFrom({
    '/bin/p': program({ needed: ['liba.so'], rpath: '/p' }),
    '/p/liba.so': library({ needed: ['gone.so'], rpath: '/a' }),
  })
  const owners = lift.missing[0]?.attempts.map(({ listOf }) => listOf)
  assert.deepEqual(owners?.slice(0, 3), ['/p/liba.so', '/bin/p', undefined])
})

test('RPATH serves nobody beside the chain of loaders, whoever asks for the same library', async () => {
  const tree = {
    '/bin/p': program({ needed: ['liba.so', 'libb.so'], rpath: '/p' }),
    '/p/libb.so': library({ needed: ['libx.so'], rpath: '/b' }),
    '/p/libx.so': library({ needed: ['libd.so'] }),
    '/b/libd.so': library(),
  }
  const loadedByA = { ...tree, '/p/liba.so': library({ needed: ['libx.so'] }) }
  const loadedByB = { ...tree, '/p/liba.so': library() }
  assert.deepEqual((await liftFrom(loadedByA)).missing, ['libd.so for /p/libx.so'])
  assert.deepEqual((await liftFrom(loadedByB)).missing, [])
})

test('RUNPATH is not inherited by dependencies', async () => {
  const { found, missing } = await liftFrom({
    '/bin/p': program({ needed: ['libc2.so'], runpath: '/r' }),
    '/r/libc2.so': library({ needed: ['libd2.so'] }),
    '/r/libd2.so': library(),
  })
  assert.deepEqual(found, ['/r/libc2.so'])
  assert.deepEqual(missing, ['libd2.so for /r/libc2.so'])
})

test('an object with RUNPATH sees no RPATH, neither its own nor that of its loaders', async () => {
  const { found, missing, tried } = await liftFrom({
    '/bin/p': program({ needed: ['libe.so'], rpath: '/p' }),
    '/p/libe.so': library({ needed: ['libf.so'], rpath: '/p', runpath: '/elsewhere' }),
    '/p/libf.so': library(),
  })
  assert.deepEqual(found, ['/p/libe.so'])
  assert.deepEqual(missing, ['libf.so for /p/libe.so'])
  assert.equal(
    tried['libf.so']?.some((place) => place.startsWith('rpath')),
    false,
  )
})

test('RPATH of an object with RUNPATH does not serve the objects below it', async () => {
  const { missing } = await liftFrom({
    '/bin/p': program({ needed: ['liba.so'], rpath: '/p', runpath: '/r' }),
    '/r/liba.so': library({ needed: ['libb.so'] }),
    '/p/libb.so': library(),
  })
  assert.deepEqual(missing, ['libb.so for /r/liba.so'])
})

test('an object with RUNPATH in the middle does not cut the chain of RPATH', async () => {
  const { found } = await liftFrom({
    '/bin/p': program({ needed: ['liba.so'], rpath: '/p' }),
    '/p/liba.so': library({ needed: ['libb.so'], runpath: '/a' }),
    '/a/libb.so': library({ needed: ['libc2.so'] }),
    '/p/libc2.so': library(),
  })
  assert.deepEqual(found, ['/p/liba.so', '/a/libb.so', '/p/libc2.so'])
})

test('an empty RUNPATH gives no directory and still switches RPATH off', async () => {
  const { missing, tried } = await liftFrom(
    { '/bin/p': program({ needed: ['liba.so'], rpath: '/p', runpath: '' }), '/p/liba.so': library() },
    { loader: { directories: ['/lib/', '/usr/lib/'] } },
  )
  assert.deepEqual(missing, ['liba.so for /bin/p'])
  assert.deepEqual(tried['liba.so'], ['default /lib/liba.so absent', 'default /usr/lib/liba.so absent'])
})

test('a requester with an empty RUNPATH sees no RPATH of its loaders', async () => {
  const { missing } = await liftFrom({
    '/bin/p': program({ needed: ['liba.so'], rpath: '/p' }),
    '/p/liba.so': library({ needed: ['libb.so'], runpath: '' }),
    '/p/libb.so': library(),
  })
  assert.deepEqual(missing, ['libb.so for /p/liba.so'])
})

test('RPATH and RUNPATH are split at colons alone', async () => {
  for (const kind of ['rpath', 'runpath']) {
    const { found } = await liftFrom({
      '/bin/p': program({ needed: ['liba.so', 'libb.so'], [kind]: '/a;/x:/b' }),
      '/a;/x/liba.so': library(),
      '/a/liba.so': library(),
      '/b/libb.so': library(),
    })
    assert.deepEqual(found, ['/a;/x/liba.so', '/b/libb.so'])
  }
})

test('LD_LIBRARY_PATH of the image is split at colons and semicolons', async () => {
  const tree = {
    '/bin/p': program({ needed: ['liba.so', 'libb.so'] }),
    '/a/liba.so': library(),
    '/b/libb.so': library(),
  }
  const { found } = await liftFrom(tree, { env: ['LD_LIBRARY_PATH=/x:/a;/b'] })
  assert.deepEqual(found, ['/a/liba.so', '/b/libb.so'])
})

test("LD_LIBRARY_PATH of this process has no effect, nor has the host's PATH of libraries", async () => {
  const before = process.env.LD_LIBRARY_PATH
  process.env.LD_LIBRARY_PATH = '/a'
  try {
    const tree = { '/bin/p': program({ needed: ['liba.so'] }), '/a/liba.so': library() }
    assert.deepEqual((await liftFrom(tree)).missing, ['liba.so for /bin/p'])
  } finally {
    if (before === undefined) delete process.env.LD_LIBRARY_PATH
    else process.env.LD_LIBRARY_PATH = before
  }
})
