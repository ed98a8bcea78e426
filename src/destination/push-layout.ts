import type { Descriptor } from '../image/manifest.js'
import type { ImageName } from '../image/reference.js'
import type { NewManifest, RegistryWriter } from '../source/registry-push.js'
import type { Blob, PackedLayout } from './packed-layout.js'

/** Pushes what is named before what names it, so that the registry never has an image with a part missing. */
export async function pushLayout(
  writer: RegistryWriter,
  { blobs, top }: PackedLayout,
  { text, tag = 'latest' }: ImageName,
  onStep: ((step: string) => void) | undefined,
): Promise<void> {
  const layers = blobs.filter(isLayer)
  for (const blob of blobs) {
    const { digest, size } = blob.descriptor
    if (digest === top.descriptor.digest) continue
    if (isManifest(blob)) {
      await writer.manifest(digest, await manifestOf(blob))
      continue
    }
    const what = isLayer(blob) ? `layer ${layers.indexOf(blob) + 1} of ${layers.length}` : 'the configuration'
    if (isLayer(blob)) onStep?.(`pushing ${what}, ${mebibytes(size)}`)
    await writer.blob({ digest, size, open: blob.open }, what)
  }
  onStep?.(`pushing ${text}`)
  const { mediaType, digest } = top.descriptor
  await writer.manifest(tag, { bytes: top.bytes, mediaType, digest })
}

function isLayer({ descriptor }: Blob): boolean {
  return descriptor.mediaType.includes('.layer.')
}

function isManifest({ descriptor }: { readonly descriptor: Descriptor }): boolean {
  return /\.(manifest|index)\./.test(descriptor.mediaType)
}

async function manifestOf({ descriptor, open }: Blob): Promise<NewManifest> {
  const parts: Uint8Array[] = []
  for await (const part of open()) parts.push(part)
  const { mediaType, digest } = descriptor
  return { bytes: Buffer.concat(parts), mediaType, digest }
}

function mebibytes(bytes: number): string {
  return `${(bytes / (1 << 20)).toFixed(1)} MiB`
}
