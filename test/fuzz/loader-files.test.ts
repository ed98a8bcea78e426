import assert from 'node:assert/strict'
import { LiftError } from '../../src/errors.js'
import { splitMuslList } from '../../src/loader/ld-musl-path.js'
import { isExtension, parseLdSoCache } from '../../src/loader/ld-so-cache.js'
import { readGlibcBuild } from '../../src/loader/system-dirs.js'
import { answerOrRefusal, fuzz } from '../support/fuzz.js'
import { mutated } from '../support/fuzz-bytes.js'
import { cacheFile, randomLines } from '../support/fuzz-cache.js'
import { loaderFile } from '../support/glibc-loader-file.js'
import { entriesOf } from '../support/ld-so-cache-builder.js'

const FORMATS = ['old', 'new', 'combined'] as const
const ENDIANS = ['little', 'big'] as const

fuzz({
  title: 'a cache with all numbers sound gives back its lines, in each format and byte order',
  rounds: 200,
  round: async (random) => {
    const lines = randomLines(random)
    const endian = random.pick(ENDIANS)
    const format = random.pick(FORMATS)
    const { bytes } = cacheFile(format, endian, lines, ['x86-64-v3', 'x86-64-v2'])
    const cache = parseLdSoCache(bytes, endian)
    const kept = lines.filter(({ name, path }) => name !== '' && path !== '')
    assert.deepEqual(
      entriesOf(cache).map(({ name, path }) => ({ name, path })),
      kept.map(({ name, path }) => ({ name, path })),
    )
    assert.deepEqual(cache?.hwcapNames, format === 'new' ? ['x86-64-v3', 'x86-64-v2'] : [])
  },
})

/** A string of a cache lies in it and ends there, so it is never longer than the file. */
fuzz({
  title: 'a damaged cache is parsed, ignored or refused; no line has text that is not in the file',
  rounds: 3000,
  round: async (random) => {
    const endian = random.pick(ENDIANS)
    const { bytes, fields } = cacheFile(random.pick(FORMATS), endian, randomLines(random), ['x86-64-v3'])
    const damaged = mutated(random, bytes, fields, endian)
    const read = () => {
      const cache = parseLdSoCache(damaged, random.pick(ENDIANS))
      return { cache, lines: entriesOf(cache) }
    }
    const answer = await answerOrRefusal(read)
    if (answer instanceof LiftError || answer.cache === undefined) return
    const { cache, lines } = answer
    assert(lines.length <= damaged.length / 12, `${lines.length} lines in ${damaged.length} bytes`)
    assert(cache.hwcapNames.length <= damaged.length / 4)
    for (const line of lines) {
      assert(isText(damaged, line.name) && isText(damaged, line.path))
      assert(line.name !== '' && line.path !== '')
      isExtension(line)
    }
    for (const name of cache.hwcapNames) assert(isText(damaged, name))
  },
})

function isText(bytes: Uint8Array, text: string): boolean {
  return !text.isWellFormed() || Buffer.from(bytes).includes(Buffer.from(`${text}\0`)) || text === ''
}

fuzz({
  title: 'a damaged loader file gives default directories, or those of an upstream build',
  rounds: 600,
  round: async (random) => {
    const endian = random.pick(ENDIANS)
    const size = random.pick([32, 64] as const)
    const directories = random.several(1, 5, () => random.pick(['/lib/', '/usr/lib/', '/lib/x/', '/a b/']))
    const bytes = loaderFile({ directories, elf: { endian, class: size } })
    const damaged = mutated(random, bytes, [], endian)
    const build = readGlibcBuild(damaged, size === 64 ? 8 : 4, endian)
    assert(build.directories.length >= 1 && build.directories.length <= 16)
    for (const directory of build.directories) assert.match(directory, /^\/[\x21-\x7e]*\/$/)
    assert(build.cachePath.startsWith('/'))
    assert(build.hwcapLevels.length <= 50)
  },
})

fuzz({
  title: "musl's lists have no empty element, whatever bytes they are made of",
  rounds: 200,
  round: async (random) => {
    const text = random.several(0, 60, () => random.pick([':', '\n', 'a', '/', '$', '\udc80'])).join('')
    for (const element of splitMuslList(text)) assert.match(element, /^[^:\n]+$/)
  },
})
