import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { ENVIRONMENT, outputOf } from './pairs.js'
import { NotMeasured } from './rows.js'

/** The root file systems of `roots.sh`: Debian with curl, with ffmpeg as well, and with several GB of programs. */
export type RootName = 'curl' | 'ffmpeg' | 'large'

/** A root file system, made when it is not there; LIFTBIN_BENCH_ROOT names the folder that keeps them. */
export function root(name: RootName): string {
  const path = join(FOLDER, name)
  problem ??= existsSync(path) ? '' : make()
  if (existsSync(path)) return path
  throw new NotMeasured(problem || 'LIFTBIN_BENCH_LARGE=1 makes the root that this takes')
}

const FOLDER = process.env.LIFTBIN_BENCH_ROOT ?? fileURLToPath(new URL('../../.cache/bench', import.meta.url))
let problem: string | undefined

/** Gives the reason when it does not work; it is not tried again. */
function make(): string {
  console.error(`making root file systems in ${FOLDER} …`)
  const script = fileURLToPath(new URL('roots.sh', import.meta.url))
  const { status, stderr } = spawnSync('bash', [script, FOLDER], { encoding: 'utf8', env: ENVIRONMENT })
  return status === 0 ? '' : `no root: ${lastLine(stderr)}`
}

/** The image of a root, and its size in bytes; imported into the engine when it is not there. */
export function image(name: RootName): { readonly tag: string; readonly size: number } {
  requireEngine()
  const tag = `liftbin-bench/${name}:latest`
  if (spawnSync('docker', ['image', 'inspect', tag], { env: ENVIRONMENT }).status !== 0) {
    console.error(`importing ${tag} …`)
    outputOf(['sh', '-c', 'tar --numeric-owner -C "$0" -c . | docker import - "$1"', root(name), tag])
    imported.push(tag)
  }
  return { tag, size: Number(outputOf(['docker', 'image', 'inspect', '--format', '{{.Size}}', tag])) }
}

const imported: string[] = []

/** Takes the images away again that were not there before. */
export function removeImages(): void {
  for (const tag of imported) outputOf(['docker', 'rmi', tag])
}

/** Throws NotMeasured where no engine answers. */
export function requireEngine(): void {
  const { status, error, stderr } = spawnSync('docker', ['version'], { encoding: 'utf8', env: ENVIRONMENT })
  if (error !== undefined) throw new NotMeasured('no docker command')
  if (status !== 0) throw new NotMeasured(`no engine: ${lastLine(stderr)}`)
}

/** A folder that is gone at the end of `use`. */
export function withFolder<T>(use: (folder: string) => T): T {
  const folder = mkdtempSync(join(tmpdir(), 'liftbin-bench-'))
  try {
    return use(folder)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function lastLine(text: string): string {
  return text.trim().split('\n').at(-1) || 'no reason given'
}
