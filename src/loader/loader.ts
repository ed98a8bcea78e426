import type { Soon } from '../bytes.js'
import type { ElfFile } from '../elf/elf.js'
import type { Trail } from '../rootfs/follow.js'
import type { RootPath } from '../rootfs/path.js'
import type { FileEntry } from '../rootfs/rootfs.js'

/** How a name became a file. The words appear in the JSON. */
export type Rule =
  /** The program itself, or PT_INTERP. */
  | 'program'
  | 'interpreter'
  /** An object that is loaded already answers to the name (open path, earlier name or DT_SONAME). */
  | 'already-loaded'
  /** musl: the name is the loader's own (`libc.so`, `libm.so.6`, …). */
  | 'builtin'
  /** The name holds a slash and is opened as it is. */
  | 'path'
  | 'rpath'
  | 'ld-library-path'
  | 'runpath'
  | 'ld.so.cache'
  /** The directories compiled into the loader (glibc) or its path file (musl). */
  | 'default'
  /** The answer of `ldd`, run inside the image because the user asked for it. */
  | 'ldd'

/** What became of one candidate. */
export type Outcome =
  | 'taken'
  /** Taken, but the file is one that is loaded already under another name. */
  | 'same-file'
  /** musl: it holds a C library, so it is dropped again and the loader serves in its place. */
  | 'second libc'
  | 'absent'
  | 'other class'
  | 'other machine'
  | 'other abi'
  /** These end the search: the loader stops with an error. */
  | 'link loop'
  | 'directory'
  | 'special file'
  | 'too short'
  | 'not elf'
  | 'other byte order'
  | 'invalid header'
  | 'not loadable'
  | 'executable'

/** One place the loader looks. */
export interface Attempt {
  readonly rule: Rule
  /** The path as the loader would open it, text unchanged. */
  readonly path: string
  readonly outcome: Outcome
  /** For rpath and runpath: the open path of the object whose list it is. */
  readonly listOf?: string
}

/** An object in memory: the program, its loader, a library. */
export interface LoadedObject {
  /** The path the loader opens it by, text unchanged; the real path for the program itself. */
  readonly name: string
  readonly trail: Trail
  readonly file: FileEntry
  readonly elf: ElfFile
  /** Who caused it to be loaded first; the chain up to the program is the RPATH chain. */
  readonly loadedBy?: LoadedObject
  /** The rule that found it first. */
  readonly rule: Rule
  /** Every name it was asked for by; the closure adds to it as it goes. */
  readonly names: Set<string>
}

/** The objects of one namespace, in load order. */
export interface LinkMap {
  /** The program that is started: its RPATH serves every object, in every namespace. */
  readonly program: LoadedObject
  readonly objects: readonly LoadedObject[]
  /** The dynamic loader, which answers to its names without being searched; it need not be in `objects` yet. */
  readonly loader: LoadedObject | undefined
}

/** The answer for one name asked by one object. */
export interface Resolution {
  readonly name: string
  readonly attempts: readonly Attempt[]
  /** The object, new or loaded already; undefined when the name is not found or the search is blocked. */
  readonly found: LoadedObject | undefined
  /** The rule that found it. */
  readonly rule: Rule | undefined
  /** The trail of the file that was opened for this name, also when it turned out to be loaded already. */
  readonly opened?: Trail
  /** A candidate that ends the search with an error, so that nothing after it counts. */
  readonly blockedBy?: Attempt
  /** What makes the answer depend on circumstances: a relative path, `$PLATFORM`. */
  readonly cautions?: readonly Caution[]
}

/** What an answer depends on besides the files. */
export type Caution = 'relative' | 'platform' | 'empty-element' | 'origin-dropped'

/** What the loader takes from outside of the files: all of it from the image, never from the host. */
export interface LoaderSettings {
  /** LD_LIBRARY_PATH of the image's environment. */
  readonly libraryPath?: string
  /** LD_PRELOAD of the image's environment. */
  readonly preload?: string
  /** LD_AUDIT of the image's environment. */
  readonly audit?: string
  /** The working directory assumed at start. */
  readonly workingDir: RootPath
  /** The CPU levels to search for, most preferred first (`x86-64-v3`, …); empty is the portable baseline. */
  readonly hwcaps: readonly string[]
  /** Whether the program gains privilege at start (AT_SECURE). */
  readonly secure: boolean
}

/** A dynamic loader's rules with its configuration read. It keeps no state: the link map is an argument. */
export interface Loader {
  readonly dialect: 'glibc' | 'musl'
  /** The loader itself as an object; its `name` is PT_INTERP as written. */
  readonly object: LoadedObject
  /** The directories searched last, in order, as text. */
  readonly defaultDirectories: readonly string[]
  /** CPU levels it knows, most preferred first; empty when it has none. */
  readonly hwcapLevels: readonly string[]
  /** Whether DT_AUXILIARY, DT_FILTER and audit modules have an effect. */
  readonly filters: boolean
  readonly auditModules: boolean
  /** Audit modules of the environment, loaded before those of the program, and by more loaders. */
  readonly environmentAudits: readonly string[]
  /** Whether the cache holds CPU-specific entries for a name. */
  hasVariant(name: string): boolean
  /** Names to load before all others, each with where it is asked for (`LD_PRELOAD`, `/etc/ld.so.preload`). */
  preloads(program: LoadedObject): Promise<readonly { readonly name: string; readonly from: string }[]>
  /**
   * Finds one name for one object. Changes neither the map nor the objects. It gives a promise only where it has to
   * wait for the files.
   */
  resolve(name: string, requester: LoadedObject, map: LinkMap): Soon<Resolution>
  /** Finds a name of the preload list: for glibc as if the program asked, for musl as if nobody did. */
  resolvePreload(name: string, map: LinkMap): Soon<Resolution>
  /** The name an object answers to from now on, after it was asked for by `name`; undefined for none. */
  remembers(name: string, object: LoadedObject): string | undefined
  /** Files it reads besides libraries, as far as they exist: its cache, its preload list, its path file. */
  readonly configuration: readonly { readonly role: 'cache' | 'preload' | 'path'; readonly trail: Trail }[]
}
