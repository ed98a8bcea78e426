import assert from 'node:assert/strict'
import { LIFT_FORMATS } from '../../src/emit/index.js'
import { printable } from '../../src/emit/printable.js'
import { LiftError } from '../../src/errors.js'
import { parseImageName } from '../../src/image/reference.js'
import type { Copy } from '../../src/lift/lift.js'
import { basename } from '../../src/rootfs/path.js'
import { copyMeaning, instructionsOf } from '../support/dockerfile-reader.js'
import { answerOrRefusal, fuzz } from '../support/fuzz.js'
import { randomFileName, randomRootPath } from '../support/fuzz-names.js'
import type { Random } from '../support/fuzz-random.js'
import { copyOf, entryOf, liftOf, programOf } from '../support/lift-literal.js'

const WORDS = ['FROM', 'COPY', 'ENV', 'WORKDIR', 'ENTRYPOINT']

fuzz({
  title: 'a Dockerfile copies each file from where it lies to where it belongs, whatever the names hold',
  rounds: 400,
  round: async (random) => {
    const copies = randomCopies(random)
    const context = random.oneIn(2)
    const lift = liftOf({
      copies,
      directories: random.several(0, 2, () => randomRootPath(random)),
      entries: copies.map(({ to }) => entryOf(to, { why: [{ neededBy: to, name: to, rule: 'path' }] })),
      programs: [programOf(copies[0]!.to)],
      image: {
        reference: `dir:/${randomFileName(random)}`,
        env: [`A=${randomFileName(random)}`, `${randomFileName(random)}=x`],
        user: randomFileName(random),
        ...(context ? { copySource: { kind: 'context' } } : {}),
      },
    })
    const instructions = instructionsOf(LIFT_FORMATS.dockerfile.emit(lift, {}))
    for (const { word } of instructions) assert(WORDS.includes(word), `an instruction ${word}`)
    const read = instructions.filter(({ word }) => word === 'COPY').flatMap(({ rest }) => copied(rest))
    const meant = copies.map(({ from, to, realPath }) => [to, sourceOf(from, realPath, context)])
    assert.deepEqual(new Map(read as [string, string][]), new Map(meant as [string, string][]))
    assert.equal(read.length, copies.length)
    const entrypoint = instructions.find(({ word }) => word === 'ENTRYPOINT')
    assert.deepEqual(JSON.parse(entrypoint!.rest), [copies[0]!.to])
  },
})

/** Files of different places, none of them a directory of another. */
function randomCopies(random: Random): Copy[] {
  const paths = new Set(random.several(1, 8, () => randomRootPath(random)))
  const list = [...paths].filter((path) => ![...paths].some((other) => other.startsWith(`${path}/`)))
  return list.map((path) => {
    const realPath = random.oneIn(3) ? randomRootPath(random) : path
    const from = random.oneIn(3) ? randomRootPath(random) : path
    return copyOf(path, { from, realPath, role: random.pick(['library', 'loader', 'program', 'data']) })
  })
}

/** The physical path where a build context or a pattern is read, which know no links. */
function sourceOf(from: string, realPath: string, context: boolean): string {
  return context || /[*?[]/.test(from) ? realPath : from
}

function copied(rest: string): [string, string][] {
  const { sources, destination } = copyMeaning(rest)
  if (!destination.endsWith('/')) return [[destination, sources[0]!]]
  return sources.map((source) => [`${destination}${basename(source)}`, source])
}

fuzz({
  title: 'a text for reading has no control characters, and none that reorders or hides others',
  rounds: 300,
  round: async (random) => {
    const text = printable(
      random.several(0, 40, () => String.fromCharCode(random.below(0x1_0000))).join('') +
        randomFileName(random),
    )
    assert.doesNotMatch(text, /[\p{Cc}\p{Bidi_Control}\p{Cs}\u2028\u2029\u200b]/u)
  },
})

const REFERENCE = [
  'a',
  'A',
  'debian',
  '/',
  ':',
  '@',
  '.',
  '_',
  '-',
  'localhost',
  ':5000',
  '[::1]',
  '\n',
  ' ',
  '$',
]

fuzz({
  title: 'an image name is refused, or read so that its parts make it up and a Dockerfile can name it',
  rounds: 1000,
  round: async (random) => {
    const digest = random.oneIn(4) ? `@sha256:${'a'.repeat(64)}` : ''
    const text = `${random.several(1, 8, () => random.pick(REFERENCE)).join('')}${digest}`
    const name = await answerOrRefusal(() => parseImageName(text))
    if (name instanceof LiftError) return assert.equal(name.code, 'usage')
    const tag = name.tag === undefined ? '' : `:${name.tag}`
    assert.equal(`${name.name}${tag}${name.digest === undefined ? '' : `@${name.digest}`}`, text)
    const lift = liftOf({ image: { copySource: { kind: 'image', from: text, pinned: false } } })
    const [from] = instructionsOf(LIFT_FORMATS.dockerfile.emit(lift, {}))
    assert.deepEqual(from, { word: 'FROM', rest: `${text} AS liftbin-source` })
  },
})
