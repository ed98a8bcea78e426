/** How long the event loop may wait, in milliseconds: for Ctrl-C, a progress line, locks that say that they are held. */
const BREATH = 50

/** Tells work that never waits for anything when the event loop is due its turn, and gives it that. */
export interface Breath {
  isDue(): boolean
  take(): Promise<void>
}

/** The first turn is due a breath from now. */
export function breathing(): Breath {
  // Node loads ten modules for a clock that cannot be set back; this one may only be wrong once.
  let last = Date.now()
  return {
    isDue: () => Math.abs(Date.now() - last) > BREATH,
    take: async () => {
      await new Promise((done) => setImmediate(done))
      last = Date.now()
    },
  }
}
