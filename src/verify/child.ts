import { spawn } from 'node:child_process'
import { decodeText } from '../bytes.js'
import { LiftError, reasonOf } from '../errors.js'
import { Collected, type Outcome } from './outcome.js'
import type { Command } from './runner.js'

/** How a run in a confinement of our own went. */
export interface ChildRun {
  readonly outcome: Outcome
  /** What the confinement said on its third stream, beside what the program prints. */
  readonly said: string
}

/** The third stream is ours: the confinement says there how far it has come. */
const SAYS = 3

/**
 * Runs a host command to its end, or kills it when its time is up, when it prints too much, or when the signal
 * aborts; killing the command must take with it whatever it has started. Throws LiftError 'unsupported' when there
 * is no such command, 'interrupted'.
 */
export async function runChild(
  words: readonly [string, ...string[]],
  command: Pick<Command, 'stdin' | 'timeout' | 'signal'>,
): Promise<ChildRun> {
  const { stdin, timeout, signal } = command
  if (signal?.aborted) throw interrupted()
  const begun = performance.now()
  const child = spawn(words[0], words.slice(1), {
    stdio: ['pipe', 'pipe', 'pipe', 'pipe'],
    env: { PATH: PATH_OF_HOST, LC_ALL: 'C' },
    // Ctrl-C in a terminal is for us to deal with.
    detached: true,
  })
  let cut: 'time-out' | 'too much output' | undefined
  const stop = (why?: typeof cut) => {
    cut ??= why
    endGroup(child.pid)
  }
  const streams = [1, 2, SAYS].map((index) => collect(child.stdio[index]!, () => stop('too much output')))
  const timer = setTimeout(() => stop('time-out'), timeout * 1000)
  const onAbort = () => stop()
  signal?.addEventListener('abort', onAbort, { once: true })
  child.stdin!.on('error', () => {})
  child.stdin!.end(stdin)
  try {
    const code = await new Promise<number | null>((resolve, reject) => {
      child.once('error', (error) => reject(notStarted(words[0], error)))
      child.once('close', resolve)
    })
    if (signal?.aborted) throw interrupted()
    const [stdout, stderr, said] = streams.map((stream) => stream.bytes())
    const end = cut === undefined ? { kind: 'exit' as const, code: code ?? KILLED } : { kind: cut }
    const milliseconds = Math.round(performance.now() - begun)
    return { outcome: { end, stdout: stdout!, stderr: stderr!, milliseconds }, said: decodeText(said!) }
  } finally {
    clearTimeout(timer)
    signal?.removeEventListener('abort', onAbort)
  }
}

/** What is not of the group goes with the first process of its namespace. */
function endGroup(pid: number | undefined): void {
  try {
    if (pid !== undefined) process.kill(-pid, 'SIGKILL')
  } catch {
    // All have ended by themselves.
  }
}

/** Where the host keeps what confines programs. */
const PATH_OF_HOST = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'

function collect(stream: unknown, onFull: () => void): Collected {
  const collected = new Collected()
  const readable = stream as NodeJS.ReadableStream
  readable.on('error', () => {})
  readable.on('data', (chunk: Buffer) => {
    if (!collected.add(chunk)) onFull()
  })
  return collected
}

/** Programs that a signal ends are reported by what confines them; that itself is ended by nothing but SIGKILL. */
const KILLED = 128 + 9

function notStarted(command: string, error: Error): LiftError {
  return new LiftError('unsupported', `cannot start ${command}: ${reasonOf(error)}`, { cause: error })
}

function interrupted(): LiftError {
  return new LiftError('interrupted', 'interrupted while a program of the image ran')
}
