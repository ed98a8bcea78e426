import type { LayerProgress } from '../index.js'
import type { CommonFlags, Context } from './context.js'
import { type LayerWords, layerWords } from './layer-words.js'

/** Tells the user what a long run is at. */
export interface Progress {
  readonly step: (step: string) => void
  readonly layer: (progress: LayerProgress) => void
  /** Takes the status line away; nothing is drawn afterwards. */
  readonly done: () => void
}

/** A run shorter than this shows nothing, in milliseconds. */
const PATIENCE = 500

const SILENCE: Progress = { step: () => {}, layer: () => {}, done: () => {} }

/**
 * One status line on a terminal, drawn once a run takes long; a line for each step elsewhere, where --verbose asks
 * for it. `printable` makes the step's text harmless.
 */
export function startProgress(
  context: Context,
  flags: CommonFlags,
  printable: (text: string) => string,
): Progress {
  if (flags.quiet || !flags.progress) return SILENCE
  if (context.err.isTTY) return statusLine(context, printable)
  if (!flags.verbose) return SILENCE
  return { ...SILENCE, step: (step) => void context.err.write(`liftbin: ${printable(step)}\n`) }
}

function statusLine({ err }: Context, printable: (text: string) => string): Progress {
  const layers: LayerWords = layerWords()
  let latest = ''
  let drawn = ''
  let over = false
  let timer: NodeJS.Timeout | undefined
  const draw = () => {
    const text = layers.words(performance.now()) ?? latest
    if (text === drawn) return
    drawn = text
    err.write(`\r\u001b[K${fitted(drawn, err.columns || 80)}`)
  }
  const begin = () => {
    draw()
    timer = setInterval(draw, 100).unref()
  }
  const wait = () => {
    timer ??= setTimeout(begin, PATIENCE).unref()
  }
  return {
    step: (step) => {
      if (over) return
      latest = printable(step)
      wait()
    },
    layer: (progress) => {
      if (over) return
      layers.take(progress, performance.now())
      wait()
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
