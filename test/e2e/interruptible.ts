/**
 * Opens the image it is told and reads from it until SIGINT, as the command line does. It prints each step, then
 * `reading`, then the code of the error it ended with.
 */
import { LiftError } from '../../src/errors.js'
import { openImage } from '../../src/source/index.js'

const abort = new AbortController()
process.on('SIGINT', () => abort.abort())
try {
  await using image = await openImage(process.argv[2] ?? '', { signal: abort.signal, onStep: console.log })
  console.log('reading')
  for (;;) await image.rootfs.lstat(`/usr/${Math.random()}`)
} catch (error) {
  console.log(error instanceof LiftError ? error.code : error)
}
