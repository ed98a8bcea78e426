import assert from 'node:assert/strict'
import { test } from 'node:test'
import { complaints, library, liftFrom, program } from '../support/glibc-root.js'

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

test('an empty element is the working directory, and the file is opened by its bare name', async () => {
  const tree = { '/srv/liba.so': library(), '/bin/p': program({ needed: ['liba.so'] }) }
  for (const value of [':/x', '/x:', '/x::/y', '/x;']) {
    const answer = await liftFrom(tree, { env: [`LD_LIBRARY_PATH=${value}`], workingDir: '/srv' })
    assert.deepEqual(answer.found, ['liba.so'])
    assert.deepEqual(complaints(answer), ['relative-path'])
  }
})

test('an empty LD_LIBRARY_PATH is no list, not the working directory', async () => {
  const tree = { '/liba.so': library(), '/bin/p': program({ needed: ['liba.so'] }) }
  assert.deepEqual((await liftFrom(tree, { env: ['LD_LIBRARY_PATH='] })).missing, ['liba.so for /bin/p'])
})

test('a relative element starts at the working directory and is worth a warning', async () => {
  const tree = { '/srv/sub/liba.so': library(), '/bin/p': program({ needed: ['liba.so'], runpath: 'sub' }) }
  const answer = await liftFrom(tree, { workingDir: '/srv' })
  assert.deepEqual(answer.found, ['sub/liba.so'])
  assert.deepEqual(complaints(answer), ['relative-path'])
  assert.deepEqual((await liftFrom(tree)).missing, ['liba.so for /bin/p'])
})

test('elements stay text except that trailing slashes become one and repetitions go', async () => {
  const { tried } = await liftFrom(
    { '/bin/p': program({ needed: ['gone.so'], runpath: '/a//:/a:/b/../c/.://d:/' }) },
    { loader: { directories: ['/lib/', '/usr/lib/'] } },
  )
  assert.deepEqual(tried['gone.so']?.slice(0, 4), [
    'runpath /a/gone.so absent',
    'runpath /b/../c/./gone.so absent',
    'runpath //d/gone.so absent',
    'runpath /gone.so absent',
  ])
})

test('".." in an element is walked: it needs the directory before it and means the parent of a link\'s target', async () => {
  const options = { needed: ['liba.so'], runpath: '/t/plugins/../lib' }
  const tree = { '/bin/p': program(options), '/t/lib/liba.so': library() }
  assert.deepEqual((await liftFrom(tree)).missing, ['liba.so for /bin/p'])
  const present = { ...tree, '/t/plugins': { directory: true } } as const
  assert.deepEqual((await liftFrom(present)).found, ['/t/plugins/../lib/liba.so'])
  const linked = { ...tree, '/t/plugins': { link: '/opt/deep' }, '/opt/deep': { directory: true } } as const
  assert.deepEqual((await liftFrom(linked)).missing, ['liba.so for /bin/p'])
})

test('an absolute link on the way is taken from the root, and stays in the open path', async () => {
  const { found, lift } = await liftFrom({
    '/bin/p': program({ needed: ['liba.so'], runpath: '/opt/current/lib' }),
    '/opt/current': { link: '/opt/v2' },
    '/opt/v2/lib/liba.so': { link: '/opt/v2/lib/liba.so.1' },
    '/opt/v2/lib/liba.so.1': library(),
  })
  assert.deepEqual(found, ['/opt/current/lib/liba.so'])
  const paths = lift.entries.filter(({ role }) => role === 'library' || role === 'symlink')
  assert.deepEqual(
    paths.map(({ path, realPath }) => `${path} ${realPath}`),
    [
      '/opt/current /opt/current',
      '/opt/current/lib/liba.so /opt/v2/lib/liba.so.1',
      '/opt/v2/lib/liba.so /opt/v2/lib/liba.so',
    ],
  )
})
