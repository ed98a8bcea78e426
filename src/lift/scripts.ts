import { bufferOf } from '../bytes.js'
import type { RootFiles } from '../loader/files.js'
import { isNamedAs, type Language, languageOf, type Script } from '../needs/script.js'
import { basename } from '../rootfs/path.js'
import type { DirectoryEntry, FileEntry } from '../rootfs/rootfs.js'
import { walk } from '../rootfs/walk.js'
import { parseEnvArgument, parseShebang, SHEBANG_MAX } from './shebang.js'

/** A file of code, and its language. */
export interface Source {
  readonly file: FileEntry
  readonly language: Language
}

/** Which language a script is in, by its first line; undefined where that is none that finders read. */
export async function languageIn({ rootfs }: RootFiles, file: FileEntry): Promise<Language | undefined> {
  const shebang = parseShebang(await rootfs.open(file).read(0, SHEBANG_MAX))
  if (shebang === undefined) return undefined
  const { interpreter, argument } = shebang
  if (basename(interpreter) !== 'env' || argument === undefined) return languageOf(interpreter)
  return languageOf(parseEnvArgument(argument)?.program ?? '')
}

/** What there is to read at the start of a script. */
const LONGEST = 1 << 18

/** A file of code as finders are asked about it. */
export async function scriptOf({ rootfs }: RootFiles, { file, language }: Source): Promise<Script> {
  const bytes = await rootfs.open(file).read(0, Math.min(file.size, LONGEST))
  return { path: file.path, language, text: bufferOf(bytes).toString('latin1') }
}

/** A package of Python has some hundred. */
const MOST_FILES = 1000

/** The files of code in what a script reads in. */
export async function sourcesIn(
  { rootfs }: RootFiles,
  end: FileEntry | DirectoryEntry,
  language: Language,
): Promise<readonly Source[]> {
  if (end.kind === 'file') return [{ file: end, language }]
  const sources: Source[] = []
  for await (const entry of walk(rootfs, end.path)) {
    if (entry.kind !== 'file' || !isNamedAs(language, entry.path)) continue
    sources.push({ file: entry, language })
    if (sources.length >= MOST_FILES) break
  }
  return sources
}
