/** What `ldd`, or a loader that is told to trace, prints and ends with. */
export interface LddText {
  readonly stdout: string
  readonly stderr: string
  readonly status: number
}

/** What it says of a program; all of it is text from inside of an image, to be checked before use. */
export interface LddAnswer {
  /** In load order, the loader among them where it lists itself; without the kernel's own object. */
  readonly libraries: readonly { readonly name: string; readonly path: string }[]
  readonly missing: readonly string[]
  /** Why there is no list. */
  readonly failure?: string
}

/** More than any program loads; what is longer is no honest list. */
const MAX_TEXT = 1 << 20
const MAX_LIBRARIES = 10_000
const MAX_PATH = 4096

/**
 * Reads the list of glibc's loader (elf/rtld.c, dl_main), of its `ldd` script, and of musl's (ldso/dynlink.c);
 * other C libraries write as glibc does. Messages are those of the C locale.
 */
export function parseLdd({ stdout, stderr, status }: LddText): LddAnswer {
  if (stdout.length + stderr.length > MAX_TEXT) return failed('its answer is too long')
  const rows = stdout.split('\n').flatMap(parseRow)
  if (rows.length > MAX_LIBRARIES) return failed('its answer is too long')
  const errors = stderr.split('\n')
  const libraries = rows.flatMap(({ name, path }) => (path === undefined ? [] : [{ name, path }]))
  const missing = new Set([
    ...rows.filter(({ path }) => path === undefined).map(({ name }) => name),
    ...errors.flatMap(parseMuslMiss),
  ])
  if (libraries.length > 0 || missing.size > 0) return { libraries, missing: [...missing] }
  if (status === 0 && /^\tstatically linked$/m.test(stdout)) return { libraries, missing: [] }
  return failed(reasonIn(errors, status))
}

function failed(failure: string): LddAnswer {
  return { libraries: [], missing: [], failure }
}

interface Row {
  readonly name: string
  /** Undefined where it is not found. */
  readonly path: string | undefined
}

/** Mapped by the kernel, and no file. */
const KERNEL_OBJECT = /^linux-(vdso|gate|vdso32|vdso64)\.so\.1$/

/** `TAB name => path (0x…)`, `TAB path (0x…)`, `TAB name => not found`; names and paths may hold blanks. */
function parseRow(line: string): readonly Row[] {
  if (!line.startsWith('\t') || line.length > 3 * MAX_PATH || line.includes('\0')) return []
  const address = line.lastIndexOf(' (0x')
  const isMapped = address > 0 && /^ \(0x[0-9a-f]+\)$/i.test(line.slice(address))
  const text = isMapped ? line.slice(1, address) : line.slice(1)
  const arrow = text.indexOf(' => ')
  const name = arrow < 0 ? text : text.slice(0, arrow)
  const path = arrow < 0 ? text : text.slice(arrow + ' => '.length)
  if (name === '' || name.length > MAX_PATH || KERNEL_OBJECT.test(name)) return []
  if (!isMapped) return arrow >= 0 && path === 'not found' ? [{ name, path: undefined }] : []
  return path === '' || path.length > MAX_PATH ? [] : [{ name, path }]
}

const MUSL_MISS = 'Error loading shared library '

/** `Error loading shared library NAME: REASON (needed by FILE)` */
function parseMuslMiss(line: string): readonly string[] {
  const reasonEnd = line.lastIndexOf(' (needed by ')
  if (!line.startsWith(MUSL_MISS) || reasonEnd < 0) return []
  const nameEnd = line.lastIndexOf(': ', reasonEnd)
  const name = line.slice(MUSL_MISS.length, Math.max(nameEnd, MUSL_MISS.length))
  return name === '' || name.length > MAX_PATH ? [] : [name]
}

const LOADING = ': error while loading shared libraries: '

/** The line that says why; lines on versions and preloads accompany a list and do not explain its absence. */
function reasonIn(errors: readonly string[], status: number): string {
  const lines = errors.map((line) => line.trim()).filter((line) => line !== '')
  const loading = lines.find((line) => line.includes(LOADING))
  const line = loading?.slice(loading.indexOf(LOADING) + LOADING.length) ?? lines[0]
  return (line ?? `it lists nothing and ends with status ${status}`).slice(0, 500)
}
