import { LiftError } from '../errors.js'
import { objectOf, objectsOf, parseJson, textOf } from '../image/json-fields.js'
import { oneLine } from './engine-errors.js'
import type { HttpAnswer } from './http-request.js'
import type { Repository } from './registry-line.js'

/** A whole body, at most so many bytes. Throws LiftError 'limit' or 'registry-failed'. */
export async function wholeBody(
  answer: HttpAnswer,
  most: number,
  repository: Repository,
): Promise<Uint8Array> {
  const parts: Uint8Array[] = []
  let total = 0
  try {
    for await (const chunk of answer.body) {
      total += chunk.length
      if (total > most) throw tooLarge(repository)
      parts.push(chunk)
    }
  } catch (error) {
    throw error instanceof LiftError ? error : brokenOff(repository, error)
  }
  return Buffer.concat(parts)
}

/** A document that is none by its size. */
export function tooLarge({ name }: Repository): LiftError {
  return new LiftError('limit', `a manifest or configuration of ${name} is larger than any real one`)
}

/** An answer that stopped in its middle. */
export function brokenOff({ name, origin }: Repository, error: unknown): LiftError {
  const why = oneLine((error as Error).message)
  return new LiftError('registry-failed', `${origin} broke off while sending ${name}: ${why}`, {
    cause: error,
    hint: 'Try again; layers that came whole are kept.',
  })
}

/**
 * The error for an answer of another status than the one hoped for, in the registry's own words where it has some
 * (distribution-spec, "Error Codes"). `conceal` takes our secrets out of them.
 */
export async function refused(
  repository: Repository,
  answer: HttpAnswer,
  what: string,
  conceal: (text: string) => string,
): Promise<LiftError> {
  const said = await errorText(answer, repository, conceal)
  const { name, origin } = repository
  const { status } = answer
  if (status === 401 || status === 403) {
    return new LiftError('registry-denied', `${origin} denies ${name}: ${said}`, {
      hint: `Log in with \`${loginFor(origin)}\`, or check the name.`,
    })
  }
  const message = `${origin} does not give ${what} of ${name}: ${said}`
  return new LiftError('registry-failed', message, status === 429 ? { hint: TOO_OFTEN } : {})
}

export const TOO_OFTEN = 'The registry limits how often it is asked: log in, use a mirror, or wait.'

/** Docker's own registry goes without a name there. */
export function loginFor(origin: string): string {
  const { host } = new URL(origin)
  return host === 'registry-1.docker.io' ? 'docker login' : `docker login ${host}`
}

/** What the registry says of an error, or else its status. */
export async function errorText(
  answer: HttpAnswer,
  repository: Repository,
  conceal: (text: string) => string,
): Promise<string> {
  const fallback = `status ${answer.status}`
  try {
    const bytes = await wholeBody(answer, 64 << 10, repository)
    const [first] = objectsOf(objectOf(parseJson(bytes, 'the answer')).errors)
    const words = [textOf(first?.code), textOf(first?.message)].filter((word) => word !== undefined)
    return words.length === 0 ? fallback : oneLine(conceal(words.join(': ')))
  } catch {
    return fallback
  }
}
