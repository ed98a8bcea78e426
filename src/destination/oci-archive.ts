import { LiftError } from '../errors.js'
import { member, memberHeader } from '../pack/docker-archive.js'
import { padded, TAR_BLOCK } from '../pack/tar-member.js'
import { parseHostLocation } from '../source/host-location.js'
import type { Destination } from './destination.js'
import { LAYOUT_FILE, layoutIndex } from './layout-index.js'
import { type Bytes, writeFileOf } from './new-file.js'
import { type PackedLayout, packLayout, writtenAs } from './packed-layout.js'

/** `oci-archive:FILE[:TAG]`: an OCI image layout in a tar, which takes the place of an earlier file. */
export const writeOciArchive: Destination['write'] = async (location, packings, options) => {
  const { path, name } = parseHostLocation(location)
  checkTag(name)
  await using layout = await packLayout(packings, options)
  options.onStep?.(`writing ${path}`)
  await writeFileOf(path, bytesOf(layout, name), options)
  return writtenAs(`oci-archive:${location}`, layout, packings)
}

async function* bytesOf({ blobs, top }: PackedLayout, tag: string | undefined): Bytes<void> {
  yield* member(LAYOUT_FILE.name, LAYOUT_FILE.bytes)
  yield* member('index.json', layoutIndex(top.descriptor, tag, undefined, 'index.json'))
  for (const { descriptor, open } of blobs) {
    const { digest, size } = descriptor
    yield memberHeader(`blobs/${digest.replace(':', '/')}`, size)
    yield* open()
    yield new Uint8Array(padded(size) - size)
  }
  yield new Uint8Array(2 * TAR_BLOCK)
}

/** Throws LiftError 'usage' unless it is a name for an entry (OCI image-spec, "Annotations", the grammar of ref.name). */
export function checkTag(tag: string | undefined): void {
  if (tag === undefined || /^[A-Za-z0-9]+([-._:@/+]+[A-Za-z0-9]+)*$|^[A-Za-z0-9_][\w.-]{0,127}$/.test(tag))
    return
  throw new LiftError('usage', `${JSON.stringify(tag)} is not a tag`, {
    hint: 'Write a word of letters, digits, dots and dashes, for example 1.0.',
  })
}
