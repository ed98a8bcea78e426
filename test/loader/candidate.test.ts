import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { MemoryNode } from '../../src/rootfs/memory.js'
import { buildElf, type ElfOptions } from '../support/elf-builder.js'
import { complaints, LOADER, library, liftFrom, program, type Tree } from '../support/glibc-root.js'

const EI_CLASS = 4
const EI_DATA = 5

/** Puts something in front of a good library: gives what was opened, or the outcome that stopped the search. */
async function inFront(first: Tree[string], port: ElfOptions = {}): Promise<string> {
  const { found, tried } = await liftFrom(
    {
      '/bin/p': program({ ...port, needed: ['liba.so'], rpath: '/first:/second' }),
      '/first/liba.so': first,
      '/second/liba.so': library(port),
    },
    { loader: { elf: port } },
  )
  return found[0] ?? tried['liba.so']?.at(-1) ?? 'nothing'
}

const SKIPPED = '/second/liba.so'
const TAKEN = '/first/liba.so'
const stopped = (outcome: string) => `rpath /first/liba.so ${outcome}`

test('a library of another class or machine is skipped, and the next place is tried', async () => {
  for (const other of [
    { class: 32, machine: 3 },
    { class: 32, machine: 62 },
    { class: 32, machine: 20, endian: 'big' },
    { machine: 183 },
  ] as const) {
    assert.equal(await inFront(library(other)), SKIPPED)
  }
})

test('class and machine are judged before what else is wrong with a file', async () => {
  const wrong = { type: 'rel', phentsize: 1 } as const
  assert.equal(await inFront(library({ ...wrong, machine: 183 })), SKIPPED)
  assert.equal(await inFront(library({ ...wrong, class: 32, padding: 1, osabi: 9 })), SKIPPED)
  for (const ident of [{ osabi: 9 }, { abiVersion: 5 }, { padding: 1 }, { identVersion: 2 }]) {
    assert.equal(await inFront(library({ ...ident, machine: 183 })), SKIPPED)
  }
})

test('a library of a machine with the other byte order is skipped', async () => {
  assert.equal(await inFront(library({ machine: 22, endian: 'big' })), SKIPPED)
  assert.equal(await inFront(library({ machine: 62, endian: 'big' })), SKIPPED)
})

test('a class that does not exist is another class', async () => {
  const bytes = Buffer.from(buildElf())
  bytes[EI_CLASS] = 7
  assert.equal(await inFront(bytes), SKIPPED)
})

test('the other byte order alone, or one that does not exist, stops the loader', async () => {
  const bytes = Buffer.from(buildElf())
  bytes[EI_DATA] = 2
  assert.equal(await inFront(bytes), stopped('other byte order'))
  bytes[EI_DATA] = 7
  assert.equal(await inFront(bytes), stopped('invalid header'))
})

test('a wrong version of the header stops the loader before it looks at the machine', async () => {
  assert.equal(await inFront(library({ machine: 183, version: 0 })), stopped('invalid header'))
})

test('a link that leads nowhere and a file in the place of the directory are skipped', async () => {
  assert.equal(await inFront({ link: '/gone' }), SKIPPED)
  const { found } = await liftFrom({
    '/bin/p': program({ needed: ['liba.so'], rpath: '/first:/second' }),
    '/first': 'a file',
    '/second/liba.so': library(),
  })
  assert.deepEqual(found, [SKIPPED])
})

test('what is no ELF file stops the loader, and nothing after it counts', async () => {
  const rows: [MemoryNode, string][] = [
    ['/* GNU ld script */\nINPUT(/lib/libreal.so.1 AS_NEEDED(/lib/libother.so.2))\n', 'not elf'],
    ['', 'too short'],
    ['\x7fELF', 'too short'],
    ['INPUT(libreal.so)', 'too short'],
    [buildElf().subarray(0, 63), 'too short'],
    [{ directory: true }, 'directory'],
    [{ special: true }, 'special file'],
  ]
  for (const [node, outcome] of rows) assert.equal(await inFront(node), stopped(outcome))
})

test('a file shorter than the header of the loader stops it, even one of a smaller class', async () => {
  const small = buildElf({ class: 32, machine: 3 }).subarray(0, 60)
  assert.equal(await inFront(small), stopped('too short'))
})

test('an ELF file that the loader refuses stops it', async () => {
  const rows: [ElfOptions, string][] = [
    [{ osabi: 9 }, 'invalid header'],
    [{ osabi: 97 }, 'invalid header'],
    [{ abiVersion: 1 }, 'invalid header'],
    [{ padding: 1 }, 'invalid header'],
    [{ identVersion: 2 }, 'invalid header'],
    [{ version: 2 }, 'invalid header'],
    [{ phentsize: 64 }, 'invalid header'],
    [{ type: 'rel' }, 'not loadable'],
    [{ type: 'core' }, 'not loadable'],
    [{ dynamic: false }, 'not loadable'],
    [{ type: 'exec' }, 'executable'],
    [{ dtFlags1: 0x0800_0000 }, 'executable'],
  ]
  for (const [options, outcome] of rows) {
    assert.equal(await inFront(library(options)), stopped(outcome), JSON.stringify(options))
  }
})

test('a file that blocks the search is an error of its own, which names it', async () => {
  const answer = await liftFrom({
    '/bin/p': program({ needed: ['liba.so'] }),
    '/lib/liba.so': 'OUTPUT_FORMAT(elf64-x86-64) GROUP ( /lib/libc.so.6 /usr/lib/libc_nonshared.a )',
    '/usr/lib/liba.so': library(),
  })
  assert.deepEqual(answer.missing, ['liba.so for /bin/p'])
  assert.deepEqual(complaints(answer), ['library-blocked'])
  assert.equal(answer.findings[0]?.message.includes('/lib/liba.so'), true)
})

test('the mark of GNU features and its ABI versions are fine', async () => {
  assert.equal(await inFront(library({ osabi: 3 })), TAKEN)
  assert.equal(await inFront(library({ osabi: 3, abiVersion: 1 })), TAKEN)
})

test("ARM libraries must agree with the loader's float convention if they have one; EABI is OSABI 97 too", async () => {
  const arm = { class: 32, machine: 40 } as const
  const hard = { ...arm, flags: 0x0500_0400 }
  const soft = { ...arm, flags: 0x0500_0200 }
  const unmarked = { ...arm, flags: 0x0500_0000 }
  assert.equal(await inFront(library(soft), hard), SKIPPED)
  assert.equal(await inFront(library(hard), soft), SKIPPED)
  assert.equal(await inFront(library(unmarked), hard), TAKEN)
  assert.equal(await inFront(library(hard), unmarked), TAKEN)
  assert.equal(await inFront(library({ ...hard, osabi: 97 }), hard), TAKEN)
})

test('RISC-V libraries must have the float convention of the loader', async () => {
  const double = { machine: 243, flags: 4 }
  assert.equal(await inFront(library({ machine: 243, flags: 0 }), double), SKIPPED)
  assert.equal(await inFront(library({ machine: 243, flags: 2 }), double), SKIPPED)
  assert.equal(await inFront(library({ machine: 243, flags: 5 }), double), TAKEN)
})

test('PowerPC libraries without an ABI mark fit both ABIs, marked ones their own', async () => {
  const second = { machine: 21, flags: 2 }
  assert.equal(await inFront(library({ machine: 21, flags: 1 }), second), SKIPPED)
  assert.equal(await inFront(library({ machine: 21, flags: 0 }), second), TAKEN)
  assert.equal(await inFront(library({ machine: 21, flags: 2 }), second), TAKEN)
})

test('MIPS libraries must agree on n32 and on NaN encoding, and may have an ABI version', async () => {
  const o32 = { class: 32, machine: 8, endian: 'big' } as const
  assert.equal(await inFront(library({ ...o32, flags: 0x20 }), o32), SKIPPED)
  assert.equal(await inFront(library({ ...o32, flags: 0x400 }), o32), SKIPPED)
  assert.equal(await inFront(library({ ...o32, abiVersion: 5 }), o32), TAKEN)
  assert.equal(await inFront(library({ ...o32, abiVersion: 6 }), o32), stopped('invalid header'))
})

test('a program and a library without section headers load as others do', async () => {
  const { found } = await liftFrom({
    '/bin/p': program({ needed: ['liba.so', 'libb.so'], sections: false }),
    '/lib/liba.so': library({ sections: false, strtabAtEnd: true }),
    '/lib/libb.so': library({ sections: true }),
    [LOADER.replace('.so.2', '.so.3')]: library(),
  })
  assert.deepEqual(found, ['/lib/liba.so', '/lib/libb.so'])
})
