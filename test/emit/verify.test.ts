import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { PLAIN } from '../../src/emit/paint.js'
import { VERIFY_FORMATS } from '../../src/emit/verify-formats.js'
import { finding } from '../../src/lift/finding.js'
import { matchesGolden } from '../support/golden.js'
import { caseOf, variedVerification, verificationOf } from '../support/verification-literal.js'

function emitted(format: keyof typeof VERIFY_FORMATS, verification = variedVerification()): string {
  return VERIFY_FORMATS[format].emit(verification, PLAIN)
}

function problems(text: string): unknown {
  const schema = readFileSync(new URL('../../src/emit/schema/verify.json', import.meta.url), 'utf8')
  const validate = new Ajv2020({ allErrors: true }).compile(JSON.parse(schema))
  return validate(JSON.parse(text)) ? [] : validate.errors
}

test('a verification is what its schema says', () => {
  const findings = [finding({ kind: 'unpinned', from: 'a:b' })]
  assert.deepEqual(problems(emitted('json')), [])
  assert.deepEqual(problems(emitted('json', verificationOf({ verdict: 'not run', findings }))), [])
})

test('the schema refuses what is absent or of another kind', () => {
  const document = JSON.parse(emitted('json')) as { cases: object[] }
  for (const change of [{ verdict: 'fine' }, { argv: 'ls' }, { original: undefined }, { more: 1 }])
    assert.notDeepEqual(
      problems(JSON.stringify({ ...document, cases: [{ ...document.cases[0], ...change }] })),
      [],
    )
})

test('a verification as a table', () => matchesGolden('verify-table.txt', emitted('table')))

test('a verification as JSON', () => matchesGolden('verify.json', emitted('json')))

test('a verification as JUnit XML', () => matchesGolden('verify-junit.xml', emitted('junit')))

test('where nothing was run, every format says so', () => {
  const describe = 'nothing was run'
  const runner = { name: 'static', describe, passedOver: [], notes: [] } as const
  const verification = verificationOf({ verdict: 'not run', runner })
  assert.match(emitted('table', verification), /^nothing was run\nnot verified by a run\n$/)
  assert.match(
    emitted('junit', verification),
    /tests="1" .* skipped="1".*<skipped message="nothing was run"\/>/s,
  )
  assert.equal(JSON.parse(emitted('json', verification)).verdict, 'not run')
})

test('no format lets a terminal or a parser obey what a program printed', () => {
  for (const format of ['table', 'json', 'junit'] as const)
    assert.doesNotMatch(emitted(format), /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/)
  const texts = emitted('junit').replaceAll(
    /<\/?[a-z]+(?: [a-z]+="[^"<&]*(?:&(?:amp|lt|gt|quot);[^"<&]*)*")*\/?>|<\?[^?]*\?>/g,
    '',
  )
  assert.doesNotMatch(texts, /[<>]|&(?!amp;|lt;|gt;|quot;)/)
})

test('a line of output cannot pose as a line of the table', () => {
  const forged = caseOf('ls', {
    verdict: 'differs',
    differences: [{ what: 'stdout', line: 1, expected: 'same  ls\n1 case: 1 the same\n', actual: '' }],
  })
  const lines = emitted('table', verificationOf({ verdict: 'differs', cases: [forged] })).split('\n')
  assert.deepEqual(
    lines.filter((line) => line.startsWith('same') || line.startsWith('1 case')),
    ['1 case: 1 different'],
  )
})
