import { randomBytes } from 'node:crypto'
import {
  closeSync,
  fstatSync,
  futimesSync,
  linkSync,
  openSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs'
import { LiftError } from '../errors.js'

/** A lock says every so often that its holder lives, in milliseconds; one that has said nothing for long is void. */
const HEARTBEAT = 2_000
const STALE = 15_000
const LOOK_AGAIN = 100

/**
 * Waits for a lock file and holds it. A lock only saves work: whoever loses one that was taken for void still
 * writes files of its own. Where no lock can be made, none is held. Throws LiftError 'interrupted'.
 */
export async function takeLock(path: string, signal: AbortSignal | undefined): Promise<Disposable> {
  for (;;) {
    if (signal?.aborted) throw new LiftError('interrupted', 'interrupted while waiting for another run')
    const lock = createLock(path)
    if (lock !== undefined) return lock
    if (isVoid(path)) takeAway(path)
    else await new Promise((done) => setTimeout(done, LOOK_AGAIN))
  }
}

/** Whether somebody holds this lock and lives. */
export function isLocked(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false }) !== undefined && !isVoid(path)
}

const NO_LOCK: Disposable = { [Symbol.dispose]: () => {} }

/** Gives undefined when somebody else has it. */
function createLock(path: string): Disposable | undefined {
  let fd: number
  try {
    fd = openSync(path, 'wx', 0o600)
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EEXIST' ? undefined : NO_LOCK
  }
  try {
    writeSync(fd, whoWeAre())
  } catch {
    // A full disk: only the heartbeat speaks for us.
  }
  const timer = setInterval(() => beat(fd), HEARTBEAT).unref()
  return {
    [Symbol.dispose]: () => {
      clearInterval(timer)
      // It may have been taken away from us, and another one may be there now.
      if (statSync(path, { throwIfNoEntry: false })?.ino === fstatSync(fd).ino) rmSync(path, { force: true })
      closeSync(fd)
    },
  }
}

function beat(fd: number): void {
  try {
    futimesSync(fd, new Date(), new Date())
  } catch {
    // The lock then looks void, which costs no more than work done twice.
  }
}

function isVoid(path: string): boolean {
  const stats = statSync(path, { throwIfNoEntry: false })
  return stats !== undefined && (Date.now() - stats.mtimeMs > STALE || isOfTheDead(path))
}

/** Whether the lock is of a process that could be seen from here and is not there. */
function isOfTheDead(path: string): boolean {
  try {
    const [pid, space] = readFileSync(path, 'latin1').split(' ')
    if (space === undefined || space !== whoWeAre().split(' ')[1] || !/^[1-9]\d*$/.test(pid!)) return false
    return statSync(`/proc/${pid}`, { throwIfNoEntry: false }) === undefined
  } catch {
    return false
  }
}

/**
 * Our process number, and where it means something: one run of one system, and there one PID namespace (proc(5)).
 * Throws where there is no such file system; then only the heartbeat speaks for us.
 */
function whoWeAre(): string {
  const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim()
  return `${readlinkSync('/proc/self')} ${boot}/${readlinkSync('/proc/self/ns/pid')}`
}

/** Of several who find a lock void, none takes away the new one of another. */
function takeAway(path: string): void {
  const aside = `${path}.${randomBytes(6).toString('hex')}`
  try {
    renameSync(path, aside)
    if (!isVoid(aside)) linkSync(aside, path)
  } catch {
    // Somebody was faster.
  }
  rmSync(aside, { force: true })
}
