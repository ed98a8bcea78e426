/** What is known of a process that strace follows. */
export interface TracedProcess {
  /** Its working directory; empty is the one that the run began in. */
  directory: string
  /** Where chroot(2) has put it, as long as it has not started another program. */
  root: string
  /** The root that its programs were started in, seen from outside. */
  base: string
  isInside: boolean
  program: string | undefined
  /** By descriptor, the last one that it was; a closed one is not asked for. */
  readonly opened: Map<number, string>
  /** The beginning of a call whose end comes later. */
  unfinished: string | undefined
}

/** Most processes at a time; of more, the oldest is taken for a new one. */
const MOST_PROCESSES = 10_000
const MOST_OPENED = 4096

/** The processes of a run by their number in the text; the first has none until there is a second one. */
export class Processes {
  readonly #byNumber = new Map<string, TracedProcess>()
  #first: TracedProcess | undefined
  #isFirstNamed = false

  of(pid: string): TracedProcess {
    const known = this.#byNumber.get(pid)
    if (known !== undefined) return known
    const traced = this.#unknown(pid)
    this.#keep(pid, traced)
    return traced
  }

  /** A process begins as its parent is. */
  born(pid: string, parent: TracedProcess): void {
    if (!this.#byNumber.has(pid)) this.#keep(pid, copyOf(parent))
  }

  end(pid: string): undefined {
    if (pid !== '') this.#byNumber.delete(pid)
  }

  /** A child may speak before its parent's call has ended. */
  #unknown(pid: string): TracedProcess {
    if (this.#first === undefined) {
      this.#first = NEW()
      this.#isFirstNamed = pid !== ''
      return this.#first
    }
    const forking = [...this.#byNumber.values()].find(({ unfinished }) =>
      /^(v?fork|clone3?)\(/.test(unfinished ?? ''),
    )
    if (forking !== undefined) return copyOf(forking)
    if (this.#isFirstNamed) return copyOf(this.#first)
    this.#isFirstNamed = true
    return this.#first
  }

  #keep(pid: string, traced: TracedProcess): void {
    if (this.#byNumber.size >= MOST_PROCESSES) {
      const [oldest] = this.#byNumber.keys()
      this.#byNumber.delete(oldest!)
    }
    if (traced.opened.size > MOST_OPENED) traced.opened.clear()
    this.#byNumber.set(pid, traced)
  }
}

const NEW = (): TracedProcess => ({
  directory: '',
  root: '',
  base: '',
  isInside: false,
  program: undefined,
  opened: new Map(),
  unfinished: undefined,
})

function copyOf(traced: TracedProcess): TracedProcess {
  return { ...traced, opened: new Map(traced.opened), unfinished: undefined }
}
