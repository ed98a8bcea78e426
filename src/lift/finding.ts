import type { Attempt } from '../loader/loader.js'

/** An error says that something will not run; a warning, that it may not; a note is for knowing. */
export type Severity = 'error' | 'warning' | 'note'

/** The facts of each kind of finding. A kind added here without words in WORDS does not compile. */
export type FindingFacts =
  | { kind: 'library-missing'; name: string; neededBy: string; attempts: readonly Attempt[] }
  | { kind: 'library-blocked'; name: string; neededBy: string; path: string; outcome: string }
  | { kind: 'version-missing'; file: string; version: string; neededBy: string }
  | { kind: 'version-information-absent'; file: string; neededBy: string }
  | { kind: 'loader-missing'; program: string; interpreter: string }
  | { kind: 'loader-unusable'; program: string; interpreter: string; reason: string }
  | { kind: 'loader-unknown'; program: string; interpreter: string; reason: string }
  | { kind: 'interpreter-missing'; script: string; interpreter: string; reason: string }
  | { kind: 'not-executable'; program: string }
  | { kind: 'other-platform'; program: string; machine: string; platform: string }
  | { kind: 'fragile'; name: string; neededBy: string; satisfiedBy: string }
  | { kind: 'hwcaps-only'; name: string; neededBy: string; path: string }
  | { kind: 'hwcaps-variant'; name: string; path: string }
  | { kind: 'relative-path'; name: string; neededBy: string; workingDir: string }
  | { kind: 'platform-token'; name: string; neededBy: string }
  | { kind: 'same-file-twice'; program: string; paths: readonly string[] }
  | { kind: 'preload'; name: string; from: string }
  | { kind: 'preload-missing'; name: string; from: string }
  | { kind: 'audit-missing'; name: string; program: string }
  | { kind: 'auxiliary-missing'; name: string; neededBy: string }
  | { kind: 'secure-mode'; program: string; name: string }
  | { kind: 'setuid'; program: string; mode: number }
  | { kind: 'capabilities'; program: string }
  | { kind: 'no-cache'; name: string; directory: string }
  | { kind: 'cache-carried'; libraries: readonly string[] }
  | { kind: 'malformed-elf'; path: string; reason: string }
  | { kind: 'not-followed'; path: string; reason: string }
  | { kind: 'not-looked-at'; paths: readonly string[] }
  | { kind: 'special-left-out'; paths: readonly string[] }
  | { kind: 'name-not-writable'; path: string }
  | { kind: 'path-conflict'; path: string; sources: readonly string[] }
  | { kind: 'lift-differs'; program: string; name: string; expected: string; actual: string }
  | { kind: 'environment-dropped'; name: string }
  | { kind: 'user'; user: string }
  | { kind: 'user-unknown'; user: string }
  | { kind: 'groups-lost'; user: string; groups: readonly number[] }
  | { kind: 'healthcheck-dropped'; test: readonly string[] }
  | { kind: 'attributes-unread'; reason: string }
  | { kind: 'from-ldd'; program: string; names: readonly string[] }
  | { kind: 'ldd-failed'; program: string; reason: string }
  | { kind: 'packages-unreadable'; reason: string }
  | { kind: 'packages-not-carried'; database: string }
  | { kind: 'unpinned'; from: string }
  | {
      kind: 'need-not-taken'
      finder: string
      confidence: string
      names: readonly string[]
      neededBy: string
      reason: string
      option: string
    }
  | { kind: 'need-missing'; finder: string; name: string; neededBy: string; reason: string }
  | { kind: 'observed'; files: number; added: number; absent: readonly string[] }
  | { kind: 'trace-unclear'; names: number }
  | { kind: 'need-unclear'; finder: string; neededBy: string; reason: string }

/** The name of a kind of finding, as in the JSON. */
export type FindingKind = FindingFacts['kind']

/** Something wrong, or worth knowing, about an answer. */
export type Finding = FindingFacts & { readonly severity: Severity; readonly message: string }

type Words = { [K in FindingKind]: [Severity, (facts: Extract<FindingFacts, { kind: K }>) => string] }

const WORDS: Words = {
  'library-missing': [
    'error',
    (f) => `${f.name} is not found (needed by ${f.neededBy}; ${count(f.attempts.length, 'place')} tried)`,
  ],
  'library-blocked': [
    'error',
    (f) =>
      `${f.name} is blocked: the loader stops at ${f.path} (${f.outcome}) and does not search on (needed by ${f.neededBy})`,
  ],
  'version-missing': [
    'error',
    (f) => `${f.file} does not define version ${f.version} (required by ${f.neededBy})`,
  ],
  'version-information-absent': [
    'warning',
    (f) => `${f.file} has no version information (required by ${f.neededBy})`,
  ],
  'loader-missing': [
    'error',
    (f) => `${f.program} asks for the loader ${f.interpreter}, which is not in the image; it cannot start`,
  ],
  'loader-unusable': [
    'error',
    (f) => `${f.program}: the loader ${f.interpreter} cannot be used: ${f.reason}`,
  ],
  'loader-unknown': [
    'error',
    (f) =>
      `${f.program}: the rules of the loader ${f.interpreter} are not known (${f.reason}); its libraries are not listed`,
  ],
  'interpreter-missing': ['error', (f) => `${f.script}: its interpreter ${f.interpreter} ${f.reason}`],
  'not-executable': ['warning', (f) => `${f.program} has no execute bit; the kernel will refuse to start it`],
  'other-platform': [
    'warning',
    (f) => `${f.program} is a ${f.machine} program in an image for ${f.platform}`,
  ],
  fragile: [
    'warning',
    (f) =>
      `${f.neededBy} could not find ${f.name} by itself; it works only because ${f.satisfiedBy} is loaded before`,
  ],
  'hwcaps-only': [
    'warning',
    (f) =>
      `${f.name} (needed by ${f.neededBy}) exists only for some CPUs: ${f.path}; elsewhere it is missing`,
  ],
  'hwcaps-variant': [
    'note',
    (f) => `${f.name} also exists as a CPU-specific variant, lifted as well: ${f.path}`,
  ],
  'relative-path': [
    'warning',
    (f) => `${f.name} (needed by ${f.neededBy}) depends on the working directory; ${f.workingDir} is assumed`,
  ],
  'platform-token': [
    'warning',
    (f) => `${f.name} (needed by ${f.neededBy}) depends on the CPU through $PLATFORM`,
  ],
  'same-file-twice': [
    'warning',
    (f) =>
      `${f.program} opens one file under ${f.paths.length} names (${f.paths.join(', ')}); a Dockerfile makes separate files of them, which are loaded separately`,
  ],
  preload: ['note', (f) => `${f.name} is preloaded into every program by ${f.from} and lifted with it`],
  'preload-missing': ['warning', (f) => `${f.name}, named in ${f.from}, is not found; the loader ignores it`],
  'audit-missing': [
    'warning',
    (f) => `the audit module ${f.name} of ${f.program} is not found; the loader ignores it`,
  ],
  'auxiliary-missing': [
    'note',
    (f) => `the auxiliary library ${f.name} of ${f.neededBy} is absent, which is allowed`,
  ],
  'secure-mode': [
    'warning',
    (f) =>
      `${f.program} has a setuid or setgid bit or file capabilities; started with raised privilege it would not find ${f.name}`,
  ],
  setuid: [
    'note',
    (f) =>
      `${f.program} has mode ${f.mode.toString(8).padStart(4, '0')}; COPY --from keeps it as long as --chown is not added; COPY from a build context makes the file root's, and the legacy builder drops these bits there`,
  ],
  capabilities: [
    'warning',
    (f) =>
      `${f.program} has file capabilities (security.capability); the legacy builder drops them when it copies a single file, so build with BuildKit`,
  ],
  'no-cache': [
    'note',
    (f) =>
      `${f.name} lies in ${f.directory}, which /etc/ld.so.conf names, but ld.so.cache does not list it; run ldconfig in the image`,
  ],
  'cache-carried': [
    'note',
    (f) => `/etc/ld.so.cache is copied too: the loader finds ${f.libraries.join(', ')} only through it`,
  ],
  'malformed-elf': ['error', (f) => `${f.path} is not a sound ELF file: ${f.reason}`],
  'not-followed': ['error', (f) => `what ${f.path} needs is not known: ${f.reason}`],
  'not-looked-at': [
    'warning',
    (f) => `${count(f.paths.length, 'path')} could not be read, so nothing is known of: ${few(f.paths)}`,
  ],
  'special-left-out': [
    'warning',
    (f) =>
      `${count(f.paths.length, 'device, FIFO or socket', 'devices, FIFOs or sockets')} left out: ${few(f.paths)}`,
  ],
  'name-not-writable': [
    'error',
    (f) => `${f.path} has a name that is not valid UTF-8 and cannot be written in a Dockerfile`,
  ],
  'path-conflict': [
    'error',
    (f) => `two different files would be written to ${f.path}: ${f.sources.join(', ')}`,
  ],
  'lift-differs': [
    'error',
    (f) =>
      `the lifted tree does not behave as the image: ${f.program} gets ${f.name} as ${f.actual} instead of ${f.expected}`,
  ],
  'environment-dropped': [
    'warning',
    (f) => `ENV ${f.name} holds a line break, which no Dockerfile can write; it is left out`,
  ],
  user: ['note', (f) => `the image runs as user ${f.user}; the Dockerfile keeps that only as a comment`],
  'healthcheck-dropped': [
    'note',
    () =>
      'the image has a HEALTHCHECK, which is not taken over: it may need a shell, and programs of its own',
  ],
  'attributes-unread': [
    'warning',
    (f) => `capabilities and other attributes of files are not known, so they are not kept: ${f.reason}`,
  ],
  'user-unknown': [
    'warning',
    (f) =>
      `the image runs as user ${f.user}, whom its /etc/passwd and /etc/group do not know; the name is kept, and no container will start with it`,
  ],
  'groups-lost': [
    'warning',
    (f) =>
      `the image runs as user ${f.user}, who is in ${f.groups.length === 1 ? 'group' : 'groups'} ${few(f.groups.map(String))} as well; the new image has no /etc/passwd and /etc/group that say so, and runs without (--include takes them along)`,
  ],
  'from-ldd': [
    'note',
    (f) => `${f.program}: found by ldd alone, which was run inside the image: ${f.names.join(', ')}`,
  ],
  'ldd-failed': ['warning', (f) => `${f.program}: ldd could not be asked: ${f.reason}`],
  'packages-unreadable': ['warning', (f) => `the packages of the files are not known: ${f.reason}`],
  'packages-not-carried': [
    'warning',
    (f) =>
      `an ${f.database} database cannot be written with fewer packages, so scanners will not see any in the new root; the JSON names them`,
  ],
  'need-not-taken': [
    'note',
    (f) =>
      `not taken along: ${few(f.names)}; ${f.neededBy} ${f.reason} (${f.option} takes ${f.names.length === 1 ? 'it' : 'them'})`,
  ],
  'need-missing': ['warning', (f) => `${f.name} is not found; ${f.neededBy} ${f.reason}`],
  observed: [
    'note',
    (f) =>
      `${count(f.files, 'file was', 'files were')} observed in use, ${f.added} of them new${notThere(f)}`,
  ],
  'trace-unclear': [
    'warning',
    (f) =>
      `${count(f.names, 'name')} in the trace cannot be known, cut off or from an unknown directory; strace -y -s 4096 writes them whole`,
  ],
  'need-unclear': ['warning', (f) => `what ${f.neededBy} needs is not clear: it ${f.reason}`],
  unpinned: ['note', (f) => `no digest is known for ${f.from}; the Dockerfile names a tag, which may move`],
}

/** The finding of some facts, with its severity and words. Names in it are raw: printers escape them. */
export function finding<K extends FindingKind>(facts: Extract<FindingFacts, { kind: K }>): Finding {
  const [severity, words] = WORDS[facts.kind as K]
  return { ...facts, severity, message: words(facts) } as unknown as Finding
}

/** Every kind there is, for option values and help. */
export const FINDING_KINDS = Object.keys(WORDS) as readonly FindingKind[]

/** A hostile or a foreign root may have any number of them; the JSON has all. */
const MOST_NAMES = 5

function notThere({ absent }: { readonly absent: readonly string[] }): string {
  return absent.length === 0 ? '' : `; ${absent.length} not in the image: ${few(absent)}`
}

function few(names: readonly string[]): string {
  const rest = names.length - MOST_NAMES
  return `${names.slice(0, MOST_NAMES).join(', ')}${rest > 0 ? ` and ${rest} more` : ''}`
}

function count(n: number, noun: string, plural = `${noun}s`): string {
  return `${n} ${n === 1 ? noun : plural}`
}
