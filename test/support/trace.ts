import { execFileSync, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** What a command inside of a root has said. */
export interface Answer {
  /** The exit code, or 128 and the signal. */
  readonly status: number
  readonly stdout: string
  readonly stderr: string
}

/** What a loader's trace says about one file. */
export interface Trace {
  /** The paths it opened in load order, without those of the kernel's own object. */
  readonly opened: readonly string[]
  /** The names it did not find, sorted. */
  readonly missing: readonly string[]
}

/** One command: environment words (`NAME=value`) first, then an absolute program and its arguments. */
export type Command = readonly string[]

/**
 * Runs commands inside of a root, in order, as fast as the kernel forks; needs root rights and gcc. Programs of
 * another architecture run under `emulator`, a statically linked user-mode emulator on this machine.
 */
export async function runInside(
  root: string,
  commands: readonly Command[],
  emulator?: string,
): Promise<readonly Answer[]> {
  const folder = mkdtempSync(join(tmpdir(), 'liftbin-tracer-'))
  try {
    const tracer = join(folder, 'tracer')
    execFileSync('gcc', ['-O1', '-static', '-o', tracer, TRACER_SOURCE])
    // The machine has few cores, and two tracers keep two of them busy.
    const half = Math.ceil(commands.length / 2)
    const parts = [commands.slice(0, half), commands.slice(half)]
    const runs = parts.map((part) => runPart(tracer, [root, ...(emulator ? [emulator] : [])], part))
    return (await Promise.all(runs)).flat()
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

const TRACER_SOURCE = join(dirname(fileURLToPath(import.meta.url)), 'tracer.c')

async function runPart(tracer: string, args: string[], commands: readonly Command[]): Promise<Answer[]> {
  const child = spawn(tracer, args, { stdio: ['pipe', 'pipe', 'inherit'] })
  child.stdin.end(commands.map((words) => `${words.join('\0')}\0\0`).join(''))
  const chunks: Buffer[] = []
  for await (const chunk of child.stdout) chunks.push(chunk as Buffer)
  const answers = readAnswers(Buffer.concat(chunks))
  if (answers.length === commands.length) return answers
  throw new Error(`the tracer has answered ${answers.length} of ${commands.length} commands`)
}

function readAnswers(bytes: Buffer): Answer[] {
  const answers: Answer[] = []
  for (let at = 0; at < bytes.length; ) {
    const end = bytes.indexOf('\n', at)
    const [status, out, err] = bytes.toString('latin1', at, end).split(' ').map(Number) as [
      number,
      number,
      number,
    ]
    const errors = end + 1 + out
    at = errors + err
    answers.push({
      status,
      stdout: bytes.toString('utf8', end + 1, errors),
      stderr: bytes.toString('utf8', errors, at),
    })
  }
  return answers
}

/**
 * Reads the trace of a glibc loader or musl's `--list`. An entry is `name => path (0xADDRESS)`,
 * `name => not found` or `path (0xADDRESS)`; names may hold blanks, so the last ` (0x` and the first ` => ` count.
 * musl names what it misses on stderr.
 */
export function parseTrace({ stdout, stderr }: Pick<Answer, 'stdout' | 'stderr'>): Trace {
  const opened = new Set<string>()
  const missing = new Set<string>()
  for (const line of stdout.split('\n')) {
    if (!line.startsWith('\t')) continue
    const entry = withoutAddress(line.slice(1))
    const arrow = entry.indexOf(' => ')
    const name = arrow < 0 ? entry : entry.slice(0, arrow)
    const path = arrow < 0 ? entry : entry.slice(arrow + 4)
    if (path === 'statically linked' || KERNEL_OBJECT.test(name)) continue
    if (arrow >= 0 && path === 'not found') missing.add(name)
    else opened.add(path)
  }
  for (const [, name] of stderr.matchAll(MUSL_MISSING)) missing.add(name!)
  return { opened: [...opened], missing: [...missing].sort() }
}

const KERNEL_OBJECT = /^linux-(vdso|gate)/
const MUSL_MISSING = /^Error loading shared library (.*?): .* \(needed by /gm

function withoutAddress(entry: string): string {
  const at = entry.lastIndexOf(' (0x')
  return at < 0 ? entry : entry.slice(0, at)
}
