import { encodeText } from '../bytes.js'
import { LiftError } from '../errors.js'
import { objectOf, optional, textOf } from '../image/json-fields.js'
import { wholeSeconds } from '../rootfs/mtime.js'
import type { RootPath } from '../rootfs/path.js'
import type { EngineAnswer, EngineClient } from './engine-client.js'
import { engineMessage } from './engine-errors.js'

/** What an engine says of a path without packing it: everything but the owner and a link's text. */
export interface PathStat {
  readonly kind: 'file' | 'directory' | 'symlink' | 'special'
  /** The twelve permission bits. */
  readonly mode: number
  readonly size: number
  /** In whole seconds since 1970, where the engine tells. */
  readonly mtime?: number
  /** Where a link finally leads, as the engine sees it; not the link's text. */
  readonly leadsTo?: string
}

/** The files of a container that was never started, by the engine's archive endpoints. */
export interface ContainerArchive {
  /** Undefined when there is no such path. Links in the directory part are followed by the engine. */
  stat(path: RootPath): Promise<PathStat | undefined>
  /** A tar of a file, or of a directory with all below it; undefined when there is no such path. */
  fetch(path: RootPath, expected: keyof typeof WORK): Promise<EngineAnswer | undefined>
  /** Whether `fetch` makes root the owner of everything, as Podman does; to be asked when something has come. */
  losesOwners(): boolean
  /** A tar of everything, with its owners. */
  exportAll(): Promise<EngineAnswer>
}

/** How long requests keep a container busy, against each other: what decides where the next one goes. */
const WORK = { stat: 1, one: 10, many: 100 }

/**
 * The archive of some containers of one image (Engine API, "Get information about files" and "Get an archive").
 * An engine answers one archive request of a container at a time, so each goes to the container that is least busy.
 */
export function containerArchive(
  client: EngineClient,
  containers: readonly string[],
  signal: AbortSignal | undefined,
): ContainerArchive {
  const lanes = containers.map((name) => ({ name, busy: 0 }))
  let isPodman = false
  const send = async (method: string, what: string, work: number) => {
    const lane = lanes.reduce((best, one) => (one.busy < best.busy ? one : best))
    const url = `/containers/${lane.name}/${what}`
    const patience = work === WORK.stat ? 'answer' : 'stream'
    const release = () => {
      lane.busy -= work
    }
    lane.busy += work
    try {
      const answer = await client.send(method, url, { signal, patience })
      isPodman ||= answer.header('libpod-api-version') !== undefined
      return releasing(answer, release)
    } catch (error) {
      release()
      throw error
    }
  }
  return {
    stat: async (path) => {
      const answer = await send('HEAD', archiveOf(path), WORK.stat)
      for await (const _ of answer.body);
      if (answer.status === 404 && path !== '/') return undefined
      const stat = parsePathStat(answer.header('x-docker-container-path-stat'))
      if (answer.status === 200 && stat !== undefined) return stat
      throw refused(client, path, answer.status === 404 ? 'No such container' : `status ${answer.status}`)
    },
    fetch: async (path, expected) => {
      const answer = await send('GET', archiveOf(path), WORK[expected])
      if (answer.status === 200) return answer
      const reason = engineMessage(await jsonOf(answer))
      if (answer.status === 404 && !/no such container/i.test(reason)) return undefined
      throw refused(client, path, reason)
    },
    losesOwners: () => isPodman,
    exportAll: async () => {
      const answer = await send('GET', 'export', WORK.many)
      if (answer.status === 200) return answer
      throw refused(client, '/', engineMessage(await jsonOf(answer)))
    },
  }
}

function archiveOf(path: RootPath): string {
  return `archive?path=${percentEncoded(path)}`
}

/** Tells, once, when the answer has been read or dropped. */
function releasing(answer: EngineAnswer, release: () => void): EngineAnswer {
  let isReleased = false
  const once = () => {
    if (!isReleased) release()
    isReleased = true
  }
  const read = async function* () {
    try {
      yield* answer.body
    } finally {
      once()
    }
  }
  return {
    status: answer.status,
    header: answer.header,
    body: read(),
    drop: () => {
      once()
      answer.drop()
    },
  }
}

/** Reads the stat header: base64 of JSON whose mode has the bits of Go's os.FileMode. */
export function parsePathStat(header: string | undefined): PathStat | undefined {
  if (header === undefined) return undefined
  try {
    const { mode, size, mtime, linkTarget } = objectOf(JSON.parse(Buffer.from(header, 'base64').toString()))
    if (typeof mode !== 'number' || typeof size !== 'number') return undefined
    return {
      kind: kindOfGoMode(mode),
      mode: permissionsOfGoMode(mode),
      size,
      ...optional('mtime', secondsOf(textOf(mtime))),
      ...optional('leadsTo', textOf(linkTarget) || undefined),
    }
  } catch {
    return undefined
  }
}

/** From a date as Go writes it (RFC 3339), with up to nine digits of a second. */
function secondsOf(date: string | undefined): number | undefined {
  const milliseconds = date === undefined ? Number.NaN : Date.parse(date)
  return Number.isNaN(milliseconds) ? undefined : wholeSeconds(milliseconds / 1000)
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
