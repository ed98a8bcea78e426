import type { CaseResult, Verification } from '../verify/verification.js'
import type { VerifyEmitter } from './emitter.js'
import { printable } from './printable.js'
import { differenceLines, hintLine } from './verify-table.js'

/**
 * JUnit XML as CI systems read it: a test case for each case, a failure where the lift differs, an error where the
 * original does not run, and skipped where a case proves nothing.
 */
export const verifyJunit: VerifyEmitter = {
  describe: 'each case as a test case, for CI systems (JUnit XML)',
  extension: 'xml',
  emit: (verification) => {
    const cases = verification.cases.length === 0 ? [notRun(verification)] : verification.cases.map(testCase)
    const count = (tag: string) => cases.filter((one) => one.includes(`\n    <${tag} `)).length
    const suite = [
      attribute('name', `liftbin verify ${verification.image.reference}`),
      `tests="${cases.length}" failures="${count('failure')}" errors="${count('error')}" skipped="${count('skipped')}"`,
      attribute('time', seconds(verification.cases.reduce((sum, one) => sum + timeOf(one), 0))),
    ]
    return [
      '<?xml version="1.0" encoding="UTF-8"?>',
      '<testsuites>',
      ` <testsuite ${suite.join(' ')}>`,
      ...cases,
      ' </testsuite>',
      '</testsuites>',
      '',
    ].join('\n')
  },
}

function testCase(one: CaseResult): string {
  const head = [
    attribute('classname', one.argv[0] ?? ''),
    attribute('name', one.name),
    attribute('time', seconds(timeOf(one))),
  ]
  const inner = innerOf(one)
  return inner === undefined
    ? `  <testcase ${head.join(' ')}/>`
    : `  <testcase ${head.join(' ')}>\n    ${inner}\n  </testcase>`
}

function innerOf({ verdict, reason = '', differences, hints }: CaseResult): string | undefined {
  if (verdict === 'same') return undefined
  if (verdict === 'inconclusive') return `<skipped ${attribute('message', reason)}/>`
  if (verdict === 'failed') return `<error ${attribute('message', reason)}/>`
  const message = `the lift differs in ${differences.map(({ what }) => what).join(', ')}`
  const lines = [...differences.flatMap(differenceLines), ...hints.map(hintLine)]
  return `<failure ${attribute('message', message)}>${lines.map(escaped).join('\n')}</failure>`
}

function notRun({ programs, runner }: Verification): string {
  const head = [attribute('classname', programs[0] ?? ''), attribute('name', 'verify')]
  return `  <testcase ${head.join(' ')}>\n    <skipped ${attribute('message', runner.describe)}/>\n  </testcase>`
}

function timeOf({ original, lifted }: CaseResult): number {
  return Math.max(original.milliseconds, lifted.milliseconds)
}

function seconds(milliseconds: number): string {
  return (milliseconds / 1000).toFixed(3)
}

function attribute(name: string, value: string): string {
  return `${name}="${escaped(value)}"`
}

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }

/** Most control characters are in no XML, not even as references. */
function escaped(text: string): string {
  return printable(text).replaceAll(/[&<>"\uFFFE\uFFFF]/g, (character) => ENTITIES[character] ?? '?')
}
