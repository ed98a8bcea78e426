import assert from 'node:assert/strict'
import { type SpawnSyncOptions, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** A root file system that roots.sh has built, by its name there. */
export function root(name: string): string {
  return join(prepared('LIFTBIN_E2E_ROOTS'), name)
}

/** Throws where the environment was not prepared: a test that cannot run has not passed. */
function prepared(variable: string): string {
  const value = process.env[variable]
  if (value) return value
  throw new Error(
    `${variable} is not set: run the end-to-end tests with ".ci/run e2e", which prepares what they need`,
  )
}

export interface Outcome {
  readonly status: number | null
  readonly stdout: string
  readonly stderr: string
}

/** Runs the built command line as a user would. */
export function liftbin(...args: readonly string[]): Outcome {
  return run(process.execPath, [CLI, ...args])
}

/** The built command line. */
export const CLI = join(dirname(fileURLToPath(import.meta.url)), '../../dist/cli/main.cjs')

/** The Dockerfile of a lift that must succeed. */
export function dockerfileOf(...args: readonly string[]): string {
  const { status, stdout, stderr } = liftbin(...args)
  assert.equal(status, 0, `liftbin ${args.join(' ')}\n${stderr}`)
  return stdout
}

/** Runs Docker's own command on the engine that was prepared. */
export function docker(args: readonly string[], options: SpawnSyncOptions = {}): Outcome {
  prepared('DOCKER_HOST')
  return run('docker', args, options)
}

export const BUILDERS = { legacy: '0', BuildKit: '1' } as const
export type Builder = keyof typeof BUILDERS

/** Gives an image a name and an identity that no other test has containers of; `images.sh` has made it. */
export function ownImage(base: string, name: string): void {
  const dockerfile = `FROM ${base}\nLABEL liftbin.test=${name}\n`
  const { status, stderr } = docker(['build', '--quiet', '--tag', name, '-'], { input: dockerfile })
  assert.equal(status, 0, stderr)
}

/** The containers of an image, whatever their state. */
export function containersOf(image: string): readonly string[] {
  const { status, stdout, stderr } = docker(['ps', '--all', '--quiet', '--filter', `ancestor=${image}`])
  assert.equal(status, 0, stderr)
  return stdout.split('\n').filter((line) => line !== '')
}

/**
 * Images stay until the engine goes: while the legacy builder of Docker 20.10 looks for a parent it goes through all
 * images, and fails when one is removed meanwhile.
 */
let images = 0

/**
 * Builds an image and gives its tag. The context is a folder; without one the Dockerfile goes in on stdin, as
 * its own first lines say.
 */
export function buildImage(
  dockerfile: string,
  builder: Builder,
  context?: string,
  ...options: string[]
): string {
  const tag = `liftbin-e2e-built:${process.pid}-${++images}`
  const source = context === undefined ? ['-'] : ['--file', '-', context]
  const { status, stdout, stderr } = docker(['build', '--quiet', '--tag', tag, ...options, ...source], {
    input: dockerfile,
    env: { ...process.env, DOCKER_BUILDKIT: BUILDERS[builder] },
  })
  assert.equal(status, 0, `the ${builder} builder refuses\n${dockerfile}\n${stdout}${stderr}`)
  return tag
}

/** Runs an image without a network; options go before the image, the rest after it. */
export function runImage(
  tag: string,
  args: readonly string[] = [],
  options: readonly string[] = [],
): Outcome {
  return docker(['run', '--rm', '--network=none', ...options, tag, ...args])
}

/** The lines of `tar -tv` on an image's whole file system. */
export function listImage(tag: string): readonly string[] {
  const id = docker(['create', tag, 'x']).stdout.trim()
  try {
    const { status, stdout } = run('sh', ['-c', 'docker export "$1" | tar -tv --numeric-owner', 'sh', id])
    assert.equal(status, 0)
    return stdout.split('\n')
  } finally {
    docker(['rm', id])
  }
}

/** Runs a host command that must succeed. */
export function must(command: string, args: readonly string[], options: SpawnSyncOptions = {}): string {
  const { status, stdout, stderr } = run(command, args, options)
  assert.equal(status, 0, `${command} ${args.join(' ')}\n${stderr}`)
  return stdout
}

/** A folder that is gone at the end of `use`. */
export async function withFolder<T>(use: (folder: string) => T | Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'liftbin-e2e-'))
  try {
    return await use(folder)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Runs a host command to its end. */
export function run(command: string, args: readonly string[], options: SpawnSyncOptions = {}): Outcome {
  const result = spawnSync(command, args, { maxBuffer: 1 << 28, ...options, encoding: 'utf8' })
  if (result.error) throw result.error
  return { status: result.status, stdout: result.stdout, stderr: result.stderr }
}
