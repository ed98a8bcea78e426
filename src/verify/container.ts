import { LiftError } from '../errors.js'
import { type Attached, attachTo } from '../source/engine-attach.js'
import type { EngineClient } from '../source/engine-client.js'
import { engineMessage } from '../source/engine-errors.js'
import { createHelpers } from '../source/helper-container.js'
import { Collected, type Outcome } from './outcome.js'
import { type Command, LIMITS } from './runner.js'
import type { End } from './verification.js'

/** Runs a command in a new container, which is gone afterwards whatever happens. Throws LiftError. */
export async function runContainer(
  client: EngineClient,
  imageId: string,
  platform: string,
  command: Command,
): Promise<Outcome> {
  const { signal } = command
  const helpers = await createHelpers(client, imageId, { platform, signal, body: bodyOf(command) }, 1)
  try {
    return await runToEnd(client, helpers.names[0]!, command)
  } finally {
    await helpers.remove()
  }
}

/** What `docker run --interactive` makes of it; capabilities and setuid bits keep the effect they have there. */
function bodyOf({ argv: [program, ...args], env, user, workdir }: Command): object {
  const { memory, processes, files, written } = LIMITS
  return {
    Entrypoint: [program],
    Cmd: args,
    Env: Object.entries(env).map(([name, value]) => `${name}=${value}`),
    ...(user === undefined ? {} : { User: user }),
    ...(workdir === undefined ? {} : { WorkingDir: workdir }),
    Hostname: 'verify',
    Healthcheck: { Test: ['NONE'] },
    Labels: { 'liftbin.helper': 'runs a program once' },
    AttachStdin: true,
    AttachStdout: true,
    AttachStderr: true,
    OpenStdin: true,
    StdinOnce: true,
    HostConfig: {
      NetworkMode: 'none',
      PidsLimit: processes,
      Memory: memory,
      MemorySwap: memory,
      Ulimits: [
        { Name: 'core', Soft: 0, Hard: 0 },
        { Name: 'nofile', Soft: files, Hard: files },
        // Podman would raise it, which needs a right that not every root has.
        { Name: 'nproc', Soft: 4096, Hard: 4096 },
        { Name: 'fsize', Soft: written, Hard: written },
      ],
      LogConfig: { Type: 'none' },
    },
  }
}

async function runToEnd(client: EngineClient, name: string, command: Command): Promise<Outcome> {
  const { stdin, timeout, signal } = command
  const attached = await attachTo(client, name)
  const streams = { stdout: new Collected(), stderr: new Collected() }
  const begun = performance.now()
  try {
    const started = await client.json('POST', `/containers/${name}/start`, { signal })
    attached.give(stdin)
    const end: End =
      started.status >= 300
        ? { kind: 'not started', reason: engineMessage(started.value) }
        : ((await untilCut(attached, streams, timeout, signal)) ?? (await exitOf(client, name, signal)))
    const milliseconds = Math.round(performance.now() - begun)
    return { end, stdout: streams.stdout.bytes(), stderr: streams.stderr.bytes(), milliseconds }
  } finally {
    attached.leave()
  }
}

/** Reads until the container has ended; gives why that was not waited for. */
async function untilCut(
  attached: Attached,
  streams: Readonly<Record<'stdout' | 'stderr', Collected>>,
  timeout: number,
  signal: AbortSignal | undefined,
): Promise<End | undefined> {
  const limit = AbortSignal.timeout(timeout * 1000)
  const either = signal === undefined ? limit : AbortSignal.any([signal, limit])
  const leave = () => attached.leave()
  either.addEventListener('abort', leave, { once: true })
  try {
    for await (const { stream, bytes } of attached.printed)
      if (!streams[stream].add(bytes)) return { kind: 'too much output' }
  } catch (error) {
    if (!either.aborted) throw error
  } finally {
    either.removeEventListener('abort', leave)
  }
  if (signal?.aborted) throw new LiftError('interrupted', 'interrupted while a program of the image ran')
  return limit.aborted ? { kind: 'time-out' } : undefined
}

async function exitOf(client: EngineClient, name: string, signal: AbortSignal | undefined): Promise<End> {
  const { value } = await client.json('POST', `/containers/${name}/wait`, { signal })
  const code = (value as { StatusCode?: unknown } | undefined)?.StatusCode
  if (typeof code === 'number') return { kind: 'exit', code }
  throw new LiftError(
    'engine-failed',
    `${client.engine} does not say how a program ended: ${engineMessage(value)}`,
  )
}
