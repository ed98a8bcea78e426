import { LiftError } from '../errors.js'
import type { HttpAnswer } from './http-request.js'
import { errorText, loginFor, TOO_OFTEN } from './registry-answers.js'
import type { RegistryLine, Repository } from './registry-line.js'

/** The error for an answer to what was to be stored, in the registry's own words where it has some. */
export async function notTaken(
  repository: Repository,
  { conceal }: RegistryLine,
  answer: HttpAnswer,
  what: string,
): Promise<LiftError> {
  const said = await errorText(answer, repository, conceal)
  const { name, origin } = repository
  const { status } = answer
  if (status === 401 || status === 403) {
    return new LiftError('registry-denied', `${origin} denies pushing to ${name}: ${said}`, {
      hint: `Log in with \`${loginFor(origin)}\` as one who may push there.`,
    })
  }
  const hint = HINTS[status]
  const message = `${origin} does not take ${what} of ${name}: ${said}`
  return new LiftError('registry-failed', message, hint === undefined ? {} : { hint })
}

const HINTS: Readonly<Record<number, string>> = {
  404: 'Does the repository have to be created first, or is the name another one?',
  405: 'It may only be read: a mirror of another registry is not pushed to.',
  413: 'The registry, or a proxy before it, has a limit of size; ask who runs it to raise that.',
  429: TOO_OFTEN,
  507: 'The registry has no space left.',
}
