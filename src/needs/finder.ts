import type { Closure } from '../closure/closure.js'
import type { ImageConfig } from '../image/config.js'
import type { RootFiles } from '../loader/files.js'
import type { LoadedObject, Loader } from '../loader/loader.js'
import type { RootPath } from '../rootfs/path.js'
import type { Language, Script } from './script.js'

/**
 * How sure it is that a run needs something. Certain is what a file itself declares to be required; likely, what most
 * runs of such a program open; possible, what some do.
 */
export type Confidence = 'certain' | 'likely' | 'possible'

/** The surest first. */
export const CONFIDENCES = ['certain', 'likely', 'possible'] as const satisfies readonly Confidence[]

/** Something that a run opens though no header names it. */
export type Need = Wanted & {
  readonly confidence: Confidence
  /** The reason, as the end of a sentence that starts with the object. */
  readonly why: string
}

/**
 * What is needed: a path of the image, a program or script with all that it takes to start it, a directory alone, or a
 * library by any of some names, the best first. What an object says of its needs may also be unclear.
 */
export type Wanted =
  | {
      readonly kind: 'path'
      readonly path: RootPath
      /** Names in a directory that are no part of the need, where the new root can be without them. */
      readonly except?: readonly string[]
    }
  | { readonly kind: 'program'; readonly path: RootPath }
  | { readonly kind: 'bare-directory'; readonly path: RootPath }
  | { readonly kind: 'library'; readonly names: readonly string[] }
  /** Code that a script reads in: a file, or a directory of such files. */
  | { readonly kind: 'source'; readonly path: RootPath; readonly language: Language }
  | { readonly kind: 'unclear' }

/** An object that a program loads, and what it says of itself besides its headers. */
export interface Subject {
  readonly object: LoadedObject
  readonly closure: Closure
  /** Whose loader loads it; none for what is linked statically. */
  readonly dialect: Loader['dialect'] | 'none'
  /** Those of the symbols that any finder asks about which the object takes from others, as the finder writes them. */
  readonly imports: ReadonlySet<string>
  /** Those of the symbols by which any finder knows an object which the object has for others. */
  readonly defines: ReadonlySet<string>
  /** The JSON of its `.note.dlopen` notes. */
  readonly dlopenNotes: readonly string[]
  /** The absolute paths and the names of modules (`*.so*`) that stand among its constants; read when first asked for. */
  texts(): Promise<readonly string[]>
}

/** What is the same for all objects of an image. */
export interface Surroundings {
  readonly files: RootFiles
  readonly config: ImageConfig
}

/** One kind of need. */
export interface Finder {
  /** For help and messages: what it knows of. */
  readonly describe: string
  /** The imported symbols that it asks about; one with a `*` at its end is any that starts so. */
  readonly symbols: readonly string[]
  /** The symbols by which it knows an object that has them. */
  readonly defines?: readonly string[]
  /** What of an object it looks at: `notes` is nothing but what objects declare, which few do. */
  readonly reads: 'notes' | 'all'
  find(subject: Subject, surroundings: Surroundings): Promise<readonly Need[]> | readonly Need[]
  /** What scripts need besides what their interpreter does; few finders know anything of them. */
  readonly findInScript?: (script: Script, surroundings: Surroundings) => Promise<readonly Need[]>
}

/** Whether an object imports any of these. */
export function importsAny({ imports }: Subject, symbols: readonly string[]): boolean {
  return imports.size > 0 && symbols.some((symbol) => imports.has(symbol))
}
