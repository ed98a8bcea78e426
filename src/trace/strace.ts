import { Processes, type TracedProcess } from './processes.js'
import { Sightings } from './sightings.js'
import { type Call, parseCall, type SpokenLine, spokenLine } from './strace-line.js'
import type { How } from './trace.js'

/** Reads what `strace -f` writes, line by line; see strace(1) for -o, -t, -T, -y and -yy, which may all be there. */
export class StraceText {
  /** Of programs that were started in another root than the process command; where there are any, they alone count. */
  readonly #inside = new Sightings()
  readonly #outside = new Sightings()
  readonly #processes = new Processes()
  #entered = false

  /** Whether a line is one of strace's. */
  add(line: string): boolean {
    const spoken = spokenLine(line)
    if (spoken === undefined) return false
    const text = this.#whole(spoken)
    const call = text === undefined ? undefined : parseCall(text)
    if (call !== undefined) this.#meet(this.#processes.of(spoken.pid), call)
    return true
  }

  end(): Sightings {
    return this.#entered ? this.#inside : this.#outside
  }

  /** The whole text of a call, which may be split by those of other processes. */
  #whole({ pid, text, kind, child }: SpokenLine): string | undefined {
    if (kind === 'ended') return this.#processes.end(pid)
    if (kind === 'signal') return undefined
    const traced = this.#processes.of(pid)
    if (child !== undefined) this.#processes.born(child, traced)
    if (kind === 'unfinished') {
      traced.unfinished = text
      return undefined
    }
    if (kind === 'whole') return text
    const begun = traced.unfinished
    traced.unfinished = undefined
    return begun === undefined ? undefined : begun + text
  }

  #meet(traced: TracedProcess, call: Call): void {
    const { kind, result } = call
    if (kind === 'fork') {
      if (result > 0) this.#processes.born(String(result), traced)
      return
    }
    // By its descriptor it is the file that was opened.
    if (kind === 'look' && call.name === '') return
    const path = placeOf(traced, call)
    const sightings = traced.isInside ? this.#inside : this.#outside
    if (path === undefined) {
      if (kind !== 'look') sightings.unclear++
    } else if (kind === 'chdir') traced.directory = path
    else if (kind === 'chroot') traced.root = path
    else if (kind === 'run') this.#start(traced, path)
    else {
      if (kind === 'open') traced.opened.set(result, path)
      sightings.add(path, howOf(call), traced.program)
    }
  }

  /** A program that is started after chroot(2) lives in the new root; what was before belongs to the one outside. */
  #start(traced: TracedProcess, path: string): void {
    const { root } = traced
    const own = root === '' ? path : within(root, path)
    if (root !== '') {
      const directory = within(root, traced.directory)
      Object.assign(traced, { root: '', base: traced.base + root, isInside: true, directory })
      traced.opened.clear()
      this.#entered = true
    }
    const sightings = traced.isInside ? this.#inside : this.#outside
    sightings.add(own, 'run', traced.program)
    traced.program = own
  }
}

function within(root: string, path: string): string {
  return path === root || path === `${root}/`
    ? '/'
    : path.startsWith(`${root}/`)
      ? path.slice(root.length)
      : path
}

function howOf({ kind, flags }: Call): How {
  if (kind === 'make') return 'made'
  if (kind === 'look') return 'looked at'
  const isWritten = /\bO_(WRONLY|TRUNC|EXCL|TMPFILE)\b/.test(flags)
  return kind === 'open' && isWritten ? 'made' : 'read'
}

/** The path that a call names, from the root of the process; undefined where it cannot be known. */
function placeOf(traced: TracedProcess, call: Call): string | undefined {
  const { name, isCut, directory } = call
  if (isCut) return fromOutside(traced, call.resultPath)
  if (name.startsWith('/')) return traced.root + name
  const start = directoryOf(traced, directory)
  if (start === undefined) return fromOutside(traced, call.resultPath)
  if (name === '') return start
  return start === '' || start.endsWith('/') ? start + name : `${start}/${name}`
}

function directoryOf(traced: TracedProcess, directory: Call['directory']): string | undefined {
  if (directory === undefined) return traced.directory
  const { descriptor, path } = directory
  if (path !== undefined) return fromOutside(traced, path)
  return descriptor === 'AT_FDCWD' ? traced.directory : traced.opened.get(Number(descriptor))
}

/** strace tells the paths of open files from its own root. */
function fromOutside({ base }: TracedProcess, path: string | undefined): string | undefined {
  if (path === undefined || !path.startsWith('/')) return undefined
  return within(base, path)
}
