import type { CacheEntry, LdSoCache } from './ld-so-cache.js'

/**
 * The entries a loader meets for a name, in file order. It looks by bisection, since ldconfig sorts them downwards;
 * what stands elsewhere is not found (glibc elf/dl-cache.c, search_cache).
 */
export function entriesFor({ lines }: LdSoCache, name: string): readonly CacheEntry[] {
  let left = 0
  let right = lines.length - 1
  while (left <= right) {
    const middle = (left + right) >> 1
    const order = compareNames(name, lines[middle]!.name)
    if (order === 0) return sameNames(lines, middle, right, name)
    if (order < 0) left = middle + 1
    else right = middle - 1
  }
  return []
}

function sameNames(
  lines: readonly CacheEntry[],
  middle: number,
  right: number,
  name: string,
): readonly CacheEntry[] {
  const isSame = (line: CacheEntry) => compareNames(name, line.name) === 0
  let first = middle
  while (first > 0 && isSame(lines[first - 1]!)) first--
  let end = middle
  while (end <= right && isSame(lines[end]!)) end++
  return lines.slice(first, end).filter(({ path }) => path !== '')
}

/** Runs of digits count as numbers, and come after all other characters (glibc, _dl_cache_libcmp). */
function compareNames(a: string, b: string): number {
  let i = 0
  let j = 0
  while (i < a.length) {
    const [one, other] = [a.charCodeAt(i), j < b.length ? b.charCodeAt(j) : 0]
    if (isDigit(one) !== isDigit(other)) return isDigit(one) ? 1 : -1
    if (!isDigit(one)) {
      if (one !== other) return one - other
      i++
      j++
      continue
    }
    const [ends, otherEnds] = [digitsEnd(a, i), digitsEnd(b, j)]
    const difference = Number(a.slice(i, ends)) - Number(b.slice(j, otherEnds))
    if (difference !== 0) return difference
    i = ends
    j = otherEnds
  }
  return j < b.length ? -1 : 0
}

function digitsEnd(text: string, start: number): number {
  let end = start
  while (end < text.length && isDigit(text.charCodeAt(end))) end++
  return end
}

function isDigit(code: number): boolean {
  return code >= 48 && code <= 57
}
