import assert from 'node:assert/strict'
import { test } from 'node:test'
import { lift } from '../../src/lift/lift-image.js'
import { why } from '../../src/lift/why.js'
import { PATH_RULES, type PathRule } from '../../src/needs/path-rules.js'
import { debianTree, library, program, smallImage, type Tree } from '../support/small-image.js'

const TRIPLET = 'x86_64-linux-gnu'
const LIB = `/usr/lib/${TRIPLET}`

for (const [name, { rules }] of Object.entries(PATH_RULES)) {
  test(`why tells the reason of each need of ${name}`, async () => {
    for (const rule of rules) {
      const path = exampleOf(rule.paths[0]!)
      const [started, tree] = rootOf(rule)
      const image = smallImage(debianTree({ ...tree, [path]: 'x' }))
      const chains = why(await lift(image, [started], { needs: 'possible' }), path)
      const reasons = chains.map((chain) => `${chain.at(-1)?.rule}: ${chain.at(-1)?.reason}`)
      assert.ok(reasons.includes(`need:${name}: ${rule.why}`), `${path}: ${reasons.join('; ')}`)
    }
  })
}

/** A root with a program that the rule is about. */
function rootOf({ symbols = [], libraries = [], objects = [] }: PathRule): readonly [`/${string}`, Tree] {
  const [symbol] = symbols
  const [needed] = libraries.map((start) => `${start}.1`)
  const started = `/opt/${objects[0] ?? 'x'}` as const
  const imports = symbol === undefined ? [] : [symbol.replace('*', '')]
  if (needed === undefined) return [started, { [started]: program(['libc.so.6'], { imports }) }]
  return [started, { [started]: program([needed, 'libc.so.6']), [`${LIB}/${needed}`]: library(needed) }]
}

function exampleOf(pattern: string): `/${string}` {
  const path = pattern.replace('{lib}', LIB).replaceAll('{triplet}', TRIPLET).replaceAll('*', '1')
  return path as `/${string}`
}
