import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  type Answer,
  complaints,
  library,
  liftFrom,
  program,
  type Start,
  type Tree,
} from '../support/glibc-root.js'

const SETUID = 0o4755

/** The names a program would lack only when started with raised privilege. */
async function lostIn(tree: Tree, start?: Start): Promise<string[]> {
  const answer = await liftFrom(tree, start)
  assert.deepEqual(answer.missing, [])
  return lost(answer)
}

function lost({ findings }: Answer): string[] {
  return findings.flatMap((finding) => (finding.kind === 'secure-mode' ? [finding.name] : []))
}

test('raised privilege drops LD_LIBRARY_PATH, with a setuid bit as with a setgid bit', async () => {
  for (const [mode, expected] of [
    [SETUID, ['liba.so']],
    [0o2755, ['liba.so']],
    [0o755, []],
  ] as const) {
    const tree = { '/bin/p': { ...program({ needed: ['liba.so'] }), mode }, '/e/liba.so': library() }
    assert.deepEqual(await lostIn(tree, { env: ['LD_LIBRARY_PATH=/e'] }), expected)
  }
})

test('raised privilege drops LD_PRELOAD, and keeps /etc/ld.so.preload', async () => {
  const tree = (preload: string) => ({
    '/bin/p': { ...program({ needed: ['libz.so'] }), mode: SETUID },
    '/opt/libe.so': library({ soname: 'libz.so' }),
    '/etc/ld.so.preload': preload,
  })
  const start = { env: ['LD_PRELOAD=/opt/libe.so'] }
  assert.deepEqual(await lostIn(tree(''), start), ['libz.so'])
  assert.deepEqual(await lostIn(tree('/opt/libe.so'), start), [])
})

test('raised privilege leaves absolute and relative elements and the default directories alone', async () => {
  const tree = {
    '/bin/p': { ...program({ needed: ['liba.so', 'libb.so', 'libc2.so'], runpath: '/r:sub' }), mode: SETUID },
    '/r/liba.so': library(),
    '/sub/libb.so': library(),
    '/lib/libc2.so': library(),
  }
  assert.deepEqual(await lostIn(tree), [])
})

test("in the program's list a privileged $ORIGIN must lead below a default directory", async () => {
  const rows = [
    ['/usr/bin/p', '$ORIGIN/../lib/deep', '/usr/lib/deep', []],
    ['/opt/bin/p', '$ORIGIN/../lib', '/opt/lib', ['liba.so']],
    ['/opt/bin/p', '$ORIGIN/../../usr/lib/deep', '/usr/lib/deep', []],
    ['/usr/lib/p', '$ORIGIN/../lib/../../opt', '/opt', ['liba.so']],
    ['/usr/bin/p', '$ORIGIN/../libexec', '/usr/libexec', ['liba.so']],
  ] as const
  for (const [path, runpath, home, expected] of rows) {
    const tree = {
      [path]: { ...program({ needed: ['liba.so'], runpath }), mode: SETUID },
      [`${home}/liba.so`]: library(),
    }
    assert.deepEqual(await lostIn(tree, { program: path }), expected, `${path} ${runpath}`)
  }
})

test('a privileged $ORIGIN must be the whole first component of its element', async () => {
  const rows = [
    ['/$ORIGIN', '/usr/lib/q', '/usr/lib/q'],
    ['$ORIGIN-x', '/usr/lib/q', '/usr/lib/q-x'],
  ] as const
  for (const [runpath, home, place] of rows) {
    const tree = {
      [`${home}/p`]: { ...program({ needed: ['liba.so'], runpath }), mode: SETUID },
      [`${place}/liba.so`]: library(),
    }
    assert.deepEqual(await lostIn(tree, { program: `${home}/p` }), ['liba.so'], runpath)
  }
})

test("in a library's list a privileged $ORIGIN may lead anywhere", async () => {
  const tree = {
    '/bin/p': { ...program({ needed: ['liba.so'], runpath: '/opt/a' }), mode: SETUID },
    '/opt/a/liba.so': library({ needed: ['libb.so'], runpath: '$ORIGIN/../b' }),
    '/opt/b/libb.so': library(),
  }
  assert.deepEqual(await lostIn(tree), [])
})

test('raised privilege refuses a needed name with a token', async () => {
  const tree = {
    '/bin/p': { ...program({ needed: ['$ORIGIN/liba.so'] }), mode: SETUID },
    '/bin/liba.so': library(),
  }
  assert.deepEqual(await lostIn(tree), ['$ORIGIN/liba.so'])
})

test('what only the unprivileged start finds is lifted all the same, with a warning', async () => {
  const tree = { '/bin/p': { ...program({ needed: ['liba.so'] }), mode: SETUID }, '/e/liba.so': library() }
  const answer = await liftFrom(tree, { env: ['LD_LIBRARY_PATH=/e'] })
  assert.deepEqual(answer.found, ['/e/liba.so'])
  assert.deepEqual(complaints(answer), ['secure-mode'])
})

test('what only a start with raised privilege loads is lifted too', async () => {
  const tree = {
    '/bin/p': { ...program({ needed: ['liba.so'] }), mode: SETUID },
    '/e/liba.so': library(),
    '/lib/liba.so': library({ needed: ['libb.so'] }),
    '/lib/libb.so': library(),
  }
  const answer = await liftFrom(tree, { env: ['LD_LIBRARY_PATH=/e'] })
  const copied = answer.lift.copies.filter(({ role }) => role === 'library').map(({ to }) => to)
  assert.deepEqual(copied, ['/e/liba.so', '/lib/liba.so', '/lib/libb.so'])
  assert.deepEqual(complaints(answer), [])
})
