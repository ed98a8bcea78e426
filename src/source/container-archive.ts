import { encodeText } from '../bytes.js'
import { LiftError } from '../errors.js'
import type { RootPath } from '../rootfs/path.js'
import { type EngineAnswer, type EngineClient, engineMessage } from './engine-client.js'

/** What an engine says of a path without packing it: everything but the owner and a link's text. */
export interface PathStat {
  readonly kind: 'file' | 'directory' | 'symlink' | 'special'
  /** The twelve permission bits. */
  readonly mode: number
  readonly size: number
}

/** The files of a container that was never started, by the engine's archive endpoints. */
export interface ContainerArchive {
  /** Undefined when there is no such path. Links in the directory part are followed by the engine. */
  stat(path: RootPath): Promise<PathStat | undefined>
  /** A tar of a file, or of a directory with all below it; undefined when there is no such path. */
  fetch(path: RootPath): Promise<EngineAnswer | undefined>
}

/** The archive of one container (Engine API, "Get information about files" and "Get an archive"). */
export function containerArchive(
  client: EngineClient,
  container: string,
  signal: AbortSignal | undefined,
): ContainerArchive {
  const url = (path: RootPath) => `/containers/${container}/archive?path=${percentEncoded(path)}`
  return {
    stat: async (path) => {
      const answer = await client.send('HEAD', url(path), { signal })
      for await (const _ of answer.body);
      if (answer.status === 404) return undefined
      const stat = parsePathStat(answer.header('x-docker-container-path-stat'))
      if (answer.status === 200 && stat !== undefined) return stat
      throw refused(client, path, `status ${answer.status}`)
    },
    fetch: async (path) => {
      const answer = await client.send('GET', url(path), { signal, patience: 'stream' })
      if (answer.status === 200) return answer
      const reason = engineMessage(await jsonOf(answer))
      if (answer.status === 404 && !/no such container/i.test(reason)) return undefined
      throw refused(client, path, reason)
    },
  }
}

/** Reads the stat header: base64 of JSON whose mode has the bits of Go's os.FileMode. */
export function parsePathStat(header: string | undefined): PathStat | undefined {
  if (header === undefined) return undefined
  try {
    const value: unknown = JSON.parse(Buffer.from(header, 'base64').toString())
    const { mode, size } = value as { mode?: unknown; size?: unknown }
    if (typeof mode !== 'number' || typeof size !== 'number') return undefined
    return { kind: kindOfGoMode(mode), mode: permissionsOfGoMode(mode), size }
  } catch {
    return undefined
  }
}

/** The type bits of os.FileMode: directory, symlink; device, pipe, socket, character device, irregular. */
const DIRECTORY = 2 ** 31
const SYMLINK = 2 ** 27
const SPECIAL = [2 ** 26, 2 ** 25, 2 ** 24, 2 ** 21, 2 ** 19]

function kindOfGoMode(mode: number): PathStat['kind'] {
  if (has(mode, DIRECTORY)) return 'directory'
  if (has(mode, SYMLINK)) return 'symlink'
  return SPECIAL.some((bit) => has(mode, bit)) ? 'special' : 'file'
}

function permissionsOfGoMode(mode: number): number {
  const setuid = has(mode, 2 ** 23) ? 0o4000 : 0
  const setgid = has(mode, 2 ** 22) ? 0o2000 : 0
  const sticky = has(mode, 2 ** 20) ? 0o1000 : 0
  return (mode & 0o777) | setuid | setgid | sticky
}

function has(mode: number, bit: number): boolean {
  return Math.floor(mode / bit) % 2 === 1
}

/** Names are bytes, so they are encoded byte by byte. */
function percentEncoded(path: RootPath): string {
  let out = ''
  for (const byte of encodeText(path)) {
    const character = String.fromCharCode(byte)
    out += /[A-Za-z0-9/._~-]/.test(character)
      ? character
      : `%${byte.toString(16).padStart(2, '0').toUpperCase()}`
  }
  return out
}

async function jsonOf(answer: EngineAnswer): Promise<unknown> {
  const chunks: Uint8Array[] = []
  for await (const chunk of answer.body) {
    chunks.push(chunk)
    if (chunks.length > 64) break
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString())
  } catch {
    return undefined
  }
}

function refused(client: EngineClient, path: RootPath, why: string): LiftError {
  return new LiftError('engine-failed', `${client.engine} does not give ${path}: ${why}`)
}
