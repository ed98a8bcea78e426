/** How long the event loop may wait, in milliseconds: for Ctrl-C, and for locks that say that they are held. */
const BREATH = 50

/**
 * For work that never waits for anything: the function it gives is to be called, and awaited, over and over, and
 * lets the event loop have its turn when that is due.
 */
export function breather(): () => Promise<void> {
  let began = Date.now()
  return async () => {
    // The clock may have been set back.
    if (Math.abs(Date.now() - began) <= BREATH) return
    await new Promise((done) => setImmediate(done))
    began = Date.now()
  }
}
