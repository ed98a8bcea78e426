import { LiftError } from '../errors.js'
import { objectOf, textOf } from '../image/json-fields.js'
import type { EngineAnswer, EngineClient } from './engine-client.js'
import { engineMessage, oneLine } from './engine-errors.js'

/**
 * Loads an archive as `docker save` writes it (Engine API, "Import images"). Engines store what it holds when all of
 * it has come, so an interrupted load leaves nothing. Throws LiftError 'engine-failed' with the engine's reason.
 */
export async function loadArchive(
  client: EngineClient,
  archive: () => AsyncIterable<Uint8Array>,
  signal: AbortSignal | undefined,
): Promise<void> {
  const content = { type: 'application/x-tar', open: archive }
  // Not quietly: steps that are told show that a long load goes on.
  const answer = await client.send('POST', '/images/load?quiet=0', { content, signal, patience: 'stream' })
  let failure: string | undefined
  for await (const line of linesOf(answer)) failure ??= failureIn(line)
  if (failure === undefined && answer.status < 300) return
  throw notLoaded(client, failure ?? `status ${answer.status}`)
}

/** Takes a name from an image; with its last one the image goes. Throws LiftError 'engine-failed'. */
export async function removeImage(client: EngineClient, name: string): Promise<void> {
  const path = name.split('/').map(encodeURIComponent).join('/')
  const { status, value } = await client.json('DELETE', `/images/${path}`)
  if (status < 300 || status === 404) return
  throw new LiftError('engine-failed', `${client.engine} does not remove ${name}: ${engineMessage(value)}`)
}

/** A message of an engine is far shorter. */
const LONGEST_LINE = 64 << 10

/** JSON objects, one on a line; what is too long for one is passed over. */
async function* linesOf({ body }: EngineAnswer): AsyncGenerator<string> {
  let rest = ''
  const decoder = new TextDecoder()
  for await (const chunk of body) {
    const lines = `${rest}${decoder.decode(chunk, { stream: true })}`.split('\n')
    rest = lines.pop()!
    if (rest.length > LONGEST_LINE) rest = ''
    yield* lines
  }
  yield rest
}

/** What a line says went wrong: in the stream of an answer that began well, or as the whole answer. */
function failureIn(line: string): string | undefined {
  try {
    const said = objectOf(JSON.parse(line))
    return textOf(said.error) ?? textOf(said.message)
  } catch {
    return undefined
  }
}

function notLoaded({ engine }: EngineClient, why: string): LiftError {
  const message = `${engine} does not load the image: ${oneLine(why)}`
  const isFull = /no space left|disk quota/i.test(why)
  return new LiftError('engine-failed', message, isFull ? { hint: hintForSpace(engine) } : {})
}

function hintForSpace(engine: string): string {
  return `Make room where ${engine} keeps its images, for example by \`${engine.toLowerCase()} system prune\`.`
}
