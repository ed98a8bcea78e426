import assert from 'node:assert/strict'
import { test } from 'node:test'
import { memoryRootFs } from '../../src/rootfs/memory.js'
import { hintsFor, libraryDirectoriesOf } from '../../src/verify/hints.js'
import { outcomeOf } from '../support/sides.js'

const roots = {
  original: memoryRootFs({
    '/opt/a b/plugin.so': '',
    '/opt/plugin.so': '',
    '/etc/app.conf': '',
    '/usr/lib/x/libz.so.1': '',
    '/usr/bin/date': '',
    '/bin': { link: 'usr/bin' },
    '/usr/lib/locale/C.utf8/LC_CTYPE': '',
    '/etc/ssl/certs/ca.pem': '',
  }),
  lifted: memoryRootFs({ '/etc/app.conf': '' }),
  libraryDirectories: libraryDirectoriesOf(['/usr/lib/x/libc.so.6']),
}

async function pathsFor(stderr: string, stdout = '', before = '') {
  const hints = await hintsFor(outcomeOf('', { stderr: before }), outcomeOf(stdout, { stderr }), roots)
  return hints.map(({ path }) => path)
}

test('a path that the program misses is named if the image has it and the lift does not', async () => {
  assert.deepEqual(await pathsFor("app: '/opt/plugin.so': cannot open shared object file"), [
    '/opt/plugin.so',
  ])
  assert.deepEqual(await pathsFor('cannot open /etc/app.conf'), [])
  assert.deepEqual(await pathsFor('cannot open /nowhere'), [])
})

test('what is said on stdout, and why a program does not start, counts as well', async () => {
  assert.deepEqual(await pathsFor('', 'failed to open /opt/plugin.so'), ['/opt/plugin.so'])
  const end = { kind: 'not started', reason: 'exec /usr/bin/date: no such file' } as const
  const hints = await hintsFor(outcomeOf(), outcomeOf('', { end }), roots)
  assert.deepEqual(hints, [{ path: '/usr/bin/date', said: end.reason }])
})

test('a path that merely occurs, or that the original complains of too, is not named', async () => {
  assert.deepEqual(await pathsFor('reading /opt/plugin.so'), [])
  const line = 'cannot open /opt/plugin.so'
  assert.deepEqual(await pathsFor(line, '', line), [])
})

test('a library is looked for by its name where libraries lie', async () => {
  const said = 'error while loading shared libraries: libz.so.1: cannot open shared object file'
  assert.deepEqual(await pathsFor(said), ['/usr/lib/x/libz.so.1'])
})

test('a command is looked for where commands lie, and named once', async () => {
  assert.deepEqual(await pathsFor('sh: 1: date: not found\nbash: date: command not found'), ['/usr/bin/date'])
})

test('what programs call otherwise than the file system is known', async () => {
  assert.deepEqual(await pathsFor('setlocale: cannot change locale (C.UTF-8)'), ['/usr/lib/locale'])
  assert.deepEqual(await pathsFor('SSL certificate problem: unable to get issuer'), ['/etc/ssl/certs'])
})

test('hostile output costs a bounded number of looks', async () => {
  let looks = 0
  const counted = {
    ...roots,
    original: { ...roots.original, lstat: async () => void looks++ },
  }
  const lines = Array.from({ length: 50_000 }, (_, index) => `cannot open /opt/${index}/a/b.so`)
  await hintsFor(outcomeOf(), outcomeOf('', { stderr: lines.join('\n') }), counted)
  assert.ok(looks < 2000, `${looks}`)
})
