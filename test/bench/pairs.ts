import { spawnSync } from 'node:child_process'

/** A command line: the program first. */
export type Command = readonly [string, ...string[]]

/** What pairs of runs gave: the median of their ratios, and the smallest and the largest one. */
export interface Ratio {
  readonly median: number
  readonly min: number
  readonly max: number
  readonly pairs: number
}

/**
 * Runs A B A B …, whole processes, after one of each that is not counted and fills the caches. What else the
 * machine does falls on both of a pair, so their ratio says more than either time.
 */
export function ratioOf(a: Command, b: Command, pairs: number): Ratio {
  time(a)
  time(b)
  const ratios = Array.from({ length: pairs }, () => time(a) / time(b)).sort((x, y) => x - y)
  return { median: medianOf(ratios), min: ratios[0]!, max: ratios.at(-1)!, pairs }
}

/** Throws when the command fails: the time of a failure is no measurement. */
function time([program, ...args]: Command): number {
  const began = process.hrtime.bigint()
  const { status } = spawnSync(program, args, { stdio: 'ignore', env: ENVIRONMENT })
  const took = Number(process.hrtime.bigint() - began)
  // Once more, to hear why.
  if (status !== 0) run([program, ...args])
  return took
}

/** Runs a command that must succeed, its output thrown away, with more variables in its environment if any. */
export function run([program, ...args]: Command, more: NodeJS.ProcessEnv = {}): void {
  const { status, error, stderr } = spawnSync(program, args, {
    stdio: ['ignore', 'ignore', 'pipe'],
    encoding: 'utf8',
    env: { ...ENVIRONMENT, ...more },
  })
  if (error !== undefined) throw error
  if (status !== 0) throw new Error(`${program} ${args.join(' ')}: exit status ${status}\n${stderr}`)
}

/** The output of a command that must succeed. */
export function outputOf([program, ...args]: Command): string {
  const { status, error, stdout, stderr } = spawnSync(program, args, {
    encoding: 'utf8',
    env: ENVIRONMENT,
    maxBuffer: 1 << 28,
  })
  if (error !== undefined) throw error
  if (status !== 0) throw new Error(`${program} ${args.join(' ')}: exit status ${status}\n${stderr}`)
  return stdout
}

/** Extra certificates make every start of Node about three times slower, which would flatter the ratios to it. */
const { NODE_EXTRA_CA_CERTS: _certificates, NODE_OPTIONS: _options, ...REST } = process.env

/** What every command of the benchmark has for its environment. */
export const ENVIRONMENT: NodeJS.ProcessEnv = REST

/** The middle of numbers in order. */
export function medianOf(sorted: readonly number[]): number {
  const middle = (sorted.length - 1) / 2
  return (sorted[Math.floor(middle)]! + sorted[Math.ceil(middle)]!) / 2
}
