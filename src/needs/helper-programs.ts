import type { RootFiles } from '../loader/files.js'
import type { RootPath } from '../rootfs/path.js'
import { type Finder, importsAny, type Need } from './finder.js'

const SYMBOLS = [
  'execl',
  'execle',
  'execlp',
  'execv',
  'execve',
  'execvp',
  'execvpe',
  'fexecve',
  'posix_spawn',
  'posix_spawnp',
  'system',
  'popen',
  'g_spawn_async',
  'g_spawn_async_with_pipes',
  'g_spawn_sync',
  'g_spawn_command_line_async',
  'g_spawn_command_line_sync',
]

/** Ten times what the largest programs name; each is looked for. */
const MOST_PATHS = 20_000

/** Programs of the image whose absolute paths stand among the constants of what starts others. */
export const helperPrograms: Finder = {
  describe: 'programs that are named in what starts others',
  symbols: SYMBOLS,
  reads: 'all',
  find: async (subject, { files }) => {
    if (!importsAny(subject, SYMBOLS)) return []
    const own = new Set(subject.closure.objects.map(({ file }) => file.path))
    const needs: Need[] = []
    for (const path of (await subject.texts()).filter(isAbsolute).slice(0, MOST_PATHS)) {
      const program = await programAt(files, path)
      if (program === undefined || own.has(program)) continue
      needs.push({ kind: 'program', path, confidence: 'possible', why: 'may start it' })
    }
    return needs
  },
}

function isAbsolute(text: string): text is RootPath {
  return text.startsWith('/') && !text.endsWith('/')
}

/** Where something lies that Linux would start; undefined for anything else. */
export async function programAt(files: RootFiles, path: RootPath): Promise<RootPath | undefined> {
  const { end } = await files.trail(path, '/')
  if (end?.kind !== 'file' || (end.mode & 0o111) === 0) return undefined
  const { elf } = await files.read(end)
  if (elf !== undefined) return STARTED.has(elf.kind) ? end.path : undefined
  const [first, second] = await files.rootfs.open(end).read(0, 2)
  return first === 0x23 && second === 0x21 ? end.path : undefined
}

const STARTED: ReadonlySet<string> = new Set(['program', 'static', 'static-pie', 'klibc'])
