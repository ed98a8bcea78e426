import type { Context } from './context.js'
import { EXIT } from './exit-code.js'
import { explain, run } from './program.js'
import { streamOf } from './streams.js'

const interrupt = new AbortController()

/** The first signal lets the command clean up; a second one does not wait for it. */
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => {
    if (interrupt.signal.aborted) process.exit(EXIT.interrupted)
    interrupt.abort()
  })
}

const context: Context = {
  out: streamOf(1, () => process.stdout),
  err: streamOf(2, () => process.stderr),
  env: process.env,
  signal: interrupt.signal,
  door: () => import('../reading.js'),
  wholeDoor: () => import('../index.js'),
}

const argv = process.argv.slice(2)

/** What no promise carries: an event that nobody listens to. The status is as for any other error. */
process.once('uncaughtException', (error) => {
  const verbose = argv.some((word) => word === '-v' || word === '--verbose')
  explain(error, context, { verbose, color: false, progress: false }).then(end)
})

run(argv, context).then(end)

function end(status: number): void {
  process.exit(interrupt.signal.aborted ? EXIT.interrupted : status)
}
