/**
 * The library. Open an image, lift programs out of it, and write the answer in one of the formats:
 *
 *     await using image = await openImage('docker:debian:bookworm')
 *     const answer = await lift(image, ['/usr/bin/ls'])
 *     console.log(LIFT_FORMATS.dockerfile.emit(answer, {}))
 *
 * Where there is no answer a function throws LiftError; what is wrong with an answer is in its findings.
 */
export type { Destination, WriteOptions, Written } from './destination/destination.js'
export { checkPlatforms, DESTINATIONS, parseDestination, writeImage } from './destination/index.js'
export type { VerifyEmitter } from './emit/emitter.js'
export { VERIFY_FORMATS } from './emit/verify-formats.js'
export { checkNewImageOptions, type NewImageOptions, newImage, sourceDateEpoch } from './pack/new-image.js'
export type { Packing } from './pack/packing.js'
export * from './reading.js'
export { readTrace } from './trace/read-trace.js'
export { type Case, parseCases } from './verify/case.js'
export { type ObservedRun, type ObserveOptions, observeRun } from './verify/observe-run.js'
export { RUNNER_NAMES } from './verify/runners.js'
export type {
  CaseResult,
  Difference,
  End,
  Hint,
  LeftOut,
  Printed,
  Ran,
  RunnerName,
  UsedRunner,
  Verdict,
  Verification,
} from './verify/verification.js'
export { type VerifyOptions, verify } from './verify/verify.js'
