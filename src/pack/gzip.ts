import { availableParallelism } from 'node:os'
import { Worker } from 'node:worker_threads'
import { LiftError } from '../errors.js'
import { fflatePath } from './fflate-path.js'

/** Threads that compress. */
export interface GzipThreads extends AsyncDisposable {
  /** The compressed bytes of some blocks, one after the other. Takes the blocks' memory. */
  compress(blocks: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array>
}

/**
 * What a thread does: each block becomes a member of its own, which gzip reads as one file (RFC 1952, 2.2), without
 * a time and from an unknown system. The level, and how much memory is used, are part of the result.
 */
const CODE = `
const { parentPort, workerData } = require('node:worker_threads')
const { gzipSync } = require(workerData)
parentPort.on('message', (block) => {
  const out = gzipSync(block, { level: 3, mem: 8, mtime: 0 })
  out[9] = 255
  parentPort.postMessage(out, [out.buffer])
})`

/** More than this wait for the disk. */
const MOST_THREADS = 8

/**
 * Threads that compress in JavaScript, so that the bytes are the same on any machine: those of Node's own zlib depend
 * on its version and on the processor. How many threads there are changes nothing in the bytes.
 */
export function gzipThreads(count = Math.min(MOST_THREADS, availableParallelism())): GzipThreads {
  const threads: GzipThread[] = []
  let next = 0
  const compressed = (block: Uint8Array): Promise<Uint8Array> => {
    const index = next++ % count
    threads[index] ??= gzipThread()
    const answer = threads[index].compress(block)
    // Whoever waits for an earlier block learns of it later.
    answer.catch(() => {})
    return answer
  }
  return {
    compress: async function* (blocks) {
      const waiting: Promise<Uint8Array>[] = []
      for await (const block of blocks) {
        waiting.push(compressed(block))
        if (waiting.length >= 2 * count) yield await waiting.shift()!
      }
      for (const answer of waiting) yield await answer
    },
    [Symbol.asyncDispose]: async () => {
      await Promise.all(threads.map((thread) => thread.stop()))
    },
  }
}

interface GzipThread {
  compress(block: Uint8Array): Promise<Uint8Array>
  stop(): Promise<unknown>
}

function gzipThread(): GzipThread {
  const worker = new Worker(CODE, { eval: true, workerData: fflatePath(), execArgv: [] })
  let asked: { readonly done: (bytes: Uint8Array) => void; readonly fail: (reason: unknown) => void }[] = []
  const fail = (cause: unknown) => {
    const error = new LiftError('output', 'the thread that compresses has ended', { cause })
    for (const one of asked) one.fail(error)
    asked = []
  }
  worker.on('message', (bytes: Uint8Array) => asked.shift()?.done(bytes))
  worker.on('error', fail).on('exit', fail)
  return {
    compress: (block) =>
      new Promise((done, fail) => {
        asked.push({ done, fail })
        worker.postMessage(block, [block.buffer as ArrayBuffer])
      }),
    stop: () => worker.terminate(),
  }
}
