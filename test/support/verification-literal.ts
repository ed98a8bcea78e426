import type { CaseResult, Ran, Verification } from '../../src/verify/verification.js'
import { imageOf } from './lift-literal.js'

/** A run that ended well and printed this. */
export function ranOf(stdout = '', parts: Partial<Ran> = {}): Ran {
  return {
    end: { kind: 'exit', code: 0 },
    milliseconds: 120,
    stdout: printed(stdout),
    stderr: printed(''),
    ...parts,
  }
}

function printed(text: string) {
  return { size: Buffer.byteLength(text), text, isWhole: true }
}

/** A case that came to the same in both. */
export function caseOf(name: string, parts: Partial<CaseResult> = {}): CaseResult {
  const [original, lifted] = [ranOf('out\n'), ranOf('out\n', { milliseconds: 80 })]
  const argv = ['/usr/bin/ls', ...name.split(' ').slice(1)]
  return { name, argv, verdict: 'same', original, lifted, differences: [], hints: [], ...parts }
}

/** A verification by Docker. */
export function verificationOf(parts: Partial<Verification> = {}): Verification {
  return {
    image: imageOf(),
    programs: ['/usr/bin/ls'],
    runner: { name: 'docker', describe: 'containers of Docker', passedOver: [], notes: [] },
    verdict: 'same',
    cases: [],
    findings: [],
    ...parts,
  }
}

/** One of every verdict, with names and output that a terminal or a parser would obey. */
export function variedVerification(): Verification {
  return verificationOf({
    verdict: 'differs',
    runner: {
      name: 'namespace',
      describe: 'Linux namespaces, as root',
      passedOver: [{ name: 'docker', reason: 'nobody listens' }],
      notes: ['1 device was left out'],
    },
    cases: [
      caseOf('ls'),
      caseOf('ls -l', { verdict: 'inconclusive', reason: 'both were still running' }),
      caseOf('ls <&">', {
        verdict: 'failed',
        reason: 'the original does not start: Permission denied',
        original: ranOf('', { end: { kind: 'not started', reason: 'Permission denied' } }),
      }),
      caseOf('ls \u001b[31m', {
        verdict: 'differs',
        lifted: ranOf('', { end: { kind: 'exit', code: 127 } }),
        differences: [
          { what: 'end', expected: 'exit code 0', actual: 'exit code 127' },
          { what: 'stdout', line: 3, expected: 'a\u202eb\n]]>&amp;\n', actual: '' },
        ],
        hints: [{ path: '/opt/\u001bplugin.so', said: 'cannot open /opt/\u001bplugin.so' }],
      }),
    ],
    minimal: [
      { path: '/lib/a.so', isNeeded: true },
      { path: '/lib/b.so', isNeeded: false },
    ],
  })
}
