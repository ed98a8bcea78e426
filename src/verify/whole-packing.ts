import { LiftError } from '../errors.js'
import type { Image } from '../image/image.js'
import type { TreeEntry } from '../lift/tree.js'
import type { Packing } from '../pack/packing.js'
import type { RootFs } from '../rootfs/rootfs.js'
import { walk } from '../rootfs/walk.js'

/** All of an image, to be run elsewhere. Throws LiftError 'limit' where that is too much for it. */
export async function wholePacking(image: Image, signal: AbortSignal | undefined): Promise<Packing> {
  const { platform, rootfs, config } = image
  return {
    platform,
    tree: await wholeTree(rootfs, signal),
    open: rootfs.open,
    config,
    annotations: {},
    createdBy: 'liftbin verify',
  }
}

/** Most bytes and files of an image that is unpacked to be run. */
const MOST_BYTES = 8 * 2 ** 30
const MOST_FILES = 600_000

async function wholeTree(rootfs: RootFs, signal: AbortSignal | undefined): Promise<readonly TreeEntry[]> {
  const tree: TreeEntry[] = []
  let size = 0
  for await (const entry of walk(rootfs, '/')) {
    if (signal?.aborted) throw new LiftError('interrupted', 'interrupted while the image was unpacked')
    if (entry.kind === 'file') size += entry.size
    if (size > MOST_BYTES || tree.length >= MOST_FILES) throw tooLarge()
    tree.push({ entry, role: 'data' })
  }
  return tree
}

function tooLarge(): LiftError {
  return new LiftError('limit', 'the image is too large to be unpacked for a run', {
    hint: 'Give it to an engine and verify docker:NAME or podman:NAME; or unpack it yourself and verify dir:DIR.',
  })
}
