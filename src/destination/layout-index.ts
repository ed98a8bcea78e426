import { LiftError } from '../errors.js'
import { type JsonObject, objectOf, objectsOf, parseJson } from '../image/json-fields.js'
import type { Descriptor } from '../image/manifest.js'
import { MEDIA_TYPES, plainDescriptor } from '../pack/image-documents.js'

/** The mark of a layout (OCI image-spec, "oci-layout file"). */
export const LAYOUT_FILE = {
  name: 'oci-layout',
  bytes: Buffer.from('{"imageLayoutVersion":"1.0.0"}'),
} as const

/** The annotation that gives an entry its tag. */
const REF_NAME = 'org.opencontainers.image.ref.name'

/**
 * The `index.json` of a layout with this image in it, in place of the one that had its tag, or no tag as it has none.
 * What else stands in an earlier index stays as it is. Throws LiftError 'unreadable' where that is none.
 */
export function layoutIndex(
  top: Descriptor,
  tag: string | undefined,
  earlier: Uint8Array | undefined,
  what: string,
): Uint8Array {
  const given = earlier === undefined ? {} : objectOf(parseJson(earlier, what))
  if (earlier !== undefined && !Array.isArray(given.manifests))
    throw new LiftError('unreadable', `${what} is no index of an OCI image layout`)
  const kept = objectsOf(given.manifests).filter((entry) => tagOf(entry) !== tag)
  const entry = plainDescriptor(top, tag === undefined ? {} : { [REF_NAME]: tag })
  const fresh = { schemaVersion: 2, mediaType: MEDIA_TYPES.index }
  return Buffer.from(JSON.stringify({ ...fresh, ...given, manifests: [...kept, entry] }))
}

function tagOf({ annotations }: JsonObject): unknown {
  return objectOf(annotations)[REF_NAME]
}
