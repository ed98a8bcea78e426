import type { Context } from '../context.js'
import { EXIT } from '../exit-code.js'
import { writeAnswer } from '../output.js'
import { formatSize } from '../print.js'

/** `liftbin cache`: what the cache of layers holds; `cache clear` empties it. Gives the exit status. */
export async function cacheCommand(action: string | undefined, context: Context): Promise<number> {
  const { cacheDirectory, cacheContents, clearCache, LiftError, printable } = await context.wholeDoor()
  if (action !== undefined && action !== 'clear') {
    throw new LiftError('usage', `cache ${printable(action)} is no command`, {
      hint: 'Write `liftbin cache clear`.',
    })
  }
  const directory = cacheDirectory(context.env)
  if (directory === undefined) {
    throw new LiftError('output', 'there is no cache: neither XDG_CACHE_HOME nor HOME says where', {
      hint: 'Set XDG_CACHE_HOME to an absolute path.',
    })
  }
  const { entries, size } = await cacheContents(directory)
  if (action === 'clear') await clearCache(directory)
  const files = entries === 1 ? '1 file' : `${entries} files`
  const words = `${printable(directory)}: ${files}, ${formatSize(size)}${action === 'clear' ? ' removed' : ''}`
  await writeAnswer(`${words}\n`, undefined, context)
  return EXIT.answer
}
