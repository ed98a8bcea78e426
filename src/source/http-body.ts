import type { IncomingMessage } from 'node:http'

/** Of a body within two pauses, in bytes: a few bytes now and then must not hold a run for ever. */
const LEAST = 4 << 10

/**
 * A body that fails when it pauses for so many milliseconds, or brings next to nothing in twice that time. Only the
 * time that is spent waiting for the other side counts.
 */
export async function* paced(body: IncomingMessage, pause: number): AsyncGenerator<Uint8Array> {
  const stop = () => body.destroy(new Error(`nothing came for ${pause / 1000} s`))
  let [waited, came] = [0, 0]
  let since = performance.now()
  let timer = setTimeout(stop, pause)
  try {
    for await (const chunk of body as AsyncIterable<Buffer>) {
      clearTimeout(timer)
      waited += performance.now() - since
      came += chunk.length
      if (came >= LEAST) [waited, came] = [0, 0]
      if (waited > 2 * pause) throw new Error('the bytes come too slowly')
      yield chunk
      since = performance.now()
      timer = setTimeout(stop, pause)
    }
  } finally {
    clearTimeout(timer)
  }
}

/** Lets go of a body that nobody wants. Where all of it has come its connection is used again. */
export async function dropped(body: IncomingMessage): Promise<void> {
  if (body.complete && !body.destroyed) await new Promise((done) => body.on('close', done).resume())
  else body.destroy()
}
