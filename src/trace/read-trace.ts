import { LiftError } from '../errors.js'
import { LdDebugText } from './ld-debug.js'
import { linesOf } from './lines.js'
import { StraceText } from './strace.js'
import type { Trace } from './trace.js'

/**
 * Reads the text of `strace -f` or of LD_DEBUG=files,libs, or both mixed, and with what the program itself printed
 * between; `name` is what messages call it. Throws LiftError 'usage' where nothing of it is either, 'limit'.
 */
export async function readTrace(chunks: AsyncIterable<Uint8Array>, name: string): Promise<Trace> {
  const [strace, ldDebug] = [new StraceText(), new LdDebugText()]
  let known = 0
  for await (const line of linesOf(chunks)) if (ldDebug.add(line) || strace.add(line)) known++
  if (known > 0) {
    const [seen, loaded] = [strace.end(), ldDebug.sightings]
    return { observed: [...seen.observed(), ...loaded.observed()], unclear: seen.unclear }
  }
  throw new LiftError('usage', `${name} is neither strace's text nor that of LD_DEBUG`, {
    hint: 'Make it with `strace -f -y -s 4096 -o FILE PROGRAM`, or with `liftbin trace`.',
  })
}
