import { existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { LiftError } from '../errors.js'
import type { Destination, WriteOptions } from './destination.js'
import { LAYOUT_FILE, layoutIndex } from './layout-index.js'
import { leftOut } from './left-out.js'
import { parseNewLocation } from './location.js'
import { type Bytes, notWritten, writeFileOf } from './new-file.js'
import { checkTag } from './oci-archive.js'
import { type Blob, packLayout } from './packed-layout.js'

/**
 * `oci-dir:DIR[:TAG]`: an OCI image layout in a directory. What is there already stays, but for the tag; the index is
 * written last, so that whatever it names is there.
 */
export const writeOciDir: Destination['write'] = async (location, packings, options) => {
  const { path, name } = parseNewLocation(location)
  checkTag(name)
  checkLayout(path)
  await using layout = await packLayout(packings, options)
  options.onStep?.(`writing ${path}`)
  const undo: string[] = []
  try {
    for (const directory of [path, join(path, 'blobs'), join(path, 'blobs/sha256')]) make(directory, undo)
    for (const blob of layout.blobs) await writeBlob(path, blob, undo, options)
    await writeSmall(path, LAYOUT_FILE.name, LAYOUT_FILE.bytes, undo, options)
    const earlier = readIndex(path)
    const index = layoutIndex(layout.top.descriptor, name, earlier, join(path, 'index.json'))
    await writeFileOf(join(path, 'index.json'), once(index), options)
  } catch (error) {
    for (const made of undo.reverse()) rmSync(made, { recursive: true, force: true })
    throw error
  }
  const { descriptor } = layout.top
  return {
    reference: `oci-dir:${location}`,
    digest: descriptor.digest,
    ...(layout.imageId === undefined ? {} : { imageId: layout.imageId }),
    warnings: packings.flatMap(leftOut),
  }
}

/** Throws LiftError 'output' for a directory of something else, before there is any work. */
function checkLayout(path: string): void {
  const found = lstatSync(path, { throwIfNoEntry: false })
  if (found === undefined || existsSync(join(path, 'index.json'))) return
  if (found.isDirectory() && isEmpty(path)) return
  throw new LiftError('output', `${path} is there, and is no OCI image layout`, {
    hint: 'Write to a new or empty directory, or to a layout.',
  })
}

function isEmpty(path: string): boolean {
  return readdirSync(path).length === 0
}

function make(directory: string, undo: string[]): void {
  try {
    if (mkdirSync(directory, { recursive: true }) !== undefined) undo.push(directory)
  } catch (error) {
    throw notWritten(directory, error)
  }
}

/** A blob that is there already is the same one. */
async function writeBlob(path: string, blob: Blob, undo: string[], options: WriteOptions): Promise<void> {
  const { digest, size } = blob.descriptor
  const file = join(path, 'blobs', digest.replace(':', '/'))
  if (lstatSync(file, { throwIfNoEntry: false })?.size === size) return
  await writeFileOf(file, blob.open(), options)
  undo.push(file)
}

async function writeSmall(
  path: string,
  name: string,
  bytes: Uint8Array,
  undo: string[],
  options: WriteOptions,
): Promise<void> {
  const file = join(path, name)
  if (existsSync(file)) return
  await writeFileOf(file, once(bytes), options)
  undo.push(file)
}

function readIndex(path: string): Uint8Array | undefined {
  const file = join(path, 'index.json')
  return existsSync(file) ? readFileSync(file) : undefined
}

async function* once(bytes: Uint8Array): Bytes<void> {
  yield bytes
}
