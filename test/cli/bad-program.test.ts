import assert from 'node:assert/strict'
import { test } from 'node:test'
import { run } from '../../src/cli/program.js'
import type { MemoryNode } from '../../src/rootfs/memory.js'
import { diskTree } from '../support/disk-tree.js'
import { buildElf } from '../support/elf-builder.js'

const PROGRAM = buildElf({ interp: '/lib64/ld-linux-x86-64.so.2', needed: ['libc.so.6'] })

/** What no program can be made of, and what is said of it. */
const NO_PROGRAMS: readonly (readonly [string, MemoryNode, RegExp])[] = [
  ['an empty file', '', /is an empty file/],
  ['a text file', 'root:x:0:0\n', /is text without a #! line/],
  ['an unknown format', new Uint8Array([1, 2, 3, 0]), /is neither an ELF file nor a script/],
  ['a script without an interpreter', '#!\n', /is a script whose first line the kernel refuses/],
  ['a PE file', 'MZ\x90\0', /is a Windows or EFI program/],
  ['a Mach-O file', bytes('cf fa ed fe'), /is a Mach-O program/],
  ['a 32-bit Mach-O file', bytes('ce fa ed fe'), /is a Mach-O program/],
  ['a Mach-O file of the other byte order', bytes('fe ed fa cf'), /is a Mach-O program/],
  ['a static library', '!<arch>\nf.o/', /is a static library/],
  ['a thin static library', '!<thin>\nf.o/', /is a static library/],
  ['a gzip archive', bytes('1f 8b 08 00'), /is a gzip archive/],
  ['an object file or kernel module', buildElf({ type: 'rel' }), /is a relocatable object/],
  ['a core dump', buildElf({ type: 'core' }), /is a core dump/],
  ['an ELF file without a whole header', PROGRAM.subarray(0, 20), /is an ELF file that is cut off/],
  ['an ELF file without its program headers', PROGRAM.subarray(0, 64), /bad: program header table/],
  [
    'an ELF file without its end',
    PROGRAM.subarray(0, PROGRAM.length - 200),
    /bad: .*(leaves|outside|string)/,
  ],
  ['a program for FreeBSD', buildElf({ osabi: 9, interp: '/libexec/ld-elf.so.1' }), /program for FreeBSD/],
  ['a static program for OpenBSD', buildElf({ osabi: 12, dynamic: false, type: 'exec' }), /OpenBSD/],
  ['a directory', { directory: true }, /is a directory, not a program/],
  ['a link to nothing', { link: 'gone' }, /its link \/bin\/bad -> gone leads to no file/],
  ['a link to itself', { link: 'bad' }, /too many levels of symbolic links/],
  ['a link out of the root', { link: '../../../../../etc/passwd' }, /leads to no file of the image/],
]

for (const [what, node, message] of NO_PROGRAMS) {
  test(`${what} is no program: exit 3, the image and the file named, a next step, nothing on stdout`, async () => {
    const { status, out, err, directory } = await liftbinIn({ '/bin/bad': node }, '/bin/bad')
    assert.deepEqual([status, out], [3, ''])
    const [first = '', next = '', ...rest] = err.trimEnd().split('\n')
    assert.ok(first.startsWith(`liftbin: dir:${directory}: /bin/bad`), first)
    assert.match(first, message)
    assert.match(next, /^ {2}\S/)
    assert.deepEqual(rest, [])
  })
}

test('a name that is not there is answered with the names near it', async () => {
  const tree = { '/bin/ls': PROGRAM, '/bin/lsof': PROGRAM, '/usr/bin/x': PROGRAM, '/bin/zzzz': PROGRAM }
  const near = { sl: 'ls', '/bin/lss': 'ls', lsoff: 'lsof', '/opt/ls': 'ls' }
  for (const [asked, name] of Object.entries(near)) {
    const { status, err } = await liftbinIn(tree, asked)
    assert.equal(status, 3)
    assert.match(err, new RegExp(`Did you mean /bin/${name}\\b`))
    assert.doesNotMatch(err, /zzzz/)
  }
})

test('a name with nothing near it is answered with the way to list the programs', async () => {
  const { status, err } = await liftbinIn({ '/bin/ls': PROGRAM, '/bin/[': PROGRAM }, 'x')
  assert.equal(status, 3)
  assert.doesNotMatch(err, /Did you mean/)
  assert.match(err, /PATH .*\n {2}.*liftbin audit/)
})

test('an empty name of a binary is wrong usage', async () => {
  const { status, out, err } = await liftbinIn({ '/bin/[': PROGRAM }, '')
  assert.deepEqual([status, out], [2, ''])
  assert.match(err, /name of a binary is empty/)
})

test('a program without an execute bit is lifted with a warning', async () => {
  const elf = buildElf({ type: 'exec', dynamic: false })
  const { status, out, err } = await liftbinIn({ '/bin/tool': { file: elf, mode: 0o644 } }, '/bin/tool')
  assert.equal(status, 0)
  assert.match(out, /COPY/)
  assert.match(err, /warning: .*no execute bit/)
})

test('what a path says in control characters does not reach the terminal', async () => {
  const name = '/bin/\u001b[31mred\rover\u0007'
  for (const tree of [{ [name]: 'text' }, {}]) {
    const { status, err } = await liftbinIn({ '/bin/sh': PROGRAM, ...tree }, name)
    assert.equal(status, 3)
    assert.match(err, /\\x1b\[31mred\\rover\\x07/)
    assert.equal([...err].filter((character) => character < ' ' && character !== '\n').length, 0)
  }
})

/** Lifts from a directory with this tree, through the whole command line but the process. */
async function liftbinIn(tree: Readonly<Record<string, MemoryNode>>, binary: string) {
  const { directory, remove } = diskTree(tree)
  const written = { out: '', err: '' }
  const stream = (name: 'out' | 'err') => ({
    write: (text: string, done?: () => void) => {
      written[name] += text
      done?.()
      return true
    },
  })
  const signal = new AbortController().signal
  const door = () => import('../../src/index.js')
  const streams = { out: stream('out'), err: stream('err') }
  const status = await run([`dir:${directory}`, binary], {
    ...streams,
    env: {},
    signal,
    door,
    wholeDoor: door,
  })
  remove()
  return { status, directory, ...written }
}

function bytes(hex: string): Uint8Array {
  return Uint8Array.from(hex.split(' '), (byte) => Number.parseInt(byte, 16))
}
