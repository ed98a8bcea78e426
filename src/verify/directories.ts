import { writeDirectory } from '../destination/directory.js'
import type { Packing } from '../pack/packing.js'
import { parseImageReference } from '../source/index.js'
import { newFolder } from '../source/temporary.js'
import type { RunnerContext } from './runner.js'
import { removeFolder } from './temporary.js'
import { wholePacking } from './whole-packing.js'

/** Where a side lies on disk, and what to do when it is no longer needed. */
export interface Place extends AsyncDisposable {
  readonly directory: string
  /** What could not be written as it is in the image. */
  readonly notes: readonly string[]
}

/** The directories programs are run in; what is made for that is gone with the last one. */
export interface Directories {
  /** The image's own directory where it is one, else all its files unpacked. */
  original(): Promise<Place>
  lifted(packing: Packing): Promise<Place>
}

/** The directories of an image and its lifts. */
export function directoriesFor(context: RunnerContext): Directories {
  const { image, signal, onStep } = context
  return {
    original: async () => {
      const { scheme, location } = parseImageReference(image.reference)
      if (scheme === 'dir') return { directory: location, notes: [], [Symbol.asyncDispose]: async () => {} }
      onStep?.('unpacking the image to run it')
      return written(await wholePacking(image, signal), context)
    },
    lifted: (packing) => written(packing, context),
  }
}

async function written(packing: Packing, { signal, env }: RunnerContext): Promise<Place> {
  const directory = newFolder('verify')
  const remove = async () => removeFolder(directory)
  try {
    const { warnings } = await writeDirectory(directory, [packing], { signal, env })
    return { directory, notes: warnings, [Symbol.asyncDispose]: remove }
  } catch (error) {
    await remove()
    throw error
  }
}
