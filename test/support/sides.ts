import type { Outcome } from '../../src/verify/outcome.js'
import type { Command, Side } from '../../src/verify/runner.js'
import type { End } from '../../src/verify/verification.js'

/** What a program printed, and how it ended. */
export function outcomeOf(
  stdout = '',
  parts: { readonly end?: End; readonly stderr?: string } = {},
): Outcome {
  const { end = { kind: 'exit', code: 0 }, stderr = '' } = parts
  return { end, stdout: Buffer.from(stdout), stderr: Buffer.from(stderr), milliseconds: 1 }
}

/** A side that is run by a function; what it was asked to run is kept. */
export function sideOf(run: (command: Command) => Outcome): Side & { readonly commands: Command[] } {
  const commands: Command[] = []
  return {
    notes: [],
    commands,
    run: async (command) => {
      commands.push(command)
      return run(command)
    },
    [Symbol.asyncDispose]: async () => {},
  }
}
