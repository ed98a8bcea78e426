import assert from 'node:assert/strict'
import { test } from 'node:test'
import { expandTokens, tokensIn } from '../../src/loader/tokens.js'
import { complaints, library, liftFrom, program } from '../support/glibc-root.js'

const VALUES = { ORIGIN: '/o', LIB: 'lib64', PLATFORM: 'x86_64' }
const braced = (name: string) => `$\{${name}}`

test('each token is replaced in its plain and in its braced form', () => {
  const text = `$ORIGIN/$LIB/$PLATFORM:${braced('ORIGIN')}${braced('LIB')}-${braced('PLATFORM')}x`
  assert.equal(expandTokens(text, VALUES), '/o/lib64/x86_64:/olib64-x86_64x')
})

test('a longer name, an unknown one and an unclosed brace stay as they are', () => {
  for (const text of [
    '$ORIGINX',
    '$ORIGIN_x',
    '$LIBS',
    '$LIB64',
    '$FOO',
    `$\{ORIGIN`,
    `$\{ORIGIN/}`,
    '$',
    'a$',
    `$\{}`,
  ]) {
    assert.equal(expandTokens(text, VALUES), text)
    assert.deepEqual(tokensIn(text), [])
  }
})

test('a dollar before a token stays', () => {
  assert.equal(expandTokens('$$ORIGIN', VALUES), '$/o')
})

test('a value is not searched for tokens again', () => {
  assert.equal(expandTokens('$ORIGIN/x', { ...VALUES, ORIGIN: '/a$LIB' }), '/a$LIB/x')
})

test('a text with a token that has no value has none either', () => {
  assert.equal(expandTokens('/a/$PLATFORM', { ...VALUES, PLATFORM: undefined }), undefined)
  assert.equal(expandTokens('/a/$LIB', { ...VALUES, PLATFORM: undefined }), '/a/lib64')
})

test('tokens are told with their places', () => {
  assert.deepEqual(tokensIn(`a$LIB${braced('ORIGIN')}`), [
    { token: 'LIB', start: 1, end: 5 },
    { token: 'ORIGIN', start: 5, end: 14 },
  ])
})

test("$ORIGIN is the directory of the program's real file, also when it is started through a link", async () => {
  const tree = {
    '/opt/o/bin/p': program({ needed: ['liba.so'], runpath: '$ORIGIN/../lib' }),
    '/opt/o/lib/liba.so': library(),
    '/usr/bin/x': { link: '../../opt/o/bin/p' },
    '/current': { link: '/opt/o' },
  }
  for (const path of ['/opt/o/bin/p', '/usr/bin/x', '/current/bin/p']) {
    assert.deepEqual((await liftFrom(tree, { program: path })).found, ['/opt/o/bin/../lib/liba.so'])
  }
})

test("$ORIGIN of a library is the directory it is opened in, not its file's real one", async () => {
  const { found, missing } = await liftFrom({
    '/bin/p': program({ needed: ['liba.so'], runpath: '/t/p' }),
    '/t/p/liba.so': { link: '/t/real/liba.so.1' },
    '/t/real/liba.so.1': library({ needed: ['libb.so', 'libc2.so'], runpath: '$ORIGIN' }),
    '/t/p/libb.so': library(),
    '/t/real/libc2.so': library(),
  })
  assert.deepEqual(found, ['/t/p/liba.so', '/t/p/libb.so'])
  assert.deepEqual(missing, ['libc2.so for /t/p/liba.so'])
})

test('of a file opened by two names the first one gives $ORIGIN', async () => {
  const { found } = await liftFrom({
    '/bin/p': program({ needed: ['/a/liba.so', '/b/liba.so'] }),
    '/a/liba.so': library({ needed: ['libx.so'], runpath: '$ORIGIN' }),
    '/b/liba.so': { link: '/a/liba.so' },
    '/a/libx.so': library(),
    '/b/libx.so': library(),
  })
  assert.deepEqual(found, ['/a/liba.so', '/a/libx.so'])
})

test("$ORIGIN in RPATH is that of the list's owner, whoever asks", async () => {
  const { found } = await liftFrom(
    {
      '/opt/p': program({ needed: ['sub/liba.so', 'libb.so'], rpath: '$ORIGIN/sub' }),
      '/opt/sub/libb.so': library({ needed: ['libc2.so'] }),
      '/opt/sub/libc2.so': library(),
      '/sub/liba.so': library(),
    },
    { program: '/opt/p' },
  )
  assert.deepEqual(found, ['sub/liba.so', '/opt/sub/libb.so', '/opt/sub/libc2.so'])
})

test('$ORIGIN of a library opened by a relative path starts at the working directory', async () => {
  const { found } = await liftFrom(
    {
      '/bin/p': program({ needed: ['sub/liba.so'] }),
      '/srv/sub/liba.so': library({ needed: ['libb.so'], runpath: '$ORIGIN' }),
      '/srv/sub/libb.so': library(),
    },
    { workingDir: '/srv' },
  )
  assert.deepEqual(found, ['sub/liba.so', '/srv/sub/libb.so'])
})

test('tokens in a needed name are replaced, with the values of the object that needs it', async () => {
  const { found } = await liftFrom(
    {
      '/opt/p': program({ needed: ['$ORIGIN/liba.so', 'libb.so'], rpath: '/b' }),
      '/opt/liba.so': library(),
      '/b/libb.so': library({ needed: [`${braced('ORIGIN')}/$LIB/libc2.so`] }),
      '/b/lib/x86_64-linux-gnu/libc2.so': library(),
    },
    { program: '/opt/p' },
  )
  assert.deepEqual(found, ['/opt/liba.so', '/b/libb.so', '/b/lib/x86_64-linux-gnu/libc2.so'])
})

test("$LIB is the value of the loader's build", async () => {
  const tree = {
    '/bin/p': program({ needed: ['liba.so'], runpath: '/x/$LIB' }),
    '/x/lib64/liba.so': library(),
    '/x/lib/aarch64-linux-gnu/liba.so': library(),
  }
  const fedora = { directories: ['/lib64/', '/usr/lib64/'], lib: 'lib64' }
  const T = 'aarch64-linux-gnu'
  const debian = { directories: [`/lib/${T}/`, `/usr/lib/${T}/`, '/lib/', '/usr/lib/'], lib: `lib/${T}` }
  assert.deepEqual((await liftFrom(tree, { loader: fedora })).found, ['/x/lib64/liba.so'])
  assert.deepEqual((await liftFrom(tree, { loader: debian })).found, [`/x/lib/${T}/liba.so`])
})

test('every value that $PLATFORM may have is tried, the usual one first, with a warning', async () => {
  const tree = (platform: string) => ({
    '/bin/p': program({ needed: ['liba.so'], runpath: '/x/$PLATFORM' }),
    [`/x/${platform}/liba.so`]: library(),
  })
  const answer = await liftFrom({ ...tree('x86_64'), ...tree('haswell') })
  assert.deepEqual(answer.found, ['/x/x86_64/liba.so'])
  assert.deepEqual(complaints(answer), ['platform-token'])
  assert.deepEqual((await liftFrom(tree('haswell'))).found, ['/x/haswell/liba.so'])
})

test('$PLATFORM follows the machine, and on one without a platform drops the element', async () => {
  const on = (port: { machine: number; class?: 32; flags?: number }, runpath: string) =>
    liftFrom(
      {
        '/bin/p': program({ ...port, needed: ['liba.so'], runpath }),
        '/x/aarch64/liba.so': library(port),
        '/x/v7l/liba.so': library(port),
        '/x/i686/liba.so': library(port),
        '/x//liba.so': library(port),
      },
      { loader: { elf: port } },
    )
  const arm = { machine: 40, class: 32, flags: 0x0500_0400 } as const
  assert.deepEqual((await on({ machine: 183 }, '/x/$PLATFORM')).found, ['/x/aarch64/liba.so'])
  assert.deepEqual((await on(arm, '/x/$PLATFORM')).found, ['/x/v7l/liba.so'])
  assert.deepEqual((await on({ machine: 3, class: 32 }, '/x/$PLATFORM')).found, ['/x/i686/liba.so'])
  assert.deepEqual((await on({ machine: 243, flags: 5 }, '/x/$PLATFORM')).missing, ['liba.so for /bin/p'])
})

test("$ORIGIN in LD_LIBRARY_PATH is the program's, whoever asks", async () => {
  const { found } = await liftFrom(
    {
      '/opt/p': program({ needed: ['liba.so'], runpath: '/a' }),
      '/a/liba.so': library({ needed: ['libb.so'] }),
      '/opt/x/libb.so': library(),
      '/a/x/libb.so': library(),
      '/lib64/x/libb.so': library(),
    },
    { program: '/opt/p', env: ['LD_LIBRARY_PATH=$ORIGIN/x'] },
  )
  assert.deepEqual(found, ['/a/liba.so', '/opt/x/libb.so'])
})

test('tokens work in LD_LIBRARY_PATH and LD_PRELOAD', async () => {
  const { found } = await liftFrom(
    {
      '/bin/p': program({ needed: ['liba.so'] }),
      '/x/lib/x86_64-linux-gnu/liba.so': library(),
      '/y/lib/x86_64-linux-gnu/libb.so': library(),
    },
    { env: ['LD_LIBRARY_PATH=/x/$LIB', 'LD_PRELOAD=/y/$LIB/libb.so'] },
  )
  assert.deepEqual(found, ['/y/lib/x86_64-linux-gnu/libb.so', '/x/lib/x86_64-linux-gnu/liba.so'])
})
