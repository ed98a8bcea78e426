import type { Lift, LiftEntry } from './lift.js'

/** From a program to a library: each step names the object that is asked for and the rule that found it. */
export type WhyChain = readonly WhyStep[]

/** One object, and why the one above it in the chain needs it. */
export interface WhyStep {
  readonly path: string
  readonly name: string
  readonly rule: string
  /** Of a need that no header names: how sure it is, and the end of a sentence that starts with the one above. */
  readonly confidence?: string
  readonly reason?: string
}

const MOST_CHAINS = 100
/** Libraries that all need each other have more chains than anyone can count. */
const MOST_STEPS = 50_000

/**
 * The chains that bring a file in, shortest first; found by name, soname or path. A path in a directory that is needed
 * whole stands for the directory. Empty when nothing does.
 */
export function why(lift: Lift, name: string): readonly WhyChain[] {
  const objects = lift.entries.filter(({ role }) => role !== 'symlink')
  const exact = objects.filter((entry) => answersTo(entry, name))
  const targets = exact.length > 0 ? exact : objects.filter((entry) => holds(entry, name))
  const chains = climb(targets, requesters(objects))
  return chains.sort((a, b) => a.length - b.length || (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1))
}

function answersTo(entry: LiftEntry, name: string): boolean {
  if (entry.path === name || entry.realPath === name || entry.soname === name) return true
  return entry.path.endsWith(`/${name}`) || entry.why.some((reason) => reason.name === name)
}

function holds({ role, path, realPath }: LiftEntry, name: string): boolean {
  return role === 'directory' && [path, realPath].some((directory) => name.startsWith(`${directory}/`))
}

type Requesters = (neededBy: string) => readonly LiftEntry[]

/**
 * The entries that a `neededBy` means: the one opened by that path, else those whose file lies there, else the directory
 * that was needed with it in it.
 */
function requesters(objects: readonly LiftEntry[]): Requesters {
  const byPath = groupBy(objects, ({ path }) => path)
  const byRealPath = groupBy(objects, ({ realPath }) => realPath)
  const directories = objects.filter(({ role }) => role === 'directory')
  return (neededBy) =>
    byPath.get(neededBy) ??
    byRealPath.get(neededBy) ??
    directories.filter((directory) => holds(directory, neededBy))
}

function groupBy(objects: readonly LiftEntry[], keyOf: (entry: LiftEntry) => string) {
  const groups = new Map<string, LiftEntry[]>()
  for (const entry of objects) {
    const group = groups.get(keyOf(entry))
    if (group === undefined) groups.set(keyOf(entry), [entry])
    else group.push(entry)
  }
  return groups
}

/** A chain whose upper end is not known yet. */
interface Climb {
  readonly entry: LiftEntry
  readonly below: WhyChain
}

/** Breadth first, so that the shortest chains are found before the limit of either kind is met. */
function climb(targets: readonly LiftEntry[], above: Requesters): WhyChain[] {
  const chains: WhyChain[] = []
  const pending: Climb[] = targets.map((entry) => ({ entry, below: [] }))
  for (let next = 0; next < pending.length && chains.length < MOST_CHAINS; next++) {
    const { entry, below } = pending[next]!
    for (const { neededBy, ...reason } of entry.why) {
      const chain = [{ path: entry.path, ...reason }, ...below]
      const upper = reason.rule === 'asked' ? [] : above(neededBy)
      if (upper.length === 0) chains.push(chain)
      const unseen = upper.filter((one) => !chain.some(({ path }) => path === one.path))
      if (pending.length < MOST_STEPS) pending.push(...unseen.map((one) => ({ entry: one, below: chain })))
    }
  }
  return chains.slice(0, MOST_CHAINS)
}
