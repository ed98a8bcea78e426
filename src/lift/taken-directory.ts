import { basename, components, isInside, join, normalise, parent, type RootPath } from '../rootfs/path.js'
import type { FileEntry, SymlinkEntry } from '../rootfs/rootfs.js'
import { type Included, includedEntries } from './include.js'
import type { Why } from './lift.js'
import { findStarted } from './lift-program.js'
import type { Lifting } from './lifting.js'
import type { Started } from './programs.js'
import { parseShebang, SHEBANG_MAX } from './shebang.js'

/** What the files in a directory need though it lies elsewhere. */
export interface Outside {
  /** What links in it lead to. */
  readonly linked: readonly { readonly included: Included; readonly why: Why }[]
  /** What starts the scripts in it, once for each first line that they have. */
  readonly interpreters: readonly { readonly script: RootPath; readonly chain: readonly Started[] }[]
}

/** Real directories have a handful of both. */
const MOST_LINKS = 10_000
const MOST_LINES = 100

/** What a directory that is taken along needs from outside of it for its links and its executable scripts to work. */
export async function outsideOf(lifting: Lifting, directory: Included): Promise<Outside> {
  const linked: Outside['linked'][number][] = []
  const interpreters: Outside['interpreters'][number][] = []
  const lines = new Set<string>()
  for await (const { entry } of includedEntries(lifting.examiner.files, directory)) {
    if (entry.kind === 'symlink' && linked.length < MOST_LINKS)
      linked.push(...(await linkedFrom(lifting, directory, entry)))
    else if (entry.kind === 'file' && lines.size < MOST_LINES) {
      const line = await firstLine(lifting, entry)
      if (line === undefined || lines.has(line)) continue
      lines.add(line)
      const [, ...chain] = await findStarted(lifting, entry.path, { neededBy: '', name: '', rule: 'link' })
      if (chain.length > 0) interpreters.push({ script: entry.path, chain })
    }
  }
  return { linked, interpreters }
}

/** A link to a directory may lead to anything, so it is followed to where one thing alone has its files. */
async function linkedFrom(
  { examiner }: Lifting,
  directory: Included,
  { path, target }: SymlinkEntry,
): Promise<Outside['linked']> {
  const meant = await examiner.files.trail(path, '/')
  const to = normalise(join(parent(path), target))
  const trail = await examiner.files.trail(to, '/')
  const { end } = trail
  if (end?.kind !== 'file' && (end?.kind !== 'directory' || !isOfOneThing(end.path))) return []
  if (end.path !== meant.end?.path || isInside(to, directory.end.path)) return []
  return [{ included: { path: to, trail, end }, why: { neededBy: path, name: target, rule: 'link' } }]
}

/** `/etc/java-17` and `/usr/lib/nginx/modules` are, `/usr/lib/x86_64-linux-gnu` is not. */
function isOfOneThing(path: RootPath): boolean {
  const parts = components(path)
  return parts.length >= (parts[0] === 'etc' || parts[0] === 'opt' ? 2 : 4) && path !== '/etc/alternatives'
}

/** What tells one script's interpreter from another's; undefined for what is no script that can be started. */
async function firstLine({ examiner }: Lifting, file: FileEntry): Promise<string | undefined> {
  if ((file.mode & 0o111) === 0) return undefined
  const { files } = examiner
  if ((await files.read(file)).elf !== undefined) return undefined
  const shebang = parseShebang(await files.rootfs.open(file).read(0, SHEBANG_MAX))
  return shebang === undefined ? undefined : `${shebang.interpreter} ${shebang.argument ?? ''}`
}

const SHELLS: ReadonlySet<string> = new Set(['sh', 'bash', 'dash', 'ash', 'busybox', 'env'])

/** Whether these are nothing but a shell, which is small and starts most scripts. */
export function isShell(chain: readonly Started[]): boolean {
  return chain.every(({ trail }) => SHELLS.has(basename(trail.asked)))
}
