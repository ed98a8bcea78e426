import type { Confidence } from './finder.js'
import table from './path-rules.json' with { type: 'json' }

/**
 * Paths that a run opens, for objects that import one of the symbols, need one of the libraries or are one of the
 * objects. Paths that the image does not have are passed over, so that those of all distributions stand side by side.
 */
export interface PathRule {
  /** Names of imported symbols; a `*` at the end stands for any ending. */
  readonly symbols?: readonly string[]
  /** How the names of needed libraries start: `libssl.so` is every version of it. */
  readonly libraries?: readonly string[]
  /** How the object's own name starts. */
  readonly objects?: readonly string[]
  /** Of the image; `path-patterns.ts` says what `{lib}`, `{triplet}` and `*` mean. */
  readonly paths: readonly string[]
  readonly confidence: Confidence
  /** The end of a sentence that starts with the object. */
  readonly why: string
}

/** What a finder knows that knows nothing but paths. */
export interface PathTable {
  readonly describe: string
  readonly rules: readonly PathRule[]
}

/** The finders of the data file, which its schema describes and a test holds to it. */
export const PATH_RULES: Readonly<Record<keyof typeof table.finders, PathTable>> = typed(table.finders)

/** TypeScript takes the words of a JSON file for any words. */
function typed<Name extends string>(
  finders: Readonly<Record<Name, unknown>>,
): Readonly<Record<Name, PathTable>> {
  return finders as Readonly<Record<Name, PathTable>>
}
