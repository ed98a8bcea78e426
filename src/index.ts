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
export { type NewImageOptions, newImage, sourceDateEpoch } from './pack/new-image.js'
export type { NewImageConfig, Packing } from './pack/packing.js'
export * from './reading.js'
