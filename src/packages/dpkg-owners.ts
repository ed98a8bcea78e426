import { decodeText } from '../bytes.js'
import { basename, type RootPath } from '../rootfs/path.js'
import type { Entry } from '../rootfs/rootfs.js'
import { contentOf, tooLarge } from './content.js'
import type { DpkgState } from './dpkg.js'
import { diverting, withDiverted } from './dpkg-diversions.js'
import { linesEndingIn, parentsIn } from './lines.js'
import type { Ownership, Package } from './package.js'
import { MOST_PATHS, type Wanted, wantedFiles } from './wanted.js'

/** The packages whose lists name these files and links. */
export async function dpkgOwners(
  state: DpkgState,
  entries: readonly Entry[],
): Promise<ReadonlyMap<RootPath, Ownership>> {
  const wanted = wantedFiles(state.root, entries)
  const divert = diverting(state.diversions)
  for (const { owner, text } of await linesOf(state, wanted)) {
    const listed = decodeText(Buffer.from(text, 'latin1')) as RootPath
    wanted.add(owner, listed, divert(listed, owner.name))
  }
  return wanted.owners()
}

/** A path of a package's list, each byte one character. */
interface Line {
  readonly owner: Package
  readonly text: string
}

/** All lists together; those of the whole of Debian have less. */
const MOST_BYTES = 1 << 30

/**
 * The lines of all lists that may name a wanted file. A package that puts files into `/lib` lists that as a directory,
 * and so may others that put nothing there, though a link may lie there in the image: it is nobody's then.
 */
async function linesOf(state: DpkgState, { names, links }: Wanted): Promise<readonly Line[]> {
  const scan = linesEndingIn(withDiverted(names, state.diversions))
  const lines: Line[] = []
  const directories = new Set<string>()
  for await (const { owner, content, prefix, skipped } of listsOf(state)) {
    const candidates = new Set<string>()
    scan(content, (line) => {
      const text = `${prefix}${line.slice(skipped)}`
      if (!text.startsWith('/')) return
      lines.push({ owner, text })
      if (lines.length > MOST_PATHS) throw tooLarge(`more than ${MOST_PATHS} paths`)
      if (links.has(basename(text))) candidates.add(text)
    })
    if (candidates.size === 0) continue
    for (const above of parentsIn(content)) if (candidates.has(above)) directories.add(above)
  }
  return lines.filter(({ text }) => !directories.has(text))
}

/** The content of a list, and what has to be put before a line once its beginning is left out. */
interface List {
  readonly owner: Package
  readonly content: Buffer
  readonly prefix: '' | '/'
  readonly skipped: number
}

/** An MD5 sum and two blanks stand before each path, which has no slash at its beginning. */
const SUM = 34

async function* listsOf({ root, packages }: DpkgState): AsyncGenerator<List> {
  let bytes = 0
  for (const { package: owner, list, sums } of packages) {
    const file = list ?? sums
    if (file === undefined) continue
    bytes += file.size
    if (bytes > MOST_BYTES) throw tooLarge(`its lists have more than ${MOST_BYTES >> 30} GiB`)
    const content = await contentOf(root, file)
    yield list === undefined
      ? { owner, content, prefix: '/', skipped: SUM }
      : { owner, content, prefix: '', skipped: 0 }
  }
}
