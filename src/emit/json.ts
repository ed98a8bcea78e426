import type { Audit, AuditedBinary } from '../audit/audit.js'
import { formatPlatform } from '../image/platform.js'
import type { Finding } from '../lift/finding.js'
import type { Answer, LiftEntry, LiftedImage, LiftedPackage, Missing, Why } from '../lift/lift.js'
import type { AuditEmitter, Emitter, PlatformLift } from './emitter.js'
import { byPlatform } from './platform-order.js'
import { printableJson } from './printable.js'

/** The lift for programs to read: `schema/lift.json` says what it looks like. */
export const liftJson: Emitter = {
  describe: 'everything about the lift, for programs (JSON, version 1)',
  extension: 'json',
  emit: (lift) => text(liftDocument(lift)),
  emitMany: (lifts) => text(platformsDocument(lifts)),
}

/** What a build wrote, and where. */
export interface Built {
  readonly reference: string
  /** Of the manifest, or of the index of several. */
  readonly digest?: string
  /** Of the configuration of a single image. */
  readonly imageId?: string
}

/** A build for programs to read, a lift for each platform: `schema/build.json` says what it looks like. */
export function buildJson(built: Built, lifts: readonly Answer[]): string {
  const { reference, digest, imageId } = built
  return text({
    schemaVersion: 1,
    written: {
      reference,
      ...(digest === undefined ? {} : { digest }),
      ...(imageId === undefined ? {} : { imageId }),
    },
    images: lifts.map(liftDocument),
  })
}

/** The audit for programs to read: `schema/audit.json` says what it looks like. */
export const auditJson: AuditEmitter = {
  describe: 'everything about the audit, for programs (JSON, version 1)',
  extension: 'json',
  emit: (audit) => text(auditDocument(audit)),
}

/** A document as text. */
export function text(document: unknown): string {
  return `${printableJson(document, 2)}\n`
}

function liftDocument(lift: Answer) {
  return {
    schemaVersion: 1,
    image: imageOf(lift.image),
    programs: lift.programs.map((program) => program.path),
    files: lift.entries.map(fileOf),
    ...(lift.packages === undefined ? {} : { packages: lift.packages.map(packageOf) }),
    missing: lift.missing.map(missingOf),
    findings: lift.findings.map(findingOf),
  }
}

/** Each image as a document of its own would have it, with what it was asked for. */
function platformsDocument(lifts: readonly PlatformLift[]) {
  const images = byPlatform(lifts).map(({ platform, lift }) => {
    const document = liftDocument(lift)
    return { ...document, image: { ...document.image, askedPlatform: formatPlatform(platform) } }
  })
  return { schemaVersion: 1, images }
}

function packageOf({ package: label, name, version, architecture, files }: LiftedPackage) {
  return {
    package: label,
    name,
    version,
    ...(architecture === undefined ? {} : { architecture }),
    files,
  }
}

function auditDocument(audit: Audit) {
  return { schemaVersion: 1, image: imageOf(audit.image), binaries: audit.binaries.map(binaryOf) }
}

/** The image as every document has it. */
export function imageOf(image: LiftedImage) {
  return {
    reference: image.reference,
    ...(image.digest === undefined ? {} : { digest: image.digest }),
    platform: formatPlatform(image.platform),
  }
}

function fileOf({ path, realPath, entry, role, soname, package: label, why }: LiftEntry) {
  return {
    path,
    ...(realPath === path ? {} : { realPath }),
    kind: role,
    ...(entry.kind === 'symlink' ? { target: entry.target } : {}),
    ...(entry.kind === 'file' ? { size: entry.size } : {}),
    mode: entry.mode,
    uid: entry.uid,
    gid: entry.gid,
    ...(soname === undefined ? {} : { soname }),
    ...(label === undefined ? {} : { package: label }),
    why: why.map(whyOf),
  }
}

function whyOf({ neededBy, name, rule, confidence, reason }: Why) {
  return { neededBy, name, rule, ...(reason === undefined ? {} : { confidence, reason }) }
}

function missingOf({ name, neededBy, attempts }: Missing) {
  return { name, neededBy, attempts: attempts.map(({ rule, path, outcome }) => ({ rule, path, outcome })) }
}

/** The facts as they are, after the three fields that all findings have. */
export function findingOf({ kind, severity, message, ...facts }: Finding) {
  return { kind, severity, message, ...facts }
}

function binaryOf(binary: AuditedBinary) {
  const { path, kind, machine, interpreter, loader, libraries, missing, findings } = binary
  return {
    path,
    kind,
    machine,
    ...(interpreter === undefined ? {} : { interpreter }),
    ...(loader === undefined ? {} : { loader: { path: loader.path, realPath: loader.realPath } }),
    libraries: libraries.map(({ name, path, realPath, rule, neededBy }) => ({
      name,
      path,
      realPath,
      rule,
      neededBy,
    })),
    missing: missing.map(missingOf),
    findings: findings.map(findingOf),
  }
}
