import type { ByteReader } from '../bytes.js'
import { inContext, LiftError } from '../errors.js'
import type { RootFs } from '../rootfs/rootfs.js'
import type { ConfigDocument } from './config.js'
import { optional } from './json-fields.js'
import { findTree, keepTree } from './kept-tree.js'
import { type LayerBlob, type LayerContext, openLayer } from './layer.js'
import { type Layer, layeredTree } from './layered.js'
import { DEFAULT_LIMITS } from './limits.js'
import { bestMatch, formatPlatform, type Platform, platformMatches } from './platform.js'
import { type Tree, treeRootFs } from './tree.js'

/** An image whose layers are opened as one tree. */
export interface OpenedLayers {
  readonly rootfs: RootFs
  /** Of all layers when uncompressed, in bytes, as Docker counts it. */
  readonly size: number
}

/** How much of a layer has come. */
export interface LayerProgress {
  /** The first one is 1. */
  readonly layer: number
  readonly layers: number
  /** Of the blob, in bytes; the layer is through when this is its size. */
  readonly taken: number
  readonly size: number
}

/** Whom to tell of what is being done. */
export interface Listener {
  readonly onStep?: ((step: string) => void) | undefined
  readonly onLayer?: ((progress: LayerProgress) => void) | undefined
}

/** Opens the layers of an image, lowest first, as one tree. Throws LiftError. */
export async function openLayers(
  document: ConfigDocument,
  blobs: readonly LayerBlob[],
  wanted: Platform | undefined,
  what: string,
  context: LayerContext & Listener,
): Promise<OpenedLayers> {
  checkPlatform(document.platform, wanted, what)
  const { diffIds } = document
  if (diffIds.length !== blobs.length) {
    throw new LiftError(
      'unreadable',
      `${what}: its configuration speaks of ${diffIds.length} layers, its manifest of ${blobs.length}`,
    )
  }
  return (await openKept(blobs, context)) ?? (await openAnew(blobs, what, context))
}

/** As an earlier run has left it, where that has all that is needed. */
async function openKept(
  blobs: readonly LayerBlob[],
  { store, budget, signal, onStep }: LayerContext & Listener,
): Promise<OpenedLayers | undefined> {
  // It does not say how long the longest name is.
  if (budget.limits.path < DEFAULT_LIMITS.path) return undefined
  const index = await findTree(store, blobs)
  if (index === undefined) return undefined
  const contents: ByteReader[] = []
  for (const [at, { digest, diffId }] of blobs.entries()) {
    signal?.throwIfAborted()
    onStep?.(`reading ${nameOf(at, blobs)}`)
    const content = await store.find(digest, diffId, signal)
    if (content === undefined) return undefined
    contents.push(content)
  }
  for (const count of index.members) budget.addEntries(count)
  return opened(index.root, contents)
}

async function openAnew(
  blobs: readonly LayerBlob[],
  what: string,
  context: LayerContext & Listener,
): Promise<OpenedLayers> {
  const layers = await openAll(blobs, context, (blob, index, within) => {
    const name = nameOf(index, blobs)
    context.onStep?.(`reading ${name}`)
    const onBytes = counter(blob, index, blobs.length, context)
    return openLayer(blob, `${what}: ${name}`, { ...within, ...optional('onBytes', onBytes) })
  })
  const root = joined(layers, what)
  // A layer that is used where it lies is read as a whole by every run, and tells its members then.
  if (layers.every(({ content }, index) => content !== blobs[index]!.reader))
    keepTree(context.store, blobs, { root, members: layers.map(({ members }) => members.length) })
  return opened(
    root,
    layers.map(({ content }) => content),
  )
}

function nameOf(index: number, layers: readonly LayerBlob[]): string {
  return `layer ${index + 1} of ${layers.length}`
}

function joined(layers: readonly Layer[], what: string): Tree {
  try {
    return layeredTree(layers)
  } catch (error) {
    throw inContext(error, what)
  }
}

function opened(root: Tree, contents: readonly ByteReader[]): OpenedLayers {
  const size = contents.reduce((sum, content) => sum + content.size, 0)
  return { rootfs: treeRootFs(root, contents), size }
}

function counter(
  { size }: LayerBlob,
  index: number,
  layers: number,
  { onLayer }: Listener,
): ((bytes: number) => void) | undefined {
  let taken = 0
  return onLayer === undefined
    ? undefined
    : (bytes) => {
        taken += bytes
        onLayer({ layer: index + 1, layers, taken, size })
      }
}

/** Enough to keep a network and a processor busy at once. */
const AT_A_TIME = 3

/** Opens some at a time, in order; the first failure stops all others. */
async function openAll(
  blobs: readonly LayerBlob[],
  context: LayerContext,
  open: (blob: LayerBlob, index: number, within: LayerContext) => Promise<Layer>,
): Promise<Layer[]> {
  const stop = new AbortController()
  const signal = context.signal === undefined ? stop.signal : AbortSignal.any([context.signal, stop.signal])
  const layers: Layer[] = []
  const failures: unknown[] = []
  let next = 0
  const work = async () => {
    while (next < blobs.length && failures.length === 0) {
      const index = next++
      layers[index] = await open(blobs[index]!, index, { ...context, signal })
    }
  }
  const fail = (error: unknown) => {
    failures.push(error)
    stop.abort()
  }
  await Promise.all(Array.from({ length: AT_A_TIME }, () => work().catch(fail)))
  if (failures.length > 0) throw failures[0]
  return layers
}

function checkPlatform(have: Platform, wanted: Platform | undefined, what: string): void {
  if (wanted === undefined || platformMatches(have, wanted)) return
  if (bestMatch([{ platform: have }], wanted) !== undefined) return
  throw new LiftError(
    'platform-mismatch',
    `${what} is an image for ${formatPlatform(have)}, not for ${formatPlatform(wanted)}`,
    { hint: `Leave --platform out, or write --platform ${formatPlatform(have)}.` },
  )
}
