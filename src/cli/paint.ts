import type { Paint } from '../reading.js'
import type { CommonFlags, Context, Stream } from './context.js'

/** Colours for a stream: none unless it is a terminal and neither NO_COLOR, TERM nor --no-color forbid it. */
export async function paintFor(stream: Stream, context: Context, flags: CommonFlags): Promise<Paint> {
  const { env } = context
  const wanted = stream.isTTY === true && flags.color && !env.NO_COLOR && env.TERM !== 'dumb'
  return wanted ? colours() : (await context.door()).PLAIN
}

async function colours(): Promise<Paint> {
  const { Chalk } = await import('chalk')
  const chalk = new Chalk({ level: 1 })
  return { error: chalk.red, warning: chalk.yellow, note: chalk.cyan, strong: chalk.bold, faint: chalk.dim }
}
