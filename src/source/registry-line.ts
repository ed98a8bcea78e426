import type { HttpAnswer, HttpRequest, Patience } from './http-request.js'
import type { Credentials } from './registry-auth.js'
import { authoriser } from './registry-authoriser.js'
import type { HttpClient } from './registry-http.js'

/** One repository of one registry. */
export interface Repository {
  /** `https://host[:port]`, or http: for loopback and where the user says so. */
  readonly origin: string
  readonly path: string
  /** As the user wrote the image, for messages. */
  readonly name: string
}

/** What a line works with. */
export interface RegistryAccess {
  readonly http: HttpClient
  /** Asked once, when the registry wants to know who we are. */
  readonly credentials: () => Promise<Credentials | undefined>
  /** What a token has to allow (distribution's "Token Scope Documentation"); pulling from the repository by default. */
  readonly scopes?: readonly string[]
  readonly signal?: AbortSignal | undefined
  readonly patience?: Patience | undefined
  /** Told why something is tried again. */
  readonly onStep?: ((step: string) => void) | undefined
}

/** The way to one repository, for those it knows. */
export interface RegistryLine {
  /** The address of `manifests/latest` and the like. */
  url(what: string): URL
  /** A request, and a second one when the registry wants to know who asks. Throws LiftError. */
  send(request: HttpRequest): Promise<HttpAnswer>
  /** Takes every secret that was used out of a text. */
  conceal(text: string): string
}

/** A line to a repository, on which the registry, and no other host, is told who we are. */
export function registryLine(repository: Repository, access: RegistryAccess): RegistryLine {
  const { origin, path } = repository
  const { http, signal } = access
  const authorisation = authoriser(repository, access)
  const as = (request: HttpRequest, authorization: string | undefined): Promise<HttpAnswer> => {
    const isElsewhere = request.url.origin !== new URL(origin).origin
    if (authorization === undefined || isElsewhere) return http.send(request)
    return http.send({ ...request, headers: { ...request.headers, authorization } })
  }
  return {
    url: (what) => new URL(`${origin}/v2/${path}/${what}`),
    send: async (asked) => {
      const request = { signal, ...asked }
      const used = authorisation.authorization()
      const answer = await as(request, used)
      const isMet = answer.status === 401 && (await authorisation.meet(answer, used, request.signal))
      if (!isMet) return answer
      await answer.drop()
      return as(request, authorisation.authorization())
    },
    conceal: authorisation.conceal,
  }
}
