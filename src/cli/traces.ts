import { createReadStream } from 'node:fs'
import type { Trace } from '../index.js'
import type { Context, TraceFlag } from './context.js'

/** Reads what `--trace` names, as the library takes it. Throws LiftError 'usage'. */
export async function traceOptions(
  { trace: files }: TraceFlag,
  context: Context,
): Promise<{ readonly traces?: readonly Trace[] }> {
  if (files === undefined) return {}
  const { LiftError } = await context.wholeDoor()
  if (files.filter((file) => file === '-').length > 1)
    throw new LiftError('usage', 'standard input can be only one of the traces')
  const traces: Trace[] = []
  for (const file of files) traces.push(await traceIn(file, context))
  return { traces }
}

async function traceIn(file: string, { wholeDoor, signal }: Context): Promise<Trace> {
  const { readTrace, LiftError, printable, reasonOf } = await wholeDoor()
  const name = file === '-' ? 'standard input' : printable(file)
  const source = file === '-' ? { fd: 0, autoClose: false } : {}
  try {
    return await readTrace(createReadStream(file, { ...source, signal }), name)
  } catch (error) {
    if (error instanceof LiftError) throw error
    if (signal.aborted) throw new LiftError('interrupted', 'interrupted')
    throw new LiftError('usage', `cannot read ${name}: ${reasonOf(error)}`, { cause: error })
  }
}
