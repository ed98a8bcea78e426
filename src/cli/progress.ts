import type { CommonFlags, Context } from './context.js'

/** Tells the user what a long run is at. */
export interface Progress {
  readonly step: (step: string) => void
  /** Takes the status line away; nothing is drawn afterwards. */
  readonly done: () => void
}

/** A run shorter than this shows nothing, in milliseconds. */
const PATIENCE = 500

/**
 * One status line on a terminal, drawn once a run takes long; a line for each step elsewhere, where --verbose asks
 * for it. `printable` makes the step's text harmless.
 */
export function startProgress(
  context: Context,
  flags: CommonFlags,
  printable: (text: string) => string,
): Progress {
  if (flags.quiet || !flags.progress) return { step: () => {}, done: () => {} }
  if (context.err.isTTY) return statusLine(context, printable)
  if (!flags.verbose) return { step: () => {}, done: () => {} }
  return { step: (step) => void context.err.write(`liftbin: ${printable(step)}\n`), done: () => {} }
}

function statusLine({ err }: Context, printable: (text: string) => string): Progress {
  let latest = ''
  let drawn = ''
  let over = false
  let timer: NodeJS.Timeout | undefined
  const draw = () => {
    if (latest === drawn) return
    drawn = latest
    err.write(`\r\u001b[K${fitted(drawn, err.columns || 80)}`)
  }
  const begin = () => {
    draw()
    timer = setInterval(draw, 100).unref()
  }
  return {
    step: (step) => {
      if (over) return
      latest = printable(step)
      timer ??= setTimeout(begin, PATIENCE).unref()
    },
    done: () => {
      over = true
      clearTimeout(timer)
      if (drawn !== '') err.write('\r\u001b[K')
    },
  }
}

function fitted(text: string, columns: number): string {
  return text.length < columns ? text : `${text.slice(0, Math.max(0, columns - 2))}…`
}
