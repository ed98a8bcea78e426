import type { VersionNeed } from '../elf/elf.js'
import { loadedIn } from '../loader/loaded.js'
import type { LoadedObject } from '../loader/loader.js'
import type { Closure } from './closure.js'

/** A symbol version that is asked for and not offered. */
export interface VersionFault {
  readonly kind: 'missing' | 'no-information'
  /** Who should define it. */
  readonly provider: LoadedObject
  /** The first version of that provider that lacks. */
  readonly version: string
  readonly requester: LoadedObject
}

/**
 * Compares the versions each object asks for with those its providers define (glibc elf/dl-version.c). A
 * version that is flagged weak may be absent; a provider that is not loaded is a missing library already.
 */
export function checkVersions(closure: Closure): readonly VersionFault[] {
  const faults: VersionFault[] = []
  const { program, objects, loader } = closure
  const loaded = loadedIn({ program, objects, loader })
  for (const requester of closure.objects) {
    for (const need of requester.elf.dynamic?.versionsNeeded ?? []) {
      const provider = loaded.byName(need.file)
      if (provider !== undefined) addFaults(faults, provider, need, requester)
    }
  }
  return faults
}

function addFaults(
  faults: VersionFault[],
  provider: LoadedObject,
  { versions }: VersionNeed,
  requester: LoadedObject,
): void {
  const defined = provider.elf.dynamic?.versionsDefined
  const known = defined === undefined ? undefined : definedSet(defined)
  for (const { name, weak } of versions) {
    if (weak || known?.has(name) === true) continue
    const kind = known === undefined ? 'no-information' : 'missing'
    faults.push({ kind, provider, version: name, requester })
    if (known === undefined) return
  }
}

const sets = new WeakMap<readonly string[], ReadonlySet<string>>()

/** The C library defines dozens of versions and is asked by everyone. */
function definedSet(defined: readonly string[]): ReadonlySet<string> {
  let set = sets.get(defined)
  if (set === undefined) {
    set = new Set(defined)
    sets.set(defined, set)
  }
  return set
}
