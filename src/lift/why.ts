import type { Lift, LiftEntry } from './lift.js'

/** From a program to a library: each step names the object that is asked for and the rule that found it. */
export type WhyChain = readonly { readonly path: string; readonly name: string; readonly rule: string }[]

const MOST_CHAINS = 100

/** The chains that bring a library in, shortest first; found by name, soname or path. Empty when nothing does. */
export function why(lift: Lift, name: string): readonly WhyChain[] {
  const byPath = new Map(
    lift.entries.filter(({ role }) => role !== 'symlink').map((entry) => [entry.path as string, entry]),
  )
  const targets = [...byPath.values()].filter((entry) => answersTo(entry, name))
  const chains = targets.flatMap((target) => climb(target, byPath, new Set()))
  return chains.sort((a, b) => a.length - b.length || (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1))
}

function answersTo(entry: LiftEntry, name: string): boolean {
  if (entry.path === name || entry.realPath === name || entry.soname === name) return true
  return entry.path.endsWith(`/${name}`) || entry.why.some((reason) => reason.name === name)
}

function climb(
  entry: LiftEntry,
  byPath: ReadonlyMap<string, LiftEntry>,
  seen: ReadonlySet<string>,
): WhyChain[] {
  const chains: WhyChain[] = []
  for (const { neededBy, name, rule } of entry.why) {
    const step = { path: entry.path, name, rule }
    const above = byPath.get(neededBy)
    if (above === undefined || rule === 'asked') chains.push([step])
    else if (!seen.has(above.path)) {
      for (const chain of climb(above, byPath, new Set([...seen, entry.path]))) chains.push([...chain, step])
    }
    if (chains.length >= MOST_CHAINS) break
  }
  return chains
}
