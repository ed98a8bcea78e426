import { LiftError } from '../errors.js'
import type { Digest } from '../image/digest.js'
import type { Content } from './http-content.js'
import { type RegistryAccess, type RegistryLine, type Repository, registryLine } from './registry-line.js'
import { notTaken } from './registry-push-errors.js'
import { type Attempt, persistent, sent } from './registry-send.js'
import { cancelUpload, completeUpload, startUpload } from './registry-upload.js'

/** A blob to be sent, which may have to be sent again. */
export interface NewBlob extends Content {
  readonly digest: Digest
  readonly size: number
}

/** A manifest or an index to be sent. */
export interface NewManifest {
  readonly bytes: Uint8Array
  readonly mediaType: string
  readonly digest: Digest
}

/** How a repository came to a blob. */
export type Arrival = 'there' | 'mounted' | 'sent'

/** The push side of the distribution specification. */
export interface RegistryWriter {
  /** Makes the repository have a blob: sends it only where nothing else helps. `what` names it in errors. */
  blob(blob: NewBlob, what: string): Promise<Arrival>
  /** Puts a manifest under a tag or its digest; all it names has to be there. */
  manifest(reference: string, manifest: NewManifest): Promise<void>
}

/**
 * A writer to one repository, which takes blobs over from the repository `from` of the same registry where one is
 * named and has them. Its functions throw LiftError.
 */
export function registryWriter(
  repository: Repository,
  access: RegistryAccess,
  from?: string,
): RegistryWriter {
  const other = from === undefined ? [] : [`repository:${from}:pull`]
  const scopes = [`repository:${repository.path}:pull,push`, ...other]
  const line = registryLine(repository, { ...access, scopes })
  return {
    blob: (blob, what) =>
      persistent(repository, access, () => ensureBlob({ repository, line, from, what }, blob)),
    manifest: (reference, manifest) =>
      persistent(repository, access, () => putManifest({ repository, line }, reference, manifest)),
  }
}

/** One blob on its way. */
export interface Transfer {
  readonly repository: Repository
  readonly line: RegistryLine
  /** Another repository of the registry that may have it. */
  readonly from: string | undefined
  /** What the blob is, for messages. */
  readonly what: string
}

async function ensureBlob(transfer: Transfer, blob: NewBlob): Promise<Attempt<Arrival>> {
  if (await isThere(transfer, blob)) return { done: 'there' }
  const upload = await startUpload(transfer, blob)
  if (upload === 'mounted') return { done: 'mounted' }
  let attempt: Attempt<unknown> | undefined
  try {
    attempt = await completeUpload(transfer, upload, blob)
    return 'failure' in attempt ? attempt : { done: 'sent' }
  } finally {
    if (attempt === undefined || 'failure' in attempt) await cancelUpload(transfer, upload)
  }
}

/** Whether the registry has the blob already; where it says neither, it is sent. */
async function isThere({ line, repository, what }: Transfer, { digest }: NewBlob): Promise<boolean> {
  const url = line.url(`blobs/${digest}`)
  const answer = await line.send({ method: 'HEAD', url })
  const isDenied = answer.status === 401 || answer.status === 403
  if (isDenied && answer.url.origin === url.origin) throw await notTaken(repository, line, answer, what)
  await answer.drop()
  return answer.status === 200
}

async function putManifest(
  { repository, line }: Pick<Transfer, 'repository' | 'line'>,
  reference: string,
  { bytes, mediaType, digest }: NewManifest,
): Promise<Attempt<void>> {
  const request = {
    method: 'PUT' as const,
    url: line.url(`manifests/${reference}`),
    headers: { 'content-type': mediaType },
    content: {
      size: bytes.length,
      open: async function* () {
        yield bytes
      },
    },
  }
  const attempt = await sent({ repository, line, what: 'the manifest' }, request)
  if ('failure' in attempt) return attempt
  const stored = attempt.done.header('docker-content-digest')
  if (stored === undefined || stored === digest) return { done: undefined }
  throw new LiftError('registry-failed', `${repository.origin} has stored another manifest than was sent`)
}
