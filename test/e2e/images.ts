import { type ChildProcess, spawn } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { must, run } from './surroundings.js'

/** A registry of Debian's own making on loopback; disposing it ends it. */
export interface Registry extends AsyncDisposable {
  /** `127.0.0.1:PORT` */
  readonly host: string
}

/** Starts `docker-registry` with its data in the folder. */
export async function startRegistry(folder: string): Promise<Registry> {
  const host = `127.0.0.1:${await freePort()}`
  const configuration = join(folder, 'registry.yml')
  mkdirSync(join(folder, 'registry'))
  writeFileSync(
    configuration,
    `version: 0.1
log: {level: error, accesslog: {disabled: true}}
storage: {filesystem: {rootdirectory: ${join(folder, 'registry')}}}
http: {addr: '${host}'}
`,
  )
  const child = spawn('docker-registry', ['serve', configuration], { stdio: 'ignore' })
  await untilItAnswers(child, `http://${host}/v2/`)
  return {
    host,
    [Symbol.asyncDispose]: async () => {
      const over = new Promise((done) => child.on('exit', done))
      child.kill()
      await over
    },
  }
}

async function untilItAnswers(child: ChildProcess, url: string): Promise<void> {
  for (;;) {
    if (child.exitCode !== null) throw new Error(`docker-registry ended with ${child.exitCode}`)
    try {
      if ((await fetch(url)).ok) return
    } catch {
      await new Promise((done) => setTimeout(done, 50))
    }
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await new Promise((done) => server.on('listening', done))
  const address = server.address()
  await new Promise((done) => server.close(done))
  if (address === null || typeof address === 'string') throw new Error('no port')
  return address.port
}

/** Copies an image between places as `skopeo` names them. */
export function skopeo(from: string, to: string, ...options: readonly string[]): void {
  const place = from.startsWith('docker-daemon:') ? [`--src-daemon-host=${process.env.DOCKER_HOST}`] : []
  const always = ['copy', '--quiet', '--insecure-policy', '--dest-tls-verify=false']
  must('skopeo', [...always, ...place, ...options, from, to])
}

/** Runs a command of a shell where the engine is at the place that everybody looks at. */
export function withUsualEngine(command: string): void {
  const script = `mount -t tmpfs tmpfs /run && ln -s "\${DOCKER_HOST#unix://}" /run/docker.sock && exec sh -ec "$0"`
  must('unshare', ['--mount', 'sh', '-ec', script, command])
}

/** What engines and builders of other makers do; each must succeed. */
export function tool(command: string, ...args: readonly string[]): string {
  return must(command, args)
}

/** Removes an image from Podman's storage, if it is there. */
export function removeFromPodman(name: string): void {
  run('podman', ['rmi', '--force', name])
}
