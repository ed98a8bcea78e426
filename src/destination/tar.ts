import { orderedTree } from '../pack/ordered.js'
import type { Packing } from '../pack/packing.js'
import { planTar, tarBlocks } from '../pack/tar-writer.js'
import type { Destination } from './destination.js'
import { leftOut } from './left-out.js'
import { type Bytes, writeFileOf } from './new-file.js'

/** `tar:FILE`: the root file system, in one archive. */
export const writeTar: Destination['write'] = async (location, packings, options) => {
  const [packing] = packings as [Packing]
  await writeFileOf(location, bytesOf(packing, options.signal), options)
  return { reference: `tar:${location}`, warnings: leftOut(packing) }
}

async function* bytesOf(packing: Packing, signal: AbortSignal | undefined): Bytes<void> {
  const allocate = oneBlock()
  yield* tarBlocks(planTar(orderedTree(packing.tree), packing), { signal, allocate })
}

/** The same memory each time: a block is written before the next one is asked for. */
function oneBlock(): (length: number) => Uint8Array {
  let block = new Uint8Array(0)
  return (length) => {
    if (block.length < length) block = new Uint8Array(length)
    return block.subarray(0, length)
  }
}
