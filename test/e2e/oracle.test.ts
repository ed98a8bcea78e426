import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Asked, askBoth, differing, summary } from './oracle.js'
import { root } from './surroundings.js'

// Each root's own loader is asked about every ELF file in it, by its real path (an explicit loader takes the
// directory of the path it is given for $ORIGIN), and must open the same files in the same order and miss the
// same names.

const GLIBC_AMD64 = {
  amd64: '/lib64/ld-linux-x86-64.so.2',
  i386: '/lib/ld-linux.so.2',
  x32: '/libx32/ld-linux-x32.so.2',
}
const MUSL_AMD64 = { amd64: '/lib/ld-musl-x86_64.so.1' }
const LARGEST = 'many'

interface Row extends Omit<Asked, 'folder'> {
  readonly name: string
  readonly what: string
}

const ROOTS: readonly Row[] = [
  { name: LARGEST, what: 'glibc 2.36, several hundred packages', loaders: GLIBC_AMD64 },
  { name: 'bookworm', what: 'glibc 2.36', loaders: GLIBC_AMD64 },
  { name: 'bullseye', what: 'glibc 2.31', loaders: GLIBC_AMD64 },
  { name: 'trixie', what: 'glibc 2.41', loaders: GLIBC_AMD64 },
  { name: 'musl', what: 'musl without a path file', loaders: MUSL_AMD64, list: true },
  { name: 'musl-path', what: 'musl with a path file', loaders: MUSL_AMD64, list: true },
  { name: 'arm64', what: 'arm64', emulator: 'aarch64', loaders: { arm64: '/lib/ld-linux-aarch64.so.1' } },
  { name: 'armhf', what: 'armhf', emulator: 'arm', loaders: { armhf: '/lib/ld-linux-armhf.so.3' } },
  {
    name: 'riscv64',
    what: 'riscv64',
    emulator: 'riscv64',
    loaders: { riscv64: '/lib/ld-linux-riscv64-lp64d.so.1' },
  },
  { name: 's390x', what: 's390x, big endian', emulator: 's390x', loaders: { s390x: '/lib/ld64.so.1' } },
]

for (const { name, what, ...asked } of ROOTS) {
  test(`libraries found and names missing are those of the root's own loader: ${what}`, async (t) => {
    const verdicts = await askBoth({ folder: root(name), ...asked })
    t.diagnostic(summary(verdicts))
    assert.deepEqual(differing(verdicts), [])
    const listed = verdicts.filter(({ outcome }) => outcome === 'listed')
    assert.ok(listed.length > 0, 'nothing was compared')
    if (name !== LARGEST) return
    assert.ok(listed.length > 2000, 'the largest root is not large')
    assert.ok(listed.some(({ loader }) => typeof loader === 'object' && loader.missing.length > 0))
  })
}
