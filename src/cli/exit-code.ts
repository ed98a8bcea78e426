import type { ErrorCode, Finding } from '../reading.js'

/** What the caller of the command learns from its exit status. */
export const EXIT = {
  answer: 0,
  /** An answer with error findings: a library is missing. */
  faulty: 1,
  usage: 2,
  /** No answer: image, file, format, engine, registry, output. */
  none: 3,
  /** A lift that does not do what the original does. */
  differs: 4,
  interrupted: 130,
} as const

/** The status of an answer with these findings. */
export function exitOfFindings(findings: readonly Finding[]): number {
  return findings.some((finding) => finding.severity === 'error') ? EXIT.faulty : EXIT.answer
}

/** The status where there is no answer. */
export function exitOfError(code: ErrorCode): number {
  if (code === 'usage') return EXIT.usage
  return code === 'interrupted' ? EXIT.interrupted : EXIT.none
}
