import type { CacheEntry, LdSoCache } from './ld-so-cache.js'

/**
 * The entries a loader meets for a name, in file order. It looks by bisection, since ldconfig sorts them downwards;
 * what stands elsewhere is not found (glibc elf/dl-cache.c, search_cache).
 */
export function entriesFor(cache: LdSoCache, name: string): readonly CacheEntry[] {
  let left = 0
  let right = cache.count - 1
  while (left <= right) {
    const middle = (left + right) >> 1
    const order = compareNames(name, cache.name(middle))
    if (order === 0) return sameNames(cache, middle, right, name)
    if (order < 0) left = middle + 1
    else right = middle - 1
  }
  return []
}

function sameNames(cache: LdSoCache, middle: number, right: number, name: string): readonly CacheEntry[] {
  const isSame = (index: number) => compareNames(name, cache.name(index)) === 0
  let first = middle
  while (first > 0 && isSame(first - 1)) first--
  const found: CacheEntry[] = []
  for (let index = first; index <= right && (index <= middle || isSame(index)); index++) {
    const entry = cache.entry(index)
    if (entry.path !== '') found.push(entry)
  }
  return found
}

/** Runs of digits count as numbers, and come after all other characters (glibc, _dl_cache_libcmp). */
function compareNames(a: string, b: string): number {
  if (a === b) return 0
  // Nearly all names start alike.
  let i = a.startsWith(LIB) && b.startsWith(LIB) ? LIB.length : 0
  let j = i
  while (i < a.length) {
    const one = a.charCodeAt(i)
    const other = j < b.length ? b.charCodeAt(j) : 0
    if (one > NINE || one < ZERO) {
      if (one !== other) return isDigit(other) ? -1 : one - other
      i++
      j++
      continue
    }
    if (!isDigit(other)) return 1
    const ends = digitsEnd(a, i)
    const otherEnds = digitsEnd(b, j)
    const difference = Number(a.slice(i, ends)) - Number(b.slice(j, otherEnds))
    if (difference !== 0) return difference
    i = ends
    j = otherEnds
  }
  return j < b.length ? -1 : 0
}

const LIB = 'lib'

function digitsEnd(text: string, start: number): number {
  let end = start
  while (end < text.length && isDigit(text.charCodeAt(end))) end++
  return end
}

function isDigit(code: number): boolean {
  return code >= ZERO && code <= NINE
}

const ZERO = 48
const NINE = 57
