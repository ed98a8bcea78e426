/** An absolute path inside an image. A host path stays `string`, so mixing them fails to compile. */
export type RootPath = `/${string}`

/** The components of a path as text, without empty ones and `.`; `..` is kept. */
export function components(path: string): string[] {
  return path.split('/').filter((part) => part !== '' && part !== '.')
}

/**
 * Lexical normalisation: what the path means in a tree without symlinks. In a tree that may have links only
 * `follow` gives the right answer.
 */
export function normalise(path: string): RootPath {
  if (isNormal(path)) return path
  const out: string[] = []
  for (const part of components(path)) {
    if (part === '..') out.pop()
    else out.push(part)
  }
  return `/${out.join('/')}`
}

/** Nearly all paths are; the others are looked at closely. */
function isNormal(path: string): path is RootPath {
  return path.startsWith('/') && !path.endsWith('/') && !path.includes('//') && !path.includes('/.')
}

/** `name` as seen from `directory`: itself when absolute. Text only, nothing is normalised. */
export function join(directory: RootPath, name: string): RootPath {
  if (name.startsWith('/')) return name as RootPath
  return directory.endsWith('/') ? `${directory}${name}` : `${directory}/${name}`
}

/** The directory part as text; the parent of `/` is `/`. */
export function parent(path: RootPath): RootPath {
  const cut = path.lastIndexOf('/')
  return cut <= 0 ? '/' : (path.slice(0, cut) as RootPath)
}

/** The last component as text. */
export function basename(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1)
}

/** Whether `path` is `directory` or lies below it. Both must be normal. */
export function isInside(path: RootPath, directory: RootPath): boolean {
  return directory === '/' || path === directory || path.startsWith(`${directory}/`)
}
