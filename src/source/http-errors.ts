import { LiftError } from '../errors.js'
import { oneLine } from './engine-errors.js'

const NOBODY_THERE = new Set(['ENOTFOUND', 'EAI_AGAIN', 'ECONNREFUSED', 'EHOSTUNREACH', 'ENETUNREACH'])
const NO_TRUST = /CERT|^ERR_TLS|^UNABLE_TO_/
const NO_TLS = /^EPROTO$|^ERR_SSL/

/** What the next try would end with as well: nobody there, names and certificates that are wrong. */
export function isFinal(error: unknown): boolean {
  const code = codeOf(error)
  return NOBODY_THERE.has(code) || NO_TRUST.test(code) || NO_TLS.test(code)
}

function codeOf(error: unknown): string {
  const { code, cause } = error as { code?: unknown; cause?: unknown }
  return typeof code === 'string' ? code : cause === undefined || cause === null ? '' : codeOf(cause)
}

/** Why a request failed, on one line. */
export function reasonOf(error: unknown): string {
  const { errors, message } = error as { errors?: unknown[]; message?: string }
  const inner = Array.isArray(errors) ? (errors[0] as Error | undefined)?.message : undefined
  return oneLine(inner || message || codeOf(error) || 'no reason given')
}

/** No answer, and no further try. */
export function unreachable(url: URL, error: unknown): LiftError {
  const message = `the registry ${url.host} cannot be reached: ${reasonOf(error)}`
  return new LiftError('registry-unreachable', message, { cause: error, hint: hintFor(codeOf(error)) })
}

function hintFor(code: string): string {
  if (NO_TLS.test(code)) return 'If it speaks plain HTTP, name it with --insecure-registry.'
  return NO_TRUST.test(code)
    ? 'For a private certificate authority set NODE_EXTRA_CA_CERTS to its certificate.'
    : 'Check the name and the network; proxies are taken from HTTPS_PROXY, HTTP_PROXY and NO_PROXY.'
}

/** Ctrl-C while the registry was being asked. */
export function interrupted(url: URL): LiftError {
  return new LiftError('interrupted', `interrupted while waiting for ${url.host}`)
}
