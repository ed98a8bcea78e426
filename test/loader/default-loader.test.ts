import assert from 'node:assert/strict'
import { test } from 'node:test'
import { bufferReader } from '../../src/bytes.js'
import { readElf } from '../../src/elf/elf.js'
import { defaultInterpreters } from '../../src/loader/default-loader.js'
import { buildElf, type ElfOptions } from '../support/elf-builder.js'
import { LOADER, library, liftFrom } from '../support/glibc-root.js'

async function interpretersOf(options: ElfOptions): Promise<readonly string[]> {
  return defaultInterpreters(await readElf(bufferReader(buildElf(options))))
}

test("a library is given its machine's loader of glibc first, then that of musl", async () => {
  const rows: [ElfOptions, readonly string[]][] = [
    [{}, ['/lib64/ld-linux-x86-64.so.2', '/lib/ld-musl-x86_64.so.1']],
    [{ class: 32, machine: 62 }, ['/libx32/ld-linux-x32.so.2', '/lib/ld-musl-x32.so.1']],
    [{ class: 32, machine: 3 }, ['/lib/ld-linux.so.2', '/lib/ld-musl-i386.so.1']],
    [{ machine: 183 }, ['/lib/ld-linux-aarch64.so.1', '/lib/ld-musl-aarch64.so.1']],
    [{ class: 32, machine: 40, flags: 0x0500_0400 }, ['/lib/ld-linux-armhf.so.3', '/lib/ld-musl-armhf.so.1']],
    [{ class: 32, machine: 40, flags: 0x0500_0200 }, ['/lib/ld-linux.so.3', '/lib/ld-musl-arm.so.1']],
    [{ machine: 243, flags: 5 }, ['/lib/ld-linux-riscv64-lp64d.so.1', '/lib/ld-musl-riscv64.so.1']],
    [{ machine: 22, endian: 'big' }, ['/lib/ld64.so.1', '/lib/ld-musl-s390x.so.1']],
    [{ machine: 21 }, ['/lib64/ld64.so.2', '/lib/ld-musl-powerpc64le.so.1']],
    [
      { machine: 258, flags: 0x43 },
      ['/lib64/ld-linux-loongarch-lp64d.so.1', '/lib/ld-musl-loongarch64.so.1'],
    ],
  ]
  for (const [options, expected] of rows) assert.deepEqual(await interpretersOf(options), expected)
})

test('an ARM library without a float convention may be loaded by either loader', async () => {
  const [first, second] = await interpretersOf({ class: 32, machine: 40, flags: 0x0500_0000 })
  assert.deepEqual([first, second], ['/lib/ld-linux-armhf.so.3', '/lib/ld-linux.so.3'])
})

test("a library that needs musl's C library is given musl's loader first", async () => {
  for (const name of ['libc.so', 'libc.musl-x86_64.so.1']) {
    assert.deepEqual(await interpretersOf({ needed: ['liba.so', name] }), [
      '/lib/ld-musl-x86_64.so.1',
      '/lib64/ld-linux-x86-64.so.2',
    ])
  }
})

test('a machine without a customary loader has none', async () => {
  assert.deepEqual(await interpretersOf({ machine: 9999 }), [])
})

test('a library given as what to lift is resolved by the loader of the image, from its own lists', async () => {
  const tree = {
    '/opt/liba.so': library({ needed: ['libb.so', 'gone.so'], rpath: '$ORIGIN/sub' }),
    '/opt/sub/libb.so': library(),
  }
  const { found, missing, lift } = await liftFrom(tree, { program: '/opt/liba.so' })
  assert.deepEqual(found, ['/opt/sub/libb.so'])
  assert.deepEqual(missing, ['gone.so for /opt/liba.so'])
  assert.equal(lift.programs[0]?.kind, 'library')
  assert.equal(
    lift.copies.some(({ to }) => to === LOADER),
    true,
  )
})

test('a library in an image without any loader for it is told so', async () => {
  const tree = { '/opt/liba.so': library({ machine: 183, needed: ['libb.so'] }) }
  const { findings } = await liftFrom(tree, { program: '/opt/liba.so' })
  const fault = findings.find(({ kind }) => kind === 'loader-missing')
  assert.equal(fault?.message.includes('/lib/ld-linux-aarch64.so.1'), true)
})
