import { Sightings } from './sightings.js'

/**
 * Reads what glibc's loader writes for LD_DEBUG=files,libs (ld.so(8); elf/dl-load.c, elf/dl-init.c), line by line:
 * objects that were mapped or initialised, and programs that were started. What was merely tried is not taken.
 */
export class LdDebugText {
  readonly sightings = new Sightings()
  readonly #processes = new Map<string, { tried?: string; program?: string }>()

  /** Whether a line is one of the loader's. */
  add(line: string): boolean {
    const [, pid = '', text = ''] = LINE.exec(line) ?? []
    if (pid === '') return false
    if (this.#processes.size >= MOST_PROCESSES) this.#processes.clear()
    const traced = this.#processes.get(pid) ?? {}
    this.#processes.set(pid, traced)
    const [, what, name = ''] = SAYS.exec(text) ?? []
    if (what === 'trying file=') traced.tried = name
    else if (what === 'calling init: ') this.#see(name, traced.program)
    else if (what === 'initialize program: ') {
      if (name.includes('/')) this.sightings.add(name, 'run', undefined)
      traced.program = name
    } else this.#mapped(text, traced)
    return true
  }

  /** An object that is mapped is the one that was tried last, or the file of its own name. */
  #mapped(text: string, { tried, program }: { tried?: string; program?: string }): void {
    const [, name] = MAPPED.exec(text) ?? []
    if (name === undefined) return
    if (name.includes('/')) this.#see(name, program)
    else if (tried?.endsWith(`/${name}`)) this.#see(tried, program)
  }

  #see(name: string, by: string | undefined): void {
    if (name.includes('/')) this.sightings.add(name, 'read', by)
  }
}

const MOST_PROCESSES = 100_000

/** The number is padded to ten characters and followed by a tab. */
const LINE = /^ {0,9}(\d{1,10}):\t(.*)$/s
const SAYS = /^\s*(trying file=|calling init: |initialize program: )(.+)$/s
const MAPPED = /^file=(.+) \[\d+\];\s+generating link map$/s
