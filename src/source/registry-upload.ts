import { LiftError } from '../errors.js'
import type { HttpAnswer } from './http-request.js'
import type { NewBlob, Transfer } from './registry-push.js'
import { notTaken } from './registry-push-errors.js'
import { type Attempt, sent } from './registry-send.js'

/**
 * Opens an upload and gives its address, or lets the registry take the blob from the other repository
 * (distribution-spec, "Mounting a blob from another repository"). Throws LiftError.
 */
export async function startUpload(transfer: Transfer, { digest }: NewBlob): Promise<URL | 'mounted'> {
  const { from, line } = transfer
  if (from !== undefined) {
    const query = new URLSearchParams({ mount: digest, from })
    const answer = await post(transfer, `?${query}`)
    await answer.drop()
    if (answer.status === 201) return 'mounted'
    if (answer.status === 202) return uploadOf(transfer, answer)
  }
  const answer = await post(transfer, '')
  if (answer.status !== 202) throw await notTaken(transfer.repository, line, answer, transfer.what)
  await answer.drop()
  return uploadOf(transfer, answer)
}

function post({ line }: Transfer, query: string): Promise<HttpAnswer> {
  return line.send({
    method: 'POST',
    url: line.url(`blobs/uploads/${query}`),
    headers: { 'content-length': '0' },
  })
}

/**
 * The place that the registry names, never a less safe one: a registry behind a proxy may believe that it speaks
 * plain HTTP.
 */
function uploadOf({ repository }: Transfer, answer: HttpAnswer): URL {
  const location = answer.header('location') ?? ''
  const isAddress = location !== '' && URL.canParse(location, answer.url.href)
  const upload = isAddress ? new URL(location, answer.url) : undefined
  const isSecure = answer.url.protocol === 'https:'
  if (isSecure && upload?.protocol === 'http:' && upload.hostname === answer.url.hostname) {
    upload.protocol = 'https:'
    upload.port = answer.url.port
  }
  if (upload?.protocol === 'https:' || (upload?.protocol === 'http:' && !isSecure)) return upload
  throw new LiftError('registry-failed', `${repository.origin} names no safe place to upload to`)
}

/** Sends all of the blob in one request (distribution-spec, "POST then PUT"). Throws LiftError. */
export function completeUpload(
  transfer: Transfer,
  upload: URL,
  { digest, size, open }: NewBlob,
): Promise<Attempt<HttpAnswer>> {
  const url = new URL(upload)
  url.search = `${url.search === '' ? '?' : `${url.search}&`}digest=${encodeURIComponent(digest)}`
  const headers = { 'content-type': 'application/octet-stream' }
  return sent(transfer, { method: 'PUT', url, headers, content: { size, open } })
}

/** For a word to the registry after which nobody asks, in milliseconds. */
const LAST_WORD = 2000

/** Tells the registry that it may forget an upload; it would by itself, but late. */
export async function cancelUpload({ line }: Transfer, upload: URL): Promise<void> {
  try {
    const signal = AbortSignal.timeout(LAST_WORD)
    const answer = await line.send({ method: 'DELETE', url: upload, signal })
    await answer.drop()
  } catch {
    // What failed before is what matters.
  }
}
