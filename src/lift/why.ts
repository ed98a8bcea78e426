import type { Lift, LiftEntry } from './lift.js'

/** From a program to a library: each step names the object that is asked for and the rule that found it. */
export type WhyChain = readonly { readonly path: string; readonly name: string; readonly rule: string }[]

const MOST_CHAINS = 100
/** Libraries that all need each other have more chains than anyone can count. */
const MOST_STEPS = 50_000

/** The chains that bring a library in, shortest first; found by name, soname or path. Empty when nothing does. */
export function why(lift: Lift, name: string): readonly WhyChain[] {
  const objects = lift.entries.filter(({ role }) => role !== 'symlink')
  const targets = objects.filter((entry) => answersTo(entry, name))
  const chains = climb(targets, requesters(objects))
  return chains.sort((a, b) => a.length - b.length || (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1))
}

function answersTo(entry: LiftEntry, name: string): boolean {
  if (entry.path === name || entry.realPath === name || entry.soname === name) return true
  return entry.path.endsWith(`/${name}`) || entry.why.some((reason) => reason.name === name)
}

type Requesters = (neededBy: string) => readonly LiftEntry[]

/** The entries that a `neededBy` means: the one opened by that path, else those whose file lies there. */
function requesters(objects: readonly LiftEntry[]): Requesters {
  const byPath = groupBy(objects, ({ path }) => path)
  const byRealPath = groupBy(objects, ({ realPath }) => realPath)
  return (neededBy) => byPath.get(neededBy) ?? byRealPath.get(neededBy) ?? []
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
    for (const { neededBy, name, rule } of entry.why) {
      const chain = [{ path: entry.path, name, rule }, ...below]
      const upper = rule === 'asked' ? [] : above(neededBy)
      if (upper.length === 0) chains.push(chain)
      const unseen = upper.filter((one) => !chain.some(({ path }) => path === one.path))
      if (pending.length < MOST_STEPS) pending.push(...unseen.map((one) => ({ entry: one, below: chain })))
    }
  }
  return chains.slice(0, MOST_CHAINS)
}
