/**
 * The part of the library that only reads: images are opened, looked at and lifted, and answers written down. It is a
 * door of its own, since most runs of the command line take no more than this and loading is most of a short run.
 */
export type { Audit, AuditedBinary, AuditedLibrary } from './audit/audit.js'
export { audit } from './audit/audit-image.js'
export { chainsText, missingText } from './emit/chains.js'
export type { AuditEmitter, EmitOptions, Emitter, PlatformLift } from './emit/emitter.js'
export { AUDIT_FORMATS, LIFT_FORMATS } from './emit/index.js'
export { type Built, buildJson } from './emit/json.js'
export { type Paint, PLAIN } from './emit/paint.js'
export { printable, printableJson, printableLines } from './emit/printable.js'
export { type ErrorCode, inContext, LiftError, reasonOf } from './errors.js'
export type { CacheContents } from './image/blob-cache.js'
export type { ImageConfig } from './image/config.js'
export type { CopySource, Image } from './image/image.js'
export { DEFAULT_LIMITS, type Limits } from './image/limits.js'
export type { LayerProgress } from './image/open-layers.js'
export { formatPlatform, type Platform, parsePlatforms } from './image/platform.js'
export type { NeedOptions } from './lift/chosen-needs.js'
export type { ExamineOptions } from './lift/examiner.js'
export {
  FINDING_KINDS,
  type Finding,
  type FindingFacts,
  type FindingKind,
  type Severity,
} from './lift/finding.js'
export type {
  Answer,
  Copy,
  Lift,
  LiftEntry,
  LiftedImage,
  LiftedPackage,
  LiftedProgram,
  Missing,
  Role,
  TreeLift,
  Why,
} from './lift/lift.js'
export { checkWanted, type LiftOptions, lift, liftTree } from './lift/lift-image.js'
export type { TreeEntry } from './lift/tree.js'
export { type WhyChain, type WhyStep, why } from './lift/why.js'
export type { Attempt, Outcome, Rule } from './loader/loader.js'
export type { Confidence } from './needs/finder.js'
export { FINDERS, type FinderName } from './needs/index.js'
export type { GeneratedFile } from './packages/package.js'
export type { RootPath } from './rootfs/path.js'
export type {
  DirectoryEntry,
  Entry,
  FileEntry,
  RootFs,
  SpecialEntry,
  SymlinkEntry,
} from './rootfs/rootfs.js'
export { cacheContents, cacheDirectory, clearCache } from './source/cache.js'
export { openImage, SOURCES } from './source/index.js'
export type { OpenOptions, Source } from './source/source.js'
export type { How, Observed, Trace } from './trace/trace.js'
