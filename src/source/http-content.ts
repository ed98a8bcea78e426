import type { ClientRequest } from 'node:http'
import { LiftError, reasonOf } from '../errors.js'

/** Bytes to be sent. */
export interface Content {
  /** Where it is not known the bytes are sent in chunks. */
  readonly size?: number
  /** Gives them, anew each time that they have to be sent. */
  open(): AsyncIterable<Uint8Array>
}

/** How long the other side may take nothing, and how long it may take to answer, in milliseconds. */
export interface ContentPatience {
  readonly pause: number
  readonly answer: number
}

/** Gives the other side so many milliseconds from now; without a number it is waited for by nobody. */
export type Expect = (milliseconds: number | undefined) => void

/** To check and store what has come takes longer than to find something. */
const STORING = 5

/**
 * Sends content as the body of a request, as fast as the other side takes it, and stops where it answers early.
 * Only the time that is spent waiting for the other side counts.
 */
export async function sendContent(
  outgoing: ClientRequest,
  { size, open }: Content,
  patience: ContentPatience,
  expect: Expect,
): Promise<void> {
  let [sent, isAnswered] = [0, false]
  outgoing.once('response', () => {
    isAnswered = true
  })
  expect(undefined)
  for await (const chunk of readable(open())) {
    if (isAnswered || outgoing.destroyed) return
    sent += chunk.length
    if (size !== undefined && sent > size) break
    expect(patience.pause)
    if (!outgoing.write(chunk)) await taken(outgoing)
    if (!isAnswered) expect(undefined)
  }
  if (size !== undefined && sent !== size) throw notAsSaid(sent, size)
  if (isAnswered || outgoing.destroyed) return
  expect(patience.answer * STORING)
  outgoing.end()
}

async function* readable(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    yield* chunks
  } catch (error) {
    if (error instanceof LiftError) throw error
    throw new LiftError('unreadable', `what is to be sent cannot be read: ${reasonOf(error)}`, {
      cause: error,
    })
  }
}

function notAsSaid(sent: number, size: number): LiftError {
  return new LiftError(
    'unreadable',
    `${sent > size ? 'more' : 'less'} is to be sent than the ${size} bytes of a blob`,
  )
}

/** Resolves when more can be sent, and when nothing more has to be. */
function taken(outgoing: ClientRequest): Promise<void> {
  return new Promise((done) => {
    const events = ['drain', 'response', 'close'] as const
    const finish = () => {
      for (const event of events) outgoing.off(event, finish)
      done()
    }
    for (const event of events) outgoing.once(event, finish)
  })
}
