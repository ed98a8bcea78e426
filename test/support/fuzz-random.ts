/** Choices that follow from a seed alone. */
export interface Random {
  /** A whole number from 0 to below `end`. */
  below(end: number): number
  /** Whether one of `n` equally likely cases came. */
  oneIn(n: number): boolean
  pick<T>(choices: readonly T[]): T
  bytes(length: number): Uint8Array
  /** Between `least` and `most` things. */
  several<T>(least: number, most: number, make: () => T): T[]
}

/** A generator of 32 bits of state (Weyl sequence, then a mixing function after MurmurHash3). */
export function randomOf(seed: number): Random {
  let state = (seed ^ Math.floor(seed / 0x1_0000_0000)) >>> 0
  const next = (): number => {
    state = (state + 0x9e37_79b9) >>> 0
    let mixed = state
    mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85eb_ca6b)
    mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2_ae35)
    return (mixed ^ (mixed >>> 16)) >>> 0
  }
  const below = (end: number): number => Math.floor((next() / 0x1_0000_0000) * end)
  return {
    below,
    oneIn: (n) => below(n) === 0,
    pick: (choices) => choices[below(choices.length)]!,
    bytes: (length) => Uint8Array.from({ length }, () => below(256)),
    several: (least, most, make) => Array.from({ length: least + below(most - least + 1) }, make),
  }
}
