import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { cpSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { skopeo } from './images.js'
import { docker, must, root } from './surroundings.js'

/** One of the platforms of the image: what its files are made from, and how it is looked at. */
export interface Port {
  readonly platform: string
  /** As roots.sh calls the root that it is a small part of. */
  readonly root: string
  readonly paths: readonly string[]
  /** The name of the loader, which no other port has. */
  readonly loader: string
  readonly qemu: string
  /** What bash says it was built for. */
  readonly machine: string
}

const SPLIT = ['bin/bash', 'lib']
const LIBRARIES = 'usr/lib/x86_64-linux-gnu'
const MERGED = [
  ...['bin', 'lib', 'lib64', 'usr/bin/bash', 'usr/lib64'],
  ...['ld-linux-x86-64.so.2', 'libc.so.6', 'libtinfo.so.6', 'libtinfo.so.6.4'].map(
    (name) => `${LIBRARIES}/${name}`,
  ),
]

export const PORTS: readonly Port[] = [
  {
    platform: 'linux/amd64',
    root: 'bookworm',
    paths: MERGED,
    loader: 'ld-linux-x86-64.so.2',
    qemu: 'x86_64',
    machine: 'x86_64',
  },
  {
    platform: 'linux/arm/v7',
    root: 'armhf',
    paths: SPLIT,
    loader: 'ld-linux-armhf.so.3',
    qemu: 'arm',
    machine: 'arm',
  },
  {
    platform: 'linux/arm64',
    root: 'arm64',
    paths: SPLIT,
    loader: 'ld-linux-aarch64.so.1',
    qemu: 'aarch64',
    machine: 'aarch64',
  },
  {
    platform: 'linux/s390x',
    root: 's390x',
    paths: SPLIT,
    loader: 'ld64.so.1',
    qemu: 's390x',
    machine: 's390x',
  },
]

/** Files that each image has in a directory of its own, `/many/dN/file`. */
export const MANY = 100

const MANIFEST = 'application/vnd.docker.distribution.manifest.v2+json'
const LIST = 'application/vnd.docker.distribution.manifest.list.v2+json'

/** Makes an image of each port, with an environment of its own, and an index of all: `HOST/REPOSITORY:1`. */
export async function pushPorts(folder: string, host: string, repository: string): Promise<void> {
  const manifests: object[] = []
  for (const port of PORTS) {
    const name = `${host}/${repository}:${port.root}`
    skopeo(`docker-daemon:${buildPort(folder, port)}`, `docker://${name}`)
    const bytes = must('skopeo', ['inspect', '--raw', '--tls-verify=false', `docker://${name}`])
    const [os, architecture, variant] = port.platform.split('/')
    const platform = { os, architecture, ...(variant === undefined ? {} : { variant }) }
    manifests.push({ mediaType: MANIFEST, digest: digestOf(bytes), size: Buffer.byteLength(bytes), platform })
  }
  const answer = await fetch(`http://${host}/v2/${repository}/manifests/1`, {
    method: 'PUT',
    headers: { 'content-type': LIST },
    body: JSON.stringify({ schemaVersion: 2, mediaType: LIST, manifests }),
  })
  assert.equal(answer.status, 201, await answer.text())
}

function digestOf(text: string): string {
  return `sha256:${createHash('sha256').update(text).digest('hex')}`
}

/** By BuildKit, which records the platform that it is told. */
function buildPort(folder: string, port: Port): string {
  const context = join(folder, port.root)
  mkdirSync(context)
  for (let index = 0; index < MANY; index++) {
    mkdirSync(join(context, `many/d${index}`), { recursive: true })
    writeFileSync(join(context, `many/d${index}/file`), `${index}`)
  }
  const tar = ['--numeric-owner', '-cf', join(context, 'root.tar')]
  must('tar', [...tar, '-C', root(port.root), ...port.paths, '-C', context, 'many'])
  const lines = ['FROM scratch', 'ADD root.tar /', `ENV LD_LIBRARY_PATH=/opt/${port.root}`, 'WORKDIR /srv']
  writeFileSync(join(context, 'Dockerfile'), `${lines.join('\n')}\n`)
  const tag = `liftbin-e2e-platforms/${port.root}:1`
  const built = docker(['build', '--quiet', '--platform', port.platform, '--tag', tag, context], {
    env: { ...process.env, DOCKER_BUILDKIT: '1' },
  })
  assert.equal(built.status, 0, built.stderr)
  return tag
}

/** Runs a program of an unpacked root, which sees nothing else, on a machine that need not be its own. */
export function runForeign(port: Port, folder: string, ...argv: readonly string[]): string {
  cpSync(`/usr/bin/qemu-${port.qemu}-static`, join(folder, 'qemu'))
  return must('chroot', [folder, '/qemu', ...argv], { env: { PATH: process.env.PATH } })
}
