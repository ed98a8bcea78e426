import type { ElfFile } from '../elf/elf.js'
import { LiftError } from '../errors.js'
import type { RootFiles } from '../loader/files.js'
import type { Trail } from '../rootfs/follow.js'
import { basename } from '../rootfs/path.js'
import type { FileEntry } from '../rootfs/rootfs.js'
import type { Environment } from './environment.js'
import { type Finding, finding } from './finding.js'
import type { Why } from './lift.js'
import { locate, lookUp } from './locate.js'
import { parseEnvArgument, parseShebang, SHEBANG_MAX, type Shebang } from './shebang.js'

/** A file that the kernel starts on the way to the program: the program, or a script and its interpreters. */
export interface Started {
  readonly trail: Trail
  readonly file: FileEntry
  /** Undefined for a script. */
  readonly elf: ElfFile | undefined
  readonly why: Why
}

/** One thing the user asked for, with everything that has to be started for it. */
export interface Program {
  readonly asked: string
  /** The first one is what was asked for. */
  readonly chain: readonly [Started, ...Started[]]
  readonly findings: readonly Finding[]
}

/**
 * Finds a program in the image: an absolute path, a path from the working directory, or a bare name looked up
 * in the image's PATH. Throws LiftError 'file-not-found' (with near names), 'not-a-file', 'not-elf' or
 * 'malformed-elf'.
 */
export async function findProgram(
  files: RootFiles,
  environment: Environment,
  asked: string,
  why: Why = { neededBy: '', name: asked, rule: 'asked' },
): Promise<Program> {
  if (asked === '') throw new LiftError('usage', 'the name of a binary is empty', { hint: NAME_ONE })
  const trail = await locate(files, environment, asked)
  const first = await start(files, trail, why)
  if (first.elf !== undefined) return { asked, chain: [first], findings: [] }
  const { started, findings } = await interpreters(files, environment, first)
  return { asked, chain: [first, ...started], findings }
}

const NAME_ONE = 'Name an ELF program, a shared library or a script with a #! line.'

async function start(files: RootFiles, trail: Trail, why: Why): Promise<Started> {
  const file = trail.end!
  if (file.kind !== 'file') {
    throw new LiftError(
      'not-a-file',
      `${trail.asked} is a ${file.kind === 'directory' ? 'directory' : 'special file'}, not a program`,
      {
        hint:
          file.kind === 'directory'
            ? 'Name a program in it; --include takes whole directories along.'
            : NAME_ONE,
      },
    )
  }
  const reading = await files.read(file)
  if (reading.elf !== undefined) return { trail, file, elf: checkKind(reading.elf, trail), why }
  if (reading.error.code === 'malformed-elf') {
    throw new LiftError('malformed-elf', `${trail.asked}: ${reading.error.message}`, {
      cause: reading.error,
      hint: 'The file is damaged or cut off: compare it with a good copy.',
    })
  }
  const head = await files.rootfs.open(file).read(0, SHEBANG_MAX)
  if (parseShebang(head) === undefined) throw notRunnable(trail.asked, head)
  return { trail, file, elf: undefined, why }
}

function checkKind(elf: ElfFile, trail: Trail): ElfFile {
  if (elf.kind !== 'relocatable' && elf.kind !== 'core') return elf
  const what =
    elf.kind === 'core' ? 'a core dump' : 'a relocatable object (of a compiler, or a kernel module)'
  throw new LiftError('unsupported', `${trail.asked} is ${what}, neither a program nor a shared library`, {
    hint: NAME_ONE,
  })
}

const OTHER_FORMATS: readonly (readonly [string, string])[] = [
  ['', 'an empty file'],
  ['\x7fELF', 'an ELF file that is cut off in its header'],
  ['MZ', 'a Windows or EFI program'],
  ['\xcf\xfa\xed\xfe', 'a Mach-O program'],
  ['\xce\xfa\xed\xfe', 'a Mach-O program'],
  ['\xfe\xed\xfa\xce', 'a Mach-O program'],
  ['\xfe\xed\xfa\xcf', 'a Mach-O program'],
  ['\xca\xfe\xba\xbe', 'a Java class or Mach-O file'],
  ['\0asm', 'a WebAssembly module'],
  ['!<arch>\n', 'a static library'],
  ['!<thin>\n', 'a static library'],
  ['\x1f\x8b', 'a gzip archive'],
  ['PK\x03\x04', 'a zip archive'],
  ['#!', 'a script whose first line the kernel refuses'],
]

function notRunnable(path: string, head: Uint8Array): LiftError {
  const text = Buffer.from(head).toString('latin1')
  const format = OTHER_FORMATS.find(([magic]) => (magic === '' ? text === '' : text.startsWith(magic)))
  const what = format?.[1] ?? (isText(head) ? 'text without a #! line' : 'neither an ELF file nor a script')
  return new LiftError('not-elf', `${path} is ${what}, not a program that Linux can start`, {
    hint: NAME_ONE,
  })
}

/** No control characters but those that lines of text have. */
function isText(head: Uint8Array): boolean {
  return head.every((byte) => byte >= 0x20 || (byte >= 0x08 && byte <= 0x0d))
}

interface Interpreters {
  readonly started: readonly Started[]
  readonly findings: readonly Finding[]
}

/** Scripts may be interpreted by scripts; the kernel gives up at the sixth (fs/exec.c, exec_binprm). */
const MAX_NESTING = 5

/** `above` are the scripts that env was started for on the way here: env may start scripts without end. */
async function interpreters(
  files: RootFiles,
  environment: Environment,
  script: Started,
  above: readonly Started[] = [],
): Promise<Interpreters> {
  const started: Started[] = []
  let current = script
  for (let level = 1; current.elf === undefined; level++) {
    const shebang = parseShebang(await files.rootfs.open(current.file).read(0, SHEBANG_MAX))
    if (shebang === undefined) throw notRunnable(current.trail.asked, new Uint8Array(0))
    const missing = (interpreter: string, reason: string): Interpreters => ({
      started,
      findings: [finding({ kind: 'interpreter-missing', script: current.trail.asked, interpreter, reason })],
    })
    if (level > MAX_NESTING) return missing(shebang.interpreter, 'is nested deeper than the kernel allows')
    const trail = await files.trail(shebang.interpreter, environment.workingDir)
    if (trail.end?.kind !== 'file') return missing(readable(shebang.interpreter), absence(shebang))
    const next = await start(files, trail, {
      neededBy: current.file.path,
      name: shebang.interpreter,
      rule: 'shebang',
    })
    started.push(next)
    if (basename(shebang.interpreter) === 'env' && shebang.argument !== undefined) {
      const target = await envTarget(files, environment, current, shebang.argument)
      if (typeof target === 'string') return missing(target, "is not in the image's PATH")
      started.push(target)
      if (target.elf === undefined) {
        const scripts = [...above, script]
        if (scripts.some(({ file }) => file.path === target.file.path))
          return missing(target.trail.asked, 'is a script that starts itself again without end')
        const rest = await interpreters(files, environment, target, scripts)
        return { started: [...started, ...rest.started], findings: rest.findings }
      }
    }
    current = next
  }
  return { started, findings: [] }
}

function readable(interpreter: string): string {
  return interpreter.replace(/\r/g, '\\r')
}

function absence({ interpreter }: Shebang): string {
  return interpreter.endsWith('\r') || interpreter.includes('\r')
    ? 'is not in the image: the line ends in a carriage return (CRLF line ends)'
    : 'is not in the image'
}

/** The program that env starts; its name where it is not found or cannot be told. */
async function envTarget(
  files: RootFiles,
  environment: Environment,
  script: Started,
  argument: string,
): Promise<Started | string> {
  const command = parseEnvArgument(argument)
  if (command === undefined) return argument
  const { program, searchPath = environment.searchPath } = command
  const trail = program.includes('/')
    ? await files.trail(program, environment.workingDir)
    : await lookUp(files, searchPath, environment.workingDir, program)
  if (trail?.end?.kind !== 'file') return program
  return start(files, trail, { neededBy: script.file.path, name: program, rule: 'env' })
}
