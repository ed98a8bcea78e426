import type { CaseResult, Difference, Ran, Verification } from '../verify/verification.js'
import type { VerifyEmitter } from './emitter.js'
import { findingOf, imageOf, text } from './json.js'

/** The verification for programs to read: `schema/verify.json` says what it looks like. */
export const verifyJson: VerifyEmitter = {
  describe: 'everything about the runs, for programs (JSON, version 1)',
  extension: 'json',
  emit: (verification) => text(documentOf(verification)),
}

function documentOf({ image, programs, runner, verdict, cases, minimal, findings }: Verification) {
  const { name, describe, passedOver, notes } = runner
  return {
    schemaVersion: 1,
    image: imageOf(image),
    programs,
    verdict,
    runner: { name, describe, passedOver: passedOver.map(({ name, reason }) => ({ name, reason })), notes },
    cases: cases.map(caseOf),
    ...(minimal === undefined ? {} : { minimal: minimal.map(({ path, isNeeded }) => ({ path, isNeeded })) }),
    findings: findings.map(findingOf),
  }
}

function caseOf({ name, argv, verdict, reason, original, lifted, differences, hints }: CaseResult) {
  return {
    name,
    argv,
    verdict,
    ...(reason === undefined ? {} : { reason }),
    differences: differences.map(differenceOf),
    hints: hints.map(({ path, said }) => ({ path, said })),
    original: runOf(original),
    lifted: runOf(lifted),
  }
}

function differenceOf({ what, line, expected, actual }: Difference) {
  return { what, ...(line === undefined ? {} : { line }), expected, actual }
}

function runOf({ end, milliseconds, stdout, stderr }: Ran) {
  return { end, milliseconds, stdout: { ...stdout }, stderr: { ...stderr } }
}
