import assert from 'node:assert/strict'
import { test } from 'node:test'
import { constantsOf, readGlibcBuild } from '../../src/loader/system-dirs.js'
import { compiledIn, type LoaderBuild } from '../support/glibc-loader-file.js'

const readBuild = (build: LoaderBuild) => readGlibcBuild(compiledIn(build), 8, 'little')
const GUESSED = ['/lib/', '/usr/lib/']

test("the default directories, $LIB, cache path, version and levels are those in the loader's file", () => {
  assert.deepEqual(readBuild({}), {
    directories: ['/lib/x86_64-linux-gnu/', '/usr/lib/x86_64-linux-gnu/', '/lib/', '/usr/lib/'],
    lib: 'lib/x86_64-linux-gnu',
    cachePath: '/etc/ld.so.cache',
    version: '2.41',
    hwcapLevels: ['x86-64-v4', 'x86-64-v3', 'x86-64-v2'],
  })
})

test('directories are found for both classes and both byte orders', () => {
  const directories = ['/lib/mips-linux-gnu/', '/usr/lib/mips-linux-gnu/', '/lib/', '/usr/lib/']
  for (const size of [32, 64] as const) {
    for (const endian of ['little', 'big'] as const) {
      const bytes = compiledIn({ directories, elf: { class: size, endian } })
      const wordSize = size === 32 ? 4 : 8
      assert.deepEqual(readGlibcBuild(bytes, wordSize, endian).directories, directories)
      const wrongOrder = endian === 'little' ? 'big' : 'little'
      assert.deepEqual(readGlibcBuild(bytes, wordSize, wrongOrder).directories, GUESSED)
    }
  }
})

test('a run of directories without its lengths in the file is none of the loader', () => {
  assert.deepEqual(readBuild({ directories: ['/a/', '/bc/'], lengths: 'absent' }).directories, GUESSED)
})

test('of several runs with lengths the longest is taken, and copies of one run agree', () => {
  const long = compiledIn({ directories: ['/aaa/', '/bb/', '/cccc/'] })
  const short = compiledIn({ directories: ['/x/', '/yy/'] })
  for (const parts of [
    [short, long],
    [long, short],
    [long, long],
  ]) {
    const { directories } = readGlibcBuild(Buffer.concat(parts), 8, 'little')
    assert.deepEqual(directories, ['/aaa/', '/bb/', '/cccc/'])
  }
})

test('a loader with one library directory holds it twice, and it looks like one', () => {
  const store = '/nix/store/abc-glibc-2.40/lib/'
  const once = compiledIn({ directories: [store], lib: 'lib', lengths: 'absent' })
  assert.deepEqual(readGlibcBuild(once, 8, 'little').directories, GUESSED)
  const twice = readGlibcBuild(Buffer.concat([once, once]), 8, 'little')
  assert.deepEqual(twice.directories, [store])
  assert.equal(twice.lib, 'lib')
  const other = compiledIn({ directories: ['/usr/share/locale/'], lengths: 'absent' })
  assert.deepEqual(readGlibcBuild(Buffer.concat([other, other]), 8, 'little').directories, GUESSED)
})

test('strings below /proc, of slashes alone or with odd bytes are no directories', () => {
  for (const odd of ['/proc/self/', '//', '/a b/', '/a\x01/', '/é/', 'a/', '/a']) {
    assert.deepEqual(readBuild({ directories: [odd, '/lib/'] }).directories, GUESSED, odd)
  }
})

test('$LIB is the whole first directory where that stands alone, else its last component', () => {
  const directories = ['/lib64/lp64d/', '/usr/lib64/lp64d/']
  assert.equal(readBuild({ directories, lib: 'lib64/lp64d' }).lib, 'lib64/lp64d')
  assert.equal(readBuild({ directories, lib: 'lp64d' }).lib, 'lp64d')
  assert.equal(readBuild({ directories: ['/lib64/', '/usr/lib64/'], lib: 'lib64' }).lib, 'lib64')
})

test('where both values of $LIB stand alone, the whole first directory is meant', () => {
  const directories = ['/lib/T/', '/usr/lib/T/']
  for (const values of [
    ['lib/T', 'T'],
    ['T', 'lib/T'],
  ]) {
    const bytes = Buffer.concat(values.map((lib) => compiledIn({ directories, lib })))
    assert.equal(readGlibcBuild(bytes, 8, 'little').lib, 'lib/T')
  }
})

test('a run of more directories than any loader has is none', () => {
  const directories = Array.from({ length: 17 }, (_, index) => `/lib/${index}/`)
  assert.deepEqual(readBuild({ directories }).directories, GUESSED)
  assert.deepEqual(readBuild({ directories: directories.slice(1) }).directories, directories.slice(1))
})

test('without directories $LIB has no value', () => {
  assert.equal(readBuild({ directories: [] }).lib, undefined)
  assert.deepEqual(readBuild({ directories: [] }).directories, GUESSED)
})

test('the cache may lie elsewhere; a text that is no path means the usual place', () => {
  const store = '/nix/store/abc-glibc-2.40/etc/ld.so.cache'
  assert.equal(readBuild({ cachePath: store }).cachePath, store)
  assert.equal(readBuild({ cachePath: 'relative/ld.so.cache' }).cachePath, '/etc/ld.so.cache')
  assert.equal(readBuild({ cachePath: '/with blank/ld.so.cache' }).cachePath, '/etc/ld.so.cache')
  assert.equal(readBuild({ cachePath: 'none' }).cachePath, '/etc/ld.so.cache')
})

test('a loader that does not name its version has none', () => {
  assert.equal(readBuild({ version: 'none' }).version, undefined)
  assert.equal(readBuild({ version: '2.36' }).version, '2.36')
})

test('the levels of each machine are known, and most machines have none', () => {
  const levels = (text: string) => readBuild({ levels: text }).hwcapLevels
  assert.deepEqual(levels('power10:power9'), ['power10', 'power9'])
  assert.deepEqual(levels('z17:z16:z15:z14:z13'), ['z17', 'z16', 'z15', 'z14', 'z13'])
  assert.deepEqual(levels(''), [])
  assert.deepEqual(levels('x86-64-v4:x86-64-v3:../../etc'), [])
})

const READ = 4
const WRITE = 2
const EXECUTE = 1

/** PT_LOAD segments behind each other, by their lengths and flags. */
function loads(...parts: readonly (readonly [length: number, flags: number])[]) {
  let offset = 0
  const segments = parts.map(([length, flags]) => {
    offset += length
    const start = offset - length
    return { type: 1, flags, offset: start, vaddr: start, filesz: length, memsz: length, align: 1 }
  })
  return { segments }
}

test('constants that lie apart, behind the code, are searched alone, if they hold directories', () => {
  const code = compiledIn({ directories: ['/code/a/', '/code/bb/', '/code/c/'], version: '2.99' })
  const constants = compiledIn({ directories: ['/lib/', '/usr/lib/'], version: 'none' })
  const bytes = Buffer.concat([code, constants])
  const build = (elf: ReturnType<typeof loads>) => readGlibcBuild(bytes, 8, 'little', constantsOf(bytes, elf))
  const apart = build(loads([code.length, READ | EXECUTE], [constants.length, READ]))
  assert.deepEqual([apart.directories, apart.version], [['/lib/', '/usr/lib/'], undefined])
  const code3 = ['/code/a/', '/code/bb/', '/code/c/']
  for (const elf of [
    loads([code.length, READ | EXECUTE], [constants.length, READ | WRITE]),
    loads([code.length, READ], [constants.length, READ | EXECUTE]),
    loads([bytes.length, READ | EXECUTE], [0, READ]),
  ])
    assert.deepEqual(build(elf).directories, code3)
})

test('bytes of any kind have an answer', () => {
  const usual = { directories: GUESSED, lib: undefined, cachePath: '/etc/ld.so.cache', hwcapLevels: [] }
  const many = Buffer.from('/a/\0'.repeat(10_000))
  for (const bytes of [new Uint8Array(0), Buffer.alloc(4096), Buffer.alloc(4096, '/'), many]) {
    assert.deepEqual(readGlibcBuild(bytes, 8, 'little'), { ...usual, version: undefined })
  }
})
