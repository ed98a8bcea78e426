import { LiftError } from '../errors.js'
import { type Digest, hasherFor } from '../image/digest.js'
import { parseImageName } from '../image/reference.js'
import { configDocument, type LayerHistory } from './image-documents.js'
import { layersOf } from './layers.js'
import type { Packing } from './packing.js'
import { padded, TAR_BLOCK, tarHeader } from './tar-member.js'
import { planTar, type TarWriting, tarBlocks } from './tar-writer.js'

/**
 * What `docker save` writes and `docker load` and `podman load` take, in one pass and with nothing kept: layers come
 * first, since their digests are known only at their end. Gives the image's ID at the end.
 * Throws LiftError: 'unreadable', 'unsupported', 'interrupted'.
 */
export async function* dockerArchive(
  packing: Packing,
  names: readonly string[],
  writing: Pick<TarWriting, 'signal'> = {},
): AsyncGenerator<Uint8Array, Digest, void> {
  const layers: (LayerHistory & { readonly name: string })[] = []
  for (const [index, { comment, entries }] of layersOf(packing.tree).entries()) {
    const name = `layer-${index + 1}.tar`
    const plan = planTar(entries, packing)
    const hasher = hasherFor()
    yield memberHeader(name, plan.size)
    for await (const block of tarBlocks(plan, writing)) {
      hasher.update(block)
      yield block
    }
    layers.push({ name, comment, diffId: hasher.check(name) })
  }
  const { descriptor, bytes } = configDocument(packing, layers)
  const config = `${descriptor.digest.slice('sha256:'.length)}.json`
  yield* member(config, bytes)
  const tags = names.length === 0 ? null : names
  const manifest = [{ Config: config, RepoTags: tags, Layers: layers.map(({ name }) => name) }]
  yield* member('manifest.json', Buffer.from(JSON.stringify(manifest)))
  yield new Uint8Array(2 * TAR_BLOCK)
  return descriptor.digest
}

/** A member of an archive of blobs: nobody's, readable by all, of no time. */
export function memberHeader(name: string, size: number): Uint8Array {
  return tarHeader({ type: 'file', name, mode: 0o644, uid: 0, gid: 0, mtime: 0, size })
}

/** A small member, whole. */
export function* member(name: string, bytes: Uint8Array): Generator<Uint8Array> {
  yield memberHeader(name, bytes.length)
  yield bytes
  yield new Uint8Array(padded(bytes.length) - bytes.length)
}

/** A name as `docker tag` and `docker save` have it: short where it is Docker's own, with its tag. */
export function tagName(text: string): string {
  const { name, tag, digest } = parseImageName(text)
  if (digest !== undefined) {
    throw new LiftError('usage', `${JSON.stringify(text)} has a digest, which no new image can be given`, {
      hint: 'Write name[:tag].',
    })
  }
  const short = name.replace(/^(index\.)?docker\.io\/(library\/)?/, '').replace(/^library\//, '')
  return `${short}:${tag ?? 'latest'}`
}
