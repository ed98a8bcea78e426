/**
 * The extended attributes that belong to a file wherever it lies, sorted by name: its capabilities, and what programs
 * have put there. Labels of SELinux, notes of overlayfs and access lists by numbers of the host belong to the host,
 * and are left out as Docker and umoci do. So are those that PAX has no form for: without a value, or with `=` in the
 * name.
 */
export function carriedXattrs(
  xattrs: ReadonlyMap<string, Uint8Array> | undefined,
): readonly (readonly [string, Uint8Array])[] {
  if (xattrs === undefined) return []
  const carried = [...xattrs].filter(([name, value]) => isCarried(name) && value.length > 0)
  return carried.sort(([a], [b]) => (a < b ? -1 : 1))
}

function isCarried(name: string): boolean {
  if (name === 'security.capability') return true
  return name.startsWith('user.') && !name.startsWith('user.overlay.') && !name.includes('=')
}
