import { Worker } from 'node:worker_threads'
import { fzstdPath } from './fzstd-path.js'

/** Undoes zstd in a thread of its own, piece by piece. */
export interface ZstdThread extends AsyncDisposable {
  /**
   * Gives what a piece makes, and with an empty one checks that the stream has ended. Throws Error for what is no
   * zstd or takes too long, and why the signal was aborted.
   */
  push(piece: Uint8Array, signal: AbortSignal | undefined): Promise<readonly Uint8Array[]>
}

/** What the thread does. Chunks are copied, since they may be views of memory that is used again. */
const CODE = `
const { parentPort, workerData } = require('node:worker_threads')
const { Decompress } = require(workerData)
let out = []
const stream = new Decompress((chunk) => void out.push(Uint8Array.from(chunk)))
parentPort.on('message', (piece) => {
  try {
    stream.push(piece, piece.length === 0)
    parentPort.postMessage({ out }, out.map(({ buffer }) => buffer))
  } catch (error) {
    parentPort.postMessage({ error: error.message })
  }
  out = []
})`

/** A piece takes some hundredths of a second; one that a few hostile bytes make endless is given up, in milliseconds. */
const LONGEST = 10_000
/** The decompressor keeps a window and what it makes of one piece. */
const MEMORY = { maxOldGenerationSizeMb: 256 }

type Answer = { readonly out: readonly Uint8Array[] } | { readonly error: string }

/** Starts the thread: nothing else can end a decompressor that does not come back by itself. */
export function zstdThread(): ZstdThread {
  const worker = new Worker(CODE, {
    eval: true,
    workerData: fzstdPath(),
    execArgv: [],
    resourceLimits: MEMORY,
  })
  return {
    push: (piece, signal) => ask(worker, piece, signal),
    [Symbol.asyncDispose]: async () => {
      await worker.terminate()
    },
  }
}

function ask(
  worker: Worker,
  piece: Uint8Array,
  signal: AbortSignal | undefined,
): Promise<readonly Uint8Array[]> {
  const { promise, resolve, reject } = withResolvers<readonly Uint8Array[]>()
  const onAnswer = (answer: Answer) =>
    'out' in answer ? resolve(answer.out) : reject(new Error(answer.error))
  const onAbort = () => reject(signal?.reason)
  const late = setTimeout(() => reject(new Error('a block in it takes too long to undo')), LONGEST)
  worker.on('message', onAnswer).on('error', reject)
  signal?.addEventListener('abort', onAbort)
  // Copied in any case: a Buffer's own slice is a view.
  const own = Uint8Array.from(piece)
  worker.postMessage(own, [own.buffer])
  if (signal?.aborted) onAbort()
  return promise.finally(() => {
    clearTimeout(late)
    worker.off('message', onAnswer).off('error', reject)
    signal?.removeEventListener('abort', onAbort)
  })
}

/** As Promise.withResolvers, which Node 20 lacks. */
function withResolvers<T>() {
  let resolve!: (value: T) => void
  let reject!: (reason: unknown) => void
  const promise = new Promise<T>((done, fail) => {
    resolve = done
    reject = fail
  })
  return { promise, resolve, reject }
}
