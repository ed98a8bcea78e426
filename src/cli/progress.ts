import type { LayerProgress } from '../reading.js'
import type { CommonFlags, Context } from './context.js'
import { type LayerWords, layerWords } from './layer-words.js'
import { formatSize } from './print.js'

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
 * One status line on a terminal, drawn once a run takes long. Elsewhere a line for each layer that has to be read,
 * and with --verbose one for each step. `printable` makes the step's text harmless.
 */
export function startProgress(
  context: Context,
  flags: CommonFlags,
  printable: (text: string) => string,
): Progress {
  if (flags.quiet || !flags.progress) return SILENCE
  if (context.err.isTTY) return statusLine(context, printable)
  const line = (text: string) => void context.err.write(`liftbin: ${text}\n`)
  if (flags.verbose) return { ...SILENCE, step: (step) => line(printable(step)) }
  return { ...SILENCE, layer: layerLines(line) }
}

/** A line when a layer begins to come, unless it is there as soon as it begins. */
function layerLines(line: (text: string) => void): Progress['layer'] {
  const begun = new Set<number>()
  return ({ layer, layers, taken, size }) => {
    if (begun.has(layer)) return
    begun.add(layer)
    if (taken < size) line(`reading layer ${layer} of ${layers}, ${formatSize(size)}`)
  }
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
