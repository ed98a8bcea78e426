import type { CopySource } from '../image/image.js'
import type { Platform } from '../image/platform.js'
import type { Attempt, Rule } from '../loader/loader.js'
import type { Confidence } from '../needs/finder.js'
import type { GeneratedFile } from '../packages/package.js'
import type { RootPath } from '../rootfs/path.js'
import type { Entry } from '../rootfs/rootfs.js'
import type { Finding } from './finding.js'
import type { StartedWith } from './started-with.js'
import type { TreeEntry } from './tree.js'

/** The answer as plain data, whatever is made of it: nothing in it is open or can change. */
export interface Answer {
  readonly image: LiftedImage
  readonly programs: readonly LiftedProgram[]
  /** Everything a run needs, in the image's own terms, sorted by path. */
  readonly entries: readonly LiftEntry[]
  readonly missing: readonly Missing[]
  readonly findings: readonly Finding[]
  /** The packages that have any of the files, sorted; absent where nobody asked for them. */
  readonly packages?: readonly LiftedPackage[]
  /** Files that the image does not have: its package database with nothing in it but these packages. */
  readonly generated?: readonly GeneratedFile[]
}

/** A package that has some of the files. */
export interface LiftedPackage {
  /** As the tools of its database print it: with the architecture where the name may mean two. */
  readonly package: string
  readonly name: string
  readonly version: string
  readonly architecture?: string
  /** How many files and links of it were lifted. */
  readonly files: number
}

/** An answer with the tree that a Dockerfile makes of it. */
export interface Lift extends Answer {
  /** Sorted by destination: no links, each file at the path it is opened by. */
  readonly copies: readonly Copy[]
  /** Directories the tree needs though no file lies in them (a path goes through them by `..`). */
  readonly directories: readonly RootPath[]
}

/** An answer with the tree that an image without a Dockerfile is packed from. */
export interface TreeLift extends Answer {
  /** Sorted by path, each directory before what lies in it; every parent has its entry. */
  readonly tree: readonly TreeEntry[]
}

/** The image a lift was made from, as far as an emitter has to know it. */
export interface LiftedImage {
  readonly reference: string
  readonly digest?: string
  readonly platform: Platform
  readonly copySource: CopySource
  /** The image's size in bytes where known. */
  readonly size?: number
  /** ENV lines `NAME=value` that the lifted image keeps: PATH and what the loader heeds. */
  readonly env: readonly string[]
  readonly user?: string
  /**
   * The same as `UID:GID`, or as `UID` where the lift has the files that name the user's groups; for a lift as a tree,
   * where the image's files say who the user is.
   */
  readonly userNumbers?: string
  /** The home that engines give that user in the image, where they would not find it in the lift. */
  readonly userHome?: string
  readonly workingDir?: string
}

/** One thing the user asked for. */
export interface LiftedProgram {
  /** As the user wrote it. */
  readonly asked: string
  /** The absolute path it was found at, text unchanged. */
  readonly path: RootPath
  readonly realPath: RootPath
  readonly kind: 'program' | 'static' | 'library' | 'loader' | 'script'
  /** What starts it in the lifted tree, for an exec-form ENTRYPOINT. */
  readonly command: readonly string[]
  /** The words that the image's configuration puts after its name, where the image starts this program. */
  readonly startedWith?: StartedWith
  /** PT_INTERP, or the script's interpreter. */
  readonly interpreter?: string
  readonly machine?: string
  /** Open paths of its libraries in load order, without the loader. */
  readonly libraries: readonly string[]
}

/** What a file is there for. */
export type Role = 'program' | 'loader' | 'library' | 'script' | 'data' | 'symlink' | 'directory'

/** Why an entry is there: who asked for it, by which name, and the rule that found it. */
export interface Why {
  readonly neededBy: string
  readonly name: string
  readonly rule:
    | Rule
    | 'link'
    | 'shebang'
    | 'env'
    | 'preload'
    | 'audit'
    | 'configuration'
    | 'include'
    | 'packages'
    | 'asked'
    /** A run that a trace tells of has opened or started it. */
    | 'observed'
    /** A need that no header names, by the finder that knows it. */
    | `need:${string}`
  /** Of such a need: how sure it is, and its reason as the end of a sentence that starts with `neededBy`. */
  readonly confidence?: Confidence
  readonly reason?: string
}

/** One path of the image that a run needs. */
export interface LiftEntry {
  /** The path it is opened by (links in the directory part kept); for a symlink, where the link lies. */
  readonly path: RootPath
  /** Where the file really lies. */
  readonly realPath: RootPath
  /** The file at `realPath`, or the link itself. */
  readonly entry: Entry
  readonly role: Role
  readonly soname?: string
  /** The package that has it, as `LiftedPackage` names it; known where packages were asked for. */
  readonly package?: string
  readonly why: readonly Why[]
}

/** One file of the tree that the Dockerfile makes. */
export interface Copy {
  /** A clean path in the image whose last component may be a link, which COPY follows. */
  readonly from: RootPath
  /** Where it really lies, without any link on the way. */
  readonly realPath: RootPath
  /** Where it is put: a clean path in a tree without links. */
  readonly to: RootPath
  /** Whether `from` is a directory that is copied whole. */
  readonly kind: 'file' | 'directory'
  readonly role: Role
  /** In bytes. */
  readonly size: number
  /** The twelve permission bits. */
  readonly mode: number
}

/** A name that no rule found a file for. */
export interface Missing {
  readonly name: string
  readonly neededBy: string
  readonly attempts: readonly Attempt[]
}
