import type { HttpAnswer } from './http-request.js'
import { refused, wholeBody } from './registry-answers.js'
import { type Challenge, parseChallenges } from './registry-challenge.js'
import type { RegistryAccess, Repository } from './registry-line.js'
import { basic, tokenIn, tokenRequest } from './registry-token.js'

/** Turns challenges into the Authorization header of later requests. */
export interface Authoriser {
  /** What to send now; undefined before the first challenge. */
  authorization(): string | undefined
  /**
   * Takes a 401 to a request that was sent with `used`. Gives false when there is nothing more to try.
   * Throws LiftError.
   */
  meet(answer: HttpAnswer, used: string | undefined, signal: AbortSignal | undefined): Promise<boolean>
  /** Takes every secret that was used out of a text. */
  conceal(text: string): string
}

/** An authoriser for one repository; nobody but its registry is told who we are. */
export function authoriser(repository: Repository, access: RegistryAccess): Authoriser {
  const { scopes = [`repository:${repository.path}:pull`] } = access
  const secrets = new Set<string>()
  let authorization: string | undefined
  let fetching: Promise<string> | undefined
  const keep = (secret: string | undefined) => {
    if (!secret) return
    for (const form of [secret, encodeURIComponent(secret), formEncoded(secret)]) secrets.add(form)
  }
  const conceal = (text: string) =>
    [...secrets].reduce((rest, secret) => rest.replaceAll(secret, '***'), text)

  const fetchToken = async ({ parameters }: Challenge, signal: AbortSignal | undefined): Promise<string> => {
    const credentials = await access.credentials()
    keep(credentials?.kind === 'password' ? credentials.password : credentials?.token)
    const request = tokenRequest(parameters, credentials, repository, scopes)
    keep(request.headers?.authorization?.split(' ')[1])
    const answer = await access.http.send({ ...request, signal })
    if (answer.status !== 200) throw await refused(repository, answer, 'a token', conceal)
    const token = tokenIn(await wholeBody(answer, 1 << 20, repository), request.url.host, repository)
    keep(token)
    return `Bearer ${token}`
  }
  /** Three layers at a time, whose token runs out at once, ask for one new token. */
  const freshToken = (challenge: Challenge, signal: AbortSignal | undefined): Promise<string> => {
    fetching ??= fetchToken(challenge, signal).finally(() => {
      fetching = undefined
    })
    return fetching
  }
  const login = async (): Promise<string | undefined> => {
    const credentials = await access.credentials()
    if (credentials?.kind !== 'password') return undefined
    const value = basic(credentials)
    keep(credentials.password)
    keep(value.split(' ')[1])
    return value
  }
  return {
    authorization: () => authorization,
    conceal,
    meet: async (answer, used, signal) => {
      // Where a redirect led has no right to ask.
      if (answer.url.origin !== new URL(repository.origin).origin) return false
      if (used !== authorization) return true
      const challenges = parseChallenges(answer.header('www-authenticate') ?? '')
      const bearer = challenges.find(({ scheme }) => scheme === 'bearer')
      const isBasic = challenges.some(({ scheme }) => scheme === 'basic')
      const next =
        bearer !== undefined ? await freshToken(bearer, signal) : isBasic ? await login() : undefined
      if (next === undefined || (next === used && bearer === undefined)) return false
      authorization = next
      return true
    },
  }
}

function formEncoded(text: string): string {
  return new URLSearchParams({ '': text }).toString().slice(1)
}
