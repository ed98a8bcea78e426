import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type LddText, parseLdd } from '../../src/loader/ldd.js'

function said(text: Partial<LddText>) {
  return parseLdd({ stdout: '', stderr: '', status: 0, ...text })
}

/** The names and paths of a list. */
function listed(stdout: string) {
  return said({ stdout }).libraries.map(({ name, path }) => [name, path])
}

test('each line of a list is a name and the path it is opened by', () => {
  const stdout = '\tlibz.so.1 => /lib/x86_64-linux-gnu/libz.so.1 (0x00007f0000001000)\n'
  assert.deepEqual(listed(stdout), [['libz.so.1', '/lib/x86_64-linux-gnu/libz.so.1']])
})

test("the kernel's object is no file, whatever its name and form", () => {
  const names = ['linux-vdso.so.1', 'linux-gate.so.1', 'linux-vdso64.so.1', 'linux-vdso32.so.1']
  assert.deepEqual(listed(names.map((name) => `\t${name} (0x00007ffd)\n`).join('')), [])
  assert.deepEqual(listed('\tlinux-vdso.so.1 =>  (0x00007ffd)\n'), [])
})

test('an object that is opened under its own name has that as its path', () => {
  assert.deepEqual(listed('\t/opt/libown.so (0x1000)\n\tlibhere.so (0x2000)\n'), [
    ['/opt/libown.so', '/opt/libown.so'],
    ['libhere.so', 'libhere.so'],
  ])
})

test('the loader is listed like a library, also under another name', () => {
  assert.deepEqual(listed('\t/lib64/ld-linux-x86-64.so.2 => /opt/ld.so (0x1000)\n'), [
    ['/lib64/ld-linux-x86-64.so.2', '/opt/ld.so'],
  ])
  assert.deepEqual(
    listed('\t/lib/ld-musl-x86_64.so.1 (0x7f2a)\n\tlibc.so => /lib/ld-musl-x86_64.so.1 (0x7f2a)\n'),
    [
      ['/lib/ld-musl-x86_64.so.1', '/lib/ld-musl-x86_64.so.1'],
      ['libc.so', '/lib/ld-musl-x86_64.so.1'],
    ],
  )
})

test('names and paths may hold blanks, arrows and parentheses', () => {
  const stdout = '\tlib a.so => /opt/my libs (0x1)/lib => a.so (0x00007f00)\n'
  assert.deepEqual(listed(stdout), [['lib a.so', '/opt/my libs (0x1)/lib => a.so']])
})

test('a name that is not found is missing, and the others are listed all the same', () => {
  const { libraries, missing, failure } = said({
    stdout: '\tliblost.so.1 => not found\n\tlibc.so.6 => /lib/libc.so.6 (0x1000)\n',
  })
  assert.deepEqual(missing, ['liblost.so.1'])
  assert.deepEqual(libraries, [{ name: 'libc.so.6', path: '/lib/libc.so.6' }])
  assert.equal(failure, undefined)
})

test("musl's errors name what is missing, with its own list beside them", () => {
  const answer = said({
    stdout: '\t/lib/ld-musl-x86_64.so.1 (0x7f2a)\n',
    stderr: [
      'Error loading shared library liblost.so: No such file or directory (needed by /usr/bin/lost)',
      'Error loading shared library a: b.so: Exec format error (needed by /opt/x: y)',
      'Error relocating /usr/bin/lost: lost: symbol not found',
    ].join('\n'),
    status: 127,
  })
  assert.deepEqual(answer.missing, ['liblost.so', 'a: b.so'])
  assert.equal(answer.libraries.length, 1)
  assert.equal(answer.failure, undefined)
})

test('a statically linked file needs nothing, which is an answer', () => {
  assert.deepEqual(said({ stdout: '\tstatically linked\n' }), { libraries: [], missing: [] })
})

test('what is not a dynamic executable has no list', () => {
  const { failure } = said({ stderr: '\tnot a dynamic executable\n', status: 1 })
  assert.equal(failure, 'not a dynamic executable')
})

test('a loader that stops says why there is no list', () => {
  const stderr = 'x\n/bin/a: error while loading shared libraries: /lib/b.so: invalid ELF header\n'
  assert.equal(said({ stderr, status: 127 }).failure, '/lib/b.so: invalid ELF header')
})

test('version and preload messages neither end a list nor add to it', () => {
  const stderr = [
    "/bin/a: /lib/libb.so.1: version `B_2' not found (required by /bin/a)",
    '/bin/a: /lib/libb.so.1: no version information available (required by /bin/a)',
    "ERROR: ld.so: object 'x.so' from LD_PRELOAD cannot be preloaded (cannot open shared object file): ignored.",
  ].join('\n')
  const answer = said({ stdout: '\tlibb.so.1 => /lib/libb.so.1 (0x1000)\n', stderr })
  assert.deepEqual(answer, { libraries: [{ name: 'libb.so.1', path: '/lib/libb.so.1' }], missing: [] })
})

test('what a program prints that was run instead of traced is no list', () => {
  const answer = said({ stdout: 'hello => /world (0x1)\n\tindented\n\tnowhere => /x\n' })
  assert.deepEqual(answer.libraries, [])
  assert.match(answer.failure ?? '', /lists nothing/)
})

test('an answer without end, or with names longer than a path, is not used', () => {
  assert.match(said({ stdout: '\ta => /a (0x1)\n'.repeat(100_000) }).failure ?? '', /too long/)
  assert.match(said({ stdout: '\ta => /a (0x1)\n'.repeat(10_001) }).failure ?? '', /too long/)
  assert.deepEqual(listed(`\t${'a'.repeat(5000)} => /a (0x1)\n\ta => /${'a'.repeat(5000)} (0x1)\n`), [])
  assert.deepEqual(listed('\ta\0b => /a (0x1)\n'), [])
})

test('a reason is cut, however long the loader makes it', () => {
  assert.ok((said({ stderr: 'x'.repeat(9000), status: 1 }).failure ?? '').length <= 500)
})
