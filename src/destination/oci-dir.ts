import { existsSync, lstatSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { unreadable } from '../bytes.js'
import { LiftError } from '../errors.js'
import { parseHostLocation } from '../source/host-location.js'
import type { Destination, WriteOptions } from './destination.js'
import { LAYOUT_FILE, layoutIndex } from './layout-index.js'
import { makeDirectory, removeMade } from './new-directory.js'
import { type Bytes, notWritten, writeFileOf } from './new-file.js'
import { checkTag } from './oci-archive.js'
import { type Blob, packLayout, writtenAs } from './packed-layout.js'

/**
 * `oci-dir:DIR[:TAG]`: an OCI image layout in a directory. What is there already stays, but for the tag; the index is
 * written last, so that whatever it names is there.
 */
export const writeOciDir: Destination['write'] = async (location, packings, options) => {
  const { path, name } = parseHostLocation(location)
  checkTag(name)
  checkLayout(path)
  await using layout = await packLayout(packings, options)
  options.onStep?.(`writing ${path}`)
  const made: string[] = []
  const written: string[] = []
  try {
    makeDirectory(join(path, 'blobs/sha256'), made)
    for (const blob of layout.blobs) await writeBlob(path, blob, written, options)
    await writeSmall(path, LAYOUT_FILE.name, LAYOUT_FILE.bytes, written, options)
    const earlier = readIndex(path)
    const index = layoutIndex(layout.top.descriptor, name, earlier, join(path, 'index.json'))
    await writeFileOf(join(path, 'index.json'), once(index), options)
  } catch (error) {
    for (const file of written) rmSync(file, { force: true })
    removeMade(made)
    throw error
  }
  return writtenAs(`oci-dir:${location}`, layout, packings)
}

/** Throws LiftError 'output' for what is no layout and no empty directory, before there is any work. */
function checkLayout(path: string): void {
  try {
    const found = statSync(path, { throwIfNoEntry: false })
    if (found === undefined || (found.isDirectory() && isLayout(path))) return
  } catch (error) {
    throw notWritten(path, error)
  }
  throw new LiftError('output', `${path} is there, and is no OCI image layout`, {
    hint: 'Write to a new or empty directory, or to a layout.',
  })
}

/** Or may become one. */
function isLayout(path: string): boolean {
  const index = statSync(join(path, 'index.json'), { throwIfNoEntry: false })
  return index?.isFile() ?? readdirSync(path).length === 0
}

/** A blob that is there already is the same one. */
async function writeBlob(path: string, blob: Blob, written: string[], options: WriteOptions): Promise<void> {
  const { digest, size } = blob.descriptor
  const file = join(path, 'blobs', digest.replace(':', '/'))
  if (lstatSync(file, { throwIfNoEntry: false })?.size === size) return
  await writeFileOf(file, blob.open(), options)
  written.push(file)
}

async function writeSmall(
  path: string,
  name: string,
  bytes: Uint8Array,
  written: string[],
  options: WriteOptions,
): Promise<void> {
  const file = join(path, name)
  if (existsSync(file)) return
  await writeFileOf(file, once(bytes), options)
  written.push(file)
}

function readIndex(path: string): Uint8Array | undefined {
  const file = join(path, 'index.json')
  try {
    return existsSync(file) ? readFileSync(file) : undefined
  } catch (error) {
    throw unreadable(file, error)
  }
}

async function* once(bytes: Uint8Array): Bytes<void> {
  yield bytes
}
