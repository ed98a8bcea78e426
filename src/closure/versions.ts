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
  const providers = new Map<string, LoadedObject | undefined>()
  const providerOf = (file: string) => {
    if (!providers.has(file)) providers.set(file, findProvider(file, closure))
    return providers.get(file)
  }
  for (const requester of closure.objects) {
    for (const need of requester.elf.dynamic?.versionsNeeded ?? []) {
      const provider = providerOf(need.file)
      if (provider === undefined) continue
      const strong = need.versions.filter(({ weak }) => !weak)
      for (const fault of faultsOf(provider, strong, requester)) faults.push(fault)
    }
  }
  return faults
}

function faultsOf(
  provider: LoadedObject,
  versions: readonly { readonly name: string }[],
  requester: LoadedObject,
): VersionFault[] {
  const defined = provider.elf.dynamic?.versionsDefined
  if (defined === undefined) {
    const first = versions[0]
    return first === undefined ? [] : [{ kind: 'no-information', provider, version: first.name, requester }]
  }
  return versions
    .filter(({ name }) => !definedSet(defined).has(name))
    .map(({ name }) => ({ kind: 'missing', provider, version: name, requester }))
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

function findProvider(file: string, closure: Closure): LoadedObject | undefined {
  return [...closure.objects, closure.loader].find(
    (object) =>
      object.elf.dynamic?.soname === file ||
      (object !== closure.program && (object.names.has(file) || object.name === file)),
  )
}
