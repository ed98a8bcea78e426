import assert from 'node:assert/strict'
import { test } from 'node:test'
import { dockerfile } from '../../src/emit/dockerfile.js'
import { destinationWord, quotedWord, sourceWord } from '../../src/emit/dockerfile-words.js'
import { copyMeaning, instructionsOf } from '../support/dockerfile-reader.js'
import { copyOf, liftOf } from '../support/lift-literal.js'

const NAMES = [
  'a b',
  ' leading',
  'trailing ',
  'tab\there',
  'new\nline',
  'two\n\nlines',
  'carriage\rreturn',
  'nel\u0085',
  'separator\u2028',
  'emoji😀',
  'accénts',
  'st*r',
  'wh?t',
  'br[a]x',
  '[ab]',
  'zz[',
  'close]',
  '[]]',
  '[!a]',
  '{a,b}',
  'b\\s',
  'b\\\\s',
  'b\\*s',
  'a\\nb',
  '$HOME',
  '${',
  '$$',
  '$(x)',
  'a$b',
  'q"q',
  "q'q",
  '`x`',
  '#x',
  '-',
  '--from=x',
  '<<EOF',
  '<a>',
  ',',
  ';',
  '&',
  '|',
  '~',
  '!',
  '^',
  '%',
  '@',
  '=',
  '+',
  ':',
  '\u0001',
  '\u007f',
  'ends\\',
  '\\$[x]"*',
  'rtl\u202etxt',
  'null\\0',
]

test('every name means itself again after the builders took their layers off', () => {
  for (const name of NAMES) {
    const path = `/d ir/${name}`
    const lift = liftOf({ copies: [copyOf(path)] })
    const copies = instructionsOf(dockerfile.emit(lift, {})).filter(({ word }) => word === 'COPY')
    assert.deepEqual(
      copies.map(({ rest }) => copyMeaning(rest)),
      [{ from: 'liftbin-source', sources: [path], destination: path }],
      JSON.stringify(name),
    )
  }
})

test('a name in a directory that needs escaping means itself too', () => {
  for (const name of NAMES) {
    const lift = liftOf({ copies: [copyOf(`/${name}/x`), copyOf(`/${name}/y`)] })
    const meant = instructionsOf(dockerfile.emit(lift, {}))
      .filter(({ word }) => word === 'COPY')
      .map(({ rest }) => copyMeaning(rest))
    assert.deepEqual(meant.flatMap(({ sources }) => sources).sort(), [`/${name}/x`, `/${name}/y`])
    for (const { sources, destination } of meant) {
      assert.equal(destination, sources.length > 1 ? `/${name}/` : sources[0])
    }
  }
})

test('the words of the reference table are written exactly so', () => {
  assert.equal(sourceWord('/a[b]*?'), '"/a[[]b][*][?]"')
  assert.equal(destinationWord('/a[b]*?'), '"/a[b]*?"')
  assert.equal(sourceWord('/b\\s'), String.raw`"/b\\\\s"`)
  assert.equal(sourceWord('/b\\*s'), String.raw`"/b\\\\\\\\[*]s"`)
  assert.equal(sourceWord('/$HOME'), String.raw`"/\\$HOME"`)
  assert.equal(sourceWord('/q"\''), String.raw`"/q\\\"\\'"`)
})

test('a backslash alone is no reason for wildcard escaping', () => {
  assert.equal(sourceWord('/a\\nb'), destinationWord('/a\\nb'))
})

test('no control or reordering character gets into the file as it is', () => {
  for (const name of NAMES) {
    const text = dockerfile.emit(
      liftOf({ image: { reference: `dir:/${name}` }, copies: [copyOf(`/${name}`)] }),
      {},
    )
    assert.doesNotMatch(text, /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u2028\u202e]/, JSON.stringify(name))
  }
})

test('ENV values are quoted so that nothing in them expands', () => {
  assert.equal(quotedWord('a"b\\c$d\'e f=g'), String.raw`"a\"b\\c\$d'e f=g"`)
  assert.equal(quotedWord(''), '""')
})

test('a value with a line break cannot be written', () => {
  assert.equal(quotedWord('a\nb'), undefined)
  assert.equal(quotedWord('a\u001bb'), undefined)
  assert.equal(quotedWord('a\tb'), '"a\tb"')
})
