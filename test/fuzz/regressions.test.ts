import assert from 'node:assert/strict'
import { test } from 'node:test'
import { bufferReader } from '../../src/bytes.js'
import { readElf, readNotes } from '../../src/elf/elf.js'
import { finding } from '../../src/lift/finding.js'
import { Gathering } from '../../src/lift/gathering.js'
import { lift } from '../../src/lift/lift-image.js'
import { why } from '../../src/lift/why.js'
import { parseLdSoCache } from '../../src/loader/ld-so-cache.js'
import { readGlibcBuild } from '../../src/loader/system-dirs.js'
import { expandTokens } from '../../src/loader/tokens.js'
import { directoryRootFs } from '../../src/rootfs/directory.js'
import { follow } from '../../src/rootfs/follow.js'
import { type MemoryNode, memoryRootFs } from '../../src/rootfs/memory.js'
import type { RootPath } from '../../src/rootfs/path.js'
import type { Entry } from '../../src/rootfs/rootfs.js'
import { walk } from '../../src/rootfs/walk.js'
import { diskTree } from '../support/disk-tree.js'
import { buildElf, type ElfOptions } from '../support/elf-builder.js'
import { cacheFile } from '../support/fuzz-cache.js'
import { randomOf } from '../support/fuzz-random.js'
import { giant, watched } from '../support/fuzz-readers.js'
import { imageOf } from '../support/fuzz-root.js'
import { loaderFile } from '../support/glibc-loader-file.js'
import { entriesOf } from '../support/ld-so-cache-builder.js'
import { entryOf, liftOf } from '../support/lift-literal.js'
import { muslLoaderFile } from '../support/musl-root.js'

const MUSL = '/lib/ld-musl-x86_64.so.1'
const LOADER = '/lib64/ld-linux-x86-64.so.2'

/** A lift of `/app`, a program for glibc unless told, from a root that holds little else. */
function liftApp(program: ElfOptions, rest: Readonly<Record<string, MemoryNode>> = {}) {
  const tree = {
    [LOADER]: loaderFile({ directories: ['/lib/', '/usr/lib/'] }),
    [MUSL]: muslLoaderFile(),
    '/app': buildElf({ interp: LOADER, ...program }),
    ...rest,
  }
  return lift(imageOf(randomOf(4), tree).image, ['/app'])
}

test('a link that is walked twice stands in the trail once, on disk too', async () => {
  const disk = diskTree({ '/real/x': 'x', '/link': { link: 'real' } })
  try {
    const { links, end } = await follow(directoryRootFs(disk.directory), '/link/../link/x')
    assert.deepEqual(
      links.map(({ path }) => path),
      ['/link'],
    )
    assert.equal(end?.path, '/real/x')
  } finally {
    disk.remove()
  }
})

test('a directory of any number of files is walked', async () => {
  const base = { kind: 'file', mode: 0o644, uid: 0, gid: 0, size: 0, identity: '' } as const
  const files: Entry[] = Array.from({ length: 150_000 }, (_, index) => ({ ...base, path: `/d/${index}` }))
  const directory: Entry = { kind: 'directory', path: '/d', mode: 0o755, uid: 0, gid: 0 }
  const list = async (path: RootPath) => (path === '/d' ? files : [directory])
  let count = 0
  for await (const _ of walk({ ...memoryRootFs({}), list }, '/')) count++
  assert.equal(count, files.length + 1)
})

test('of more runs of directory names than any loader has, the rest are not looked for', () => {
  const loader = (runs: number) => {
    const others = Array.from({ length: runs }, (_, index) => `\0/${index}/\0/a${index}/\0`).join('')
    return Buffer.concat([Buffer.from(others), loaderFile({ directories: ['/lib/own/', '/own/'] })])
  }
  assert.deepEqual(readGlibcBuild(loader(60), 8, 'little').directories, ['/lib/own/', '/own/'])
  assert.deepEqual(readGlibcBuild(loader(70), 8, 'little').directories, ['/lib/', '/usr/lib/'])
})

test('a run of directory names without end is no list of default directories', () => {
  const names = `\0${'/a/\0'.repeat(17)}\0`
  assert.deepEqual(readGlibcBuild(Buffer.from(names), 8, 'little').directories, ['/lib/', '/usr/lib/'])
})

test('the lines of a cache may share bytes, but not become more text than any system has', () => {
  const lines = Array.from({ length: 5000 }, () => ({ name: 'x', path: '/x', flags: 0x303, hwcap: 0n }))
  const { bytes } = cacheFile('new', 'little', lines)
  const shared = Buffer.concat([bytes, Buffer.alloc(4000, 0x61), Buffer.alloc(1)])
  for (let index = 0; index < lines.length; index++)
    shared.writeUInt32LE(bytes.length + (index % 100), 48 + 24 * index + 8)
  assert.throws(() => entriesOf(parseLdSoCache(shared, 'little')), { code: 'limit' })
})

test('notes are limited over all segments together, since those may overlap', async () => {
  const segments = Array.from({ length: 1000 }, () => ({ type: 4, offset: 2 ** 24, filesz: 0x8_0000 }))
  const { reader, asked } = watched(giant(buildElf({ segments }), new Uint8Array(4096), 2 ** 30))
  const elf = await readElf(reader)
  await assert.rejects(readNotes(reader, elf), { code: 'malformed-elf', message: /bytes of notes/ })
  assert(asked.bytes < 3 * 1024 * 1024)
})

test('a file with as many names as possible, far from each other, is read within the limit', async () => {
  const tags = Array.from({ length: 4000 }, (_, index) => ({ tag: 1, value: 1000 + index * 8000 }))
  const bytes = buildElf({
    tags: [...tags, { tag: 10, value: 2 ** 31 }],
    segments: [{ type: 1, offset: 0, filesz: 2 ** 31 }],
  })
  const { reader, asked } = watched(giant(bytes, new Uint8Array(4096), 2 ** 40))
  assert.equal((await readElf(reader)).dynamic?.needed.length, 4000)
  assert(asked.largest < 33 * 1024 * 1024, `${asked.largest} bytes at once`)
  assert(asked.bytes < 36 * 1024 * 1024, `${asked.bytes} bytes`)
})

test('names that are not UTF-8 are found by their bytes', async () => {
  const bytes = Buffer.from(buildElf({ needed: ['lib~.so', 'libplain.so'] }))
  bytes[bytes.indexOf('lib~.so') + 3] = 0xe9
  assert.deepEqual((await readElf(bufferReader(bytes))).dynamic?.needed, ['lib\udce9.so', 'libplain.so'])
})

test('a token that would make a path longer than any has no value', () => {
  const values = { ORIGIN: `/${'o'.repeat(300)}`, LIB: 'lib', PLATFORM: undefined }
  assert.equal(expandTokens('$ORIGIN/$LIB', values), `${values.ORIGIN}/lib`)
  assert.equal(expandTokens('$ORIGIN'.repeat(10_000), values), undefined)
})

test('an RPATH that is long by its $ORIGIN is refused', async () => {
  const rpath = Array.from({ length: 8000 }, (_, index) => `$ORIGIN/${index}`).join(':')
  const deep = `/${'d'.repeat(200)}/lib`
  const needed = [`${deep}/liba.so`]
  const library = buildElf({ soname: 'liba.so', needed: ['libb.so'], rpath })
  await assert.rejects(liftApp({ needed }, { [needed[0]!]: library }), { code: 'limit', message: /RPATH/ })
})

test('a name that is looked for in places without end is refused', async () => {
  const rpath = Array.from({ length: 21_000 }, (_, index) => index.toString(36)).join(':')
  await assert.rejects(liftApp({ interp: MUSL, needed: ['libx.so'], rpath }), {
    code: 'limit',
    message: /places/,
  })
})

test('a program with requests without end is refused', async () => {
  const rpath = Array.from({ length: 200 }, (_, index) => `/${index}${'/d'.repeat(200)}`).join(':')
  const needed = Array.from({ length: 300 }, (_, index) => `lib${index}.so`)
  await assert.rejects(liftApp({ interp: MUSL, needed, rpath }), { code: 'limit', message: /requests/ })
})

test('slashes without end in an RPATH are one directory', async () => {
  const { missing } = await liftApp({ needed: ['libx.so'], rpath: `${'/'.repeat(100_000)}x:/a//` })
  const tried = missing[0]!.attempts.filter(({ rule }) => rule === 'rpath').map(({ path }) => path.slice(-11))
  assert.deepEqual(tried, ['/////x/libx.so'.slice(-11), '/a/libx.so'])
})

test('more findings than a call takes arguments are all kept', () => {
  const gathering = new Gathering()
  gathering.addFindings(Array(150_000).fill(finding({ kind: 'user', user: 'x' })))
  assert.equal(gathering.findings.length, 150_000)
})

test('libraries that need each other in circles are explained by the shortest chain', () => {
  const circle = Array.from({ length: 30 }, (_, index) => `/a${index}`)
  const by = (paths: readonly string[], name: string) =>
    paths.map((neededBy) => ({ neededBy, name, rule: 'default' as const }))
  const entries = [
    ...circle.map((path) => entryOf(path, { why: by([...circle, '/target'], path) })),
    entryOf('/program', { role: 'program', why: [{ neededBy: '', name: '/program', rule: 'asked' }] }),
    entryOf('/target', { why: by([...circle, '/program'], 'target') }),
  ]
  const [first] = why(liftOf({ entries }), 'target')
  assert.deepEqual(
    first?.map(({ path }) => path),
    ['/program', '/target'],
  )
})
