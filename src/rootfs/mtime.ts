/** As many seconds as fit into 64 bits of nanoseconds: engines keep no later time (Docker, `system.Chtimes`). */
const LATEST = 9_223_372_036

/** Whole seconds since 1970, as engines unpack them: a time before that, or after 2262, is 1970. */
export function wholeSeconds(seconds: number): number {
  return seconds >= 0 && seconds < LATEST + 1 ? Math.floor(seconds) : 0
}
