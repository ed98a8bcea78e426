import { decodeText } from '../bytes.js'
import { LiftError } from '../errors.js'
import type { ConfinedCommand, ConfinedResult } from '../image/image.js'
import { CONFINED_OUTPUT, CONFINED_TIME } from './chroot.js'
import type { EngineAnswer, EngineClient } from './engine-client.js'
import { engineMessage } from './engine-errors.js'
import { createHelpers } from './helper-container.js'

/**
 * Runs a program of an image in a container of its own: without network, capabilities, a way to more rights or
 * anything to write to. The container is removed in every case. Throws LiftError 'engine-failed', 'limit',
 * 'interrupted'.
 */
export async function runInContainer(
  client: EngineClient,
  imageId: string,
  platform: string | undefined,
  command: ConfinedCommand,
): Promise<ConfinedResult> {
  const { signal } = command
  const helpers = await createHelpers(client, imageId, { platform, signal, body: bodyOf(command) }, 1)
  const limit = AbortSignal.timeout(CONFINED_TIME)
  try {
    const either = signal === undefined ? limit : AbortSignal.any([signal, limit])
    return await runHelper(client, helpers.names[0]!, either)
  } catch (error) {
    if (!limit.aborted || signal?.aborted) throw error
    throw new LiftError('limit', `${command.argv[0]} did not end within ${CONFINED_TIME / 1000} s`)
  } finally {
    await helpers.remove()
  }
}

const MEMORY = 256 << 20

/** The last two because Podman would raise them, which needs a right that not every root has. */
const ULIMITS = [
  { Name: 'core', Soft: 0, Hard: 0 },
  { Name: 'nofile', Soft: 1024, Hard: 1024 },
  { Name: 'nproc', Soft: 4096, Hard: 4096 },
]

/** What `docker run` is told by --network=none --read-only --cap-drop=ALL and so on. */
function bodyOf({ argv: [program, ...args], env, user }: ConfinedCommand): object {
  const id = user === 'nobody' ? 65534 : 0
  return {
    Entrypoint: [program],
    Cmd: args,
    Env: Object.entries(env).map(([name, value]) => `${name}=${value}`),
    User: `${id}:${id}`,
    Healthcheck: { Test: ['NONE'] },
    AttachStdout: true,
    AttachStderr: true,
    HostConfig: {
      NetworkMode: 'none',
      ReadonlyRootfs: true,
      CapDrop: ['ALL'],
      SecurityOpt: ['no-new-privileges'],
      PidsLimit: 64,
      Memory: MEMORY,
      MemorySwap: MEMORY,
      NanoCpus: 1e9,
      Ulimits: ULIMITS,
      LogConfig: { Type: 'none' },
    },
  }
}

async function runHelper(client: EngineClient, name: string, signal: AbortSignal): Promise<ConfinedResult> {
  const container = `/containers/${name}`
  const query = 'stream=1&stdout=1&stderr=1'
  const attached = await client.send('POST', `${container}/attach?${query}`, { signal, patience: 'stream' })
  try {
    if (attached.status !== 200) throw refused(client, parseJson(await readAll(attached)))
    const started = await client.json('POST', `${container}/start`, { signal })
    if (started.status >= 300) throw refused(client, started.value)
    const printed = demultiplex(await readAll(attached))
    const { value } = await client.json('POST', `${container}/wait`, { signal })
    const code = (value as { StatusCode?: unknown } | undefined)?.StatusCode
    if (typeof code !== 'number') throw refused(client, value)
    return { ...printed, status: code }
  } finally {
    attached.drop()
  }
}

function refused(client: EngineClient, value: unknown): LiftError {
  const reason = engineMessage(value)
  return new LiftError('engine-failed', `${client.engine} does not run a program of the image: ${reason}`)
}

function parseJson(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString())
  } catch {
    return undefined
  }
}

async function readAll({ body }: EngineAnswer): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of body) {
    size += chunk.length
    if (size > CONFINED_OUTPUT) throw new LiftError('limit', 'a program of the image prints without end')
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

const FRAME_HEADER = 8
const STDERR = 2

/** Frames of a container without a terminal: which stream, three zeros, the length, the bytes. */
function demultiplex(bytes: Buffer): { stdout: string; stderr: string } {
  const pieces: [Buffer[], Buffer[]] = [[], []]
  for (let at = 0; at + FRAME_HEADER <= bytes.length; ) {
    const from = at + FRAME_HEADER
    at = from + bytes.readUInt32BE(at + 4)
    pieces[bytes[from - FRAME_HEADER] === STDERR ? 1 : 0].push(bytes.subarray(from, at))
  }
  const [stdout, stderr] = pieces.map((piece) => decodeText(Buffer.concat(piece)))
  return { stdout: stdout!, stderr: stderr! }
}
