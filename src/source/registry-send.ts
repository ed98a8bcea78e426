import { LiftError } from '../errors.js'
import { isFinal, reasonOf } from './http-errors.js'
import { type HttpAnswer, type HttpRequest, PATIENCE } from './http-request.js'
import { pause, TRANSIENT } from './registry-http.js'
import type { RegistryAccess, RegistryLine, Repository } from './registry-line.js'
import { notTaken } from './registry-push-errors.js'

/** What came of one try: what was wanted, or a failure that the next try may not meet. */
export type Attempt<T> = { readonly done: T } | { readonly failure: LiftError }

/** Tries as often as patience lasts. Throws the last failure. */
export async function persistent<T>(
  { origin }: Repository,
  { patience = PATIENCE, signal, onStep }: RegistryAccess,
  attempt: () => Promise<Attempt<T>>,
): Promise<T> {
  for (let tried = 0; ; tried++) {
    const outcome = await attempt()
    if ('done' in outcome) return outcome.done
    if (tried >= patience.retries || signal?.aborted) throw outcome.failure
    onStep?.(`${new URL(origin).host}: ${reasonOf(outcome.failure)}; trying again`)
    await pause(Math.min(patience.firstWait * 2 ** tried, patience.longestWait), signal)
  }
}

/** Sends content. Throws LiftError for a failure that is final. */
export async function sent(
  to: { readonly repository: Repository; readonly line: RegistryLine; readonly what: string },
  request: HttpRequest,
): Promise<Attempt<HttpAnswer>> {
  let answer: HttpAnswer
  try {
    answer = await to.line.send(request)
  } catch (error) {
    if (isPassing(error)) return { failure: error }
    throw error
  }
  const { status } = answer
  if (status >= 200 && status <= 204) {
    await answer.drop()
    return { done: answer }
  }
  const failure = await notTaken(to.repository, to.line, answer, to.what)
  if (TRANSIENT.has(status)) return { failure }
  throw failure
}

function isPassing(error: unknown): error is LiftError {
  return error instanceof LiftError && error.code === 'registry-unreachable' && !isFinal(error.cause)
}
