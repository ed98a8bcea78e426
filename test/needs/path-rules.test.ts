import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { CONFIDENCES } from '../../src/needs/finder.js'
import { FINDERS, type FinderName } from '../../src/needs/index.js'
import { PATH_RULES, type PathRule } from '../../src/needs/path-rules.js'
import { allNeedsOf, type SubjectParts } from '../support/need-subject.js'
import type { Tree } from '../support/small-image.js'

const TABLES = Object.entries(PATH_RULES)

const read = (name: string): string =>
  readFileSync(new URL(`../../src/needs/${name}`, import.meta.url), 'utf8')
const holds = new Ajv2020({ allErrors: true }).compile(JSON.parse(read('path-rules.schema.json')))

const ROW: PathRule = { symbols: ['open_x'], paths: ['/etc/x'], confidence: 'likely', why: 'opens x' }
const withRow = (row: object) => ({ finders: { x: { describe: 'x', rules: [row] } } })

test('the rules are what their schema says', () => {
  const table: unknown = JSON.parse(read('path-rules.json'))
  assert.ok(holds(table), JSON.stringify(holds.errors))
})

test('the schema takes patterns of symbols, libraries and paths', () => {
  const rows = [
    ROW,
    { ...ROW, symbols: ['_ZN12QApplication*'], libraries: ['libQt5Core.so', 'libssl.so.3'] },
    { objects: ['pam_x.so'], paths: ['/etc/x'], confidence: 'possible', why: 'opens x' },
    { ...ROW, paths: ['{lib}/a-*/b*', '/usr/lib/{triplet}/x', '/etc/@x.d'] },
  ]
  for (const row of rows) assert.ok(holds(withRow(row)), JSON.stringify(row))
})

test('the schema refuses rows without a trigger, and paths that are none', () => {
  const { symbols: _, ...untriggered } = ROW
  const rows = [
    untriggered,
    { ...ROW, symbols: [] },
    { ...ROW, symbols: ['*'] },
    { ...ROW, symbols: ['a*b'] },
    { ...ROW, libraries: ['ssl.so'] },
    { ...ROW, objects: ['/usr/bin/x'] },
    { ...ROW, confidence: 'certain' },
    { ...ROW, why: 'Opens x' },
    { ...ROW, why: 'opens x.' },
    { ...ROW, extra: 1 },
    ...[
      'etc/x',
      '/',
      '/etc/',
      '/etc//x',
      '/etc/../x',
      '/etc/./x',
      '/a{lib}',
      '/{other}/x',
      '{lib}',
      '/a b',
    ].map((path) => ({ ...ROW, paths: [path] })),
  ]
  for (const row of rows) assert.ok(!holds(withRow(row)), JSON.stringify(row))
})

test('every table of rules is a finder', () => {
  for (const [name] of TABLES) assert.ok(Object.hasOwn(FINDERS, name), name)
})

test('no row is surer than its finder can be at most', () => {
  for (const [name, { rules }] of TABLES) {
    const most = CONFIDENCES.indexOf(FINDERS[name as FinderName])
    for (const { confidence, why } of rules)
      assert.ok(most <= CONFIDENCES.indexOf(confidence), `${name} ${why}`)
  }
})

for (const [name, { rules }] of TABLES) {
  test(`each trigger of ${name} gives each path of its row, and a name nearly like it none`, async () => {
    for (const { symbols = [], libraries = [], objects = [], paths, confidence } of rules) {
      const wanted = paths.map((path) => [confidence, exampleOf(path)])
      for (const parts of [...symbols.map(importing), ...libraries.map(needing), ...objects.map(being)]) {
        const found = await pathsOf(name, parts)
        for (const [sure, path] of wanted)
          assert.ok(found.includes(`${sure} ${path}`), `${path} for ${JSON.stringify(parts)}`)
      }
    }
    const near = rules.flatMap(({ symbols = [], libraries = [], objects = [] }) => [
      ...symbols.map((symbol) => ({ imports: [`x${symbol}`] })),
      ...libraries.map((library) => ({ needed: [`x${library}.1`] })),
      ...objects.map((object) => being(`x${object}`)),
    ])
    for (const parts of near) assert.deepEqual(await pathsOf(name, parts), [], JSON.stringify(parts))
  })
}

const importing = (symbol: string): SubjectParts => ({ imports: [symbol] })
const being = (object: string): SubjectParts => ({ path: `/opt/${object}` })
const needing = (library: string): SubjectParts => ({ needed: [`${library}.1`] })

/** What a pattern means in the tree of these tests, whose C library lies in `/usr/lib`. */
function exampleOf(pattern: string): string {
  return pattern.replace('{lib}', '/usr/lib').replaceAll('{triplet}', 'lib').replaceAll('*', '1')
}

/** Each path of all rules, so that every pattern has something to stand for. */
const TREE: Tree = Object.fromEntries(
  TABLES.flatMap(([, { rules }]) =>
    rules.flatMap(({ paths }) => paths.map((path) => [`${exampleOf(path)}/x`, ''])),
  ),
)

async function pathsOf(name: string, parts: SubjectParts): Promise<readonly string[]> {
  const needs = await allNeedsOf(name as FinderName, { ...parts, tree: TREE })
  return needs.flatMap((need) => (need.kind === 'path' ? [`${need.confidence} ${need.path}`] : []))
}
