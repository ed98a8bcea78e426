import { LiftError } from '../errors.js'
import { objectOf, textOf } from '../image/json-fields.js'
import type { HttpRequest } from './http-request.js'
import type { Credentials } from './registry-auth.js'
import type { Repository } from './registry-line.js'

/**
 * The request for a token that allows what the scopes say: by GET (distribution's "Token Authentication Specification"), with an
 * identity token by POST (its OAuth2 variant). Throws LiftError 'registry-failed' when the realm is not safe.
 */
export function tokenRequest(
  { realm, service }: Readonly<Record<string, string>>,
  credentials: Credentials | undefined,
  repository: Repository,
  scopes: readonly string[],
): HttpRequest {
  const url = realmOf(realm, repository)
  if (credentials?.kind === 'identity-token') {
    return oauthRequest(url, service, scopes.join(' '), credentials.token)
  }
  if (service !== undefined) url.searchParams.set('service', service)
  url.searchParams.delete('scope')
  for (const scope of scopes) url.searchParams.append('scope', scope)
  return credentials === undefined ? { url } : { url, headers: { authorization: basic(credentials) } }
}

/** The value of an Authorization header (RFC 7617). */
export function basic({
  username,
  password,
}: {
  readonly username: string
  readonly password: string
}): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`
}

/** Credentials go to the realm, so it must be as safe as the registry. */
function realmOf(realm: string | undefined, { origin, name }: Repository): URL {
  try {
    const url = new URL(realm ?? '')
    if (url.protocol === 'https:' || (url.protocol === 'http:' && origin.startsWith('http:'))) return url
  } catch {
    // Said below.
  }
  throw new LiftError('registry-failed', `${origin} sends us to no safe place for a token for ${name}`)
}

function oauthRequest(url: URL, service: string | undefined, scope: string, token: string): HttpRequest {
  const body = new URLSearchParams({
    grant_type: 'refresh_token',
    client_id: 'liftbin',
    refresh_token: token,
    scope,
    ...(service === undefined ? {} : { service }),
  })
  const headers = { 'content-type': 'application/x-www-form-urlencoded' }
  return { method: 'POST', url, headers, body: body.toString() }
}

/** The token in the answer of a token service. Throws LiftError 'registry-failed', which quotes nothing of it. */
export function tokenIn(answer: Uint8Array, service: string, { name }: Repository): string {
  try {
    const said = objectOf(JSON.parse(Buffer.from(answer).toString('utf8')))
    const token = textOf(said.token) ?? textOf(said.access_token)
    if (token !== undefined && /^[\x21-\x7e]+$/.test(token)) return token
  } catch {
    // Said below.
  }
  throw new LiftError('registry-failed', `${service} gives no token for ${name}`)
}
