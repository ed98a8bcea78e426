import type { LayerProgress } from '../reading.js'
import { formatPart, formatSize } from './print.js'

/** What is said of layers that are being read. */
export interface LayerWords {
  readonly take: (progress: LayerProgress, now: number) => void
  /** `layer 2 of 5: 12.3 of 61.0 MB, 10.2 MB/s`; undefined while none is being read. */
  readonly words: (now: number) => string | undefined
}

/** The rate is that of the last few seconds, in milliseconds. */
const WINDOW = 3000

/** Keeps account of layers, several of which may come at a time; of these the lowest is told of. */
export function layerWords(): LayerWords {
  const coming = new Map<number, LayerProgress>()
  const samples: { readonly now: number; readonly total: number }[] = []
  let total = 0
  const sample = (now: number) => {
    samples.push({ now, total })
    // One that is older stays, so that the whole window is covered.
    while (samples.length > 2 && now - samples[1]!.now >= WINDOW) samples.shift()
  }
  return {
    take: (progress, now) => {
      if (samples.length === 0) sample(now)
      total += progress.taken - (coming.get(progress.layer)?.taken ?? 0)
      if (progress.taken < progress.size) coming.set(progress.layer, progress)
      else coming.delete(progress.layer)
    },
    words: (now) => {
      sample(now)
      const [first] = [...coming.values()].sort((a, b) => a.layer - b.layer)
      if (first === undefined) return undefined
      const { layer, layers, taken, size } = first
      const others = coming.size === 1 ? '' : ` (and ${coming.size - 1} more)`
      return `layer ${layer} of ${layers}${others}: ${formatPart(taken, size)}, ${formatSize(rate(now))}/s`
    },
  }

  function rate(now: number): number {
    const oldest = samples[0]!
    return now === oldest.now ? 0 : ((total - oldest.total) / (now - oldest.now)) * 1000
  }
}
