import type { Audit, AuditedBinary } from '../../src/audit/audit.js'
import type { Copy, Lift, LiftEntry, LiftedImage, LiftedProgram } from '../../src/lift/lift.js'
import type { RootPath } from '../../src/rootfs/path.js'
import type { Entry } from '../../src/rootfs/rootfs.js'

/** A lift of nothing from a pinned image, with what a test says put over it. */
export function liftOf(parts: Partial<Omit<Lift, 'image'>> & { image?: Partial<LiftedImage> } = {}): Lift {
  return {
    programs: [],
    entries: [],
    copies: [],
    directories: [],
    missing: [],
    findings: [],
    ...parts,
    image: imageOf(parts.image),
  }
}

/** A pinned amd64 image, with what a test says put over it. */
export function imageOf(parts: Partial<LiftedImage> = {}): LiftedImage {
  const digest = `sha256:${'0123456789abcdef'.repeat(4)}`
  return {
    reference: 'docker:debian:bookworm',
    digest,
    platform: { os: 'linux', architecture: 'amd64' },
    copySource: { kind: 'image', from: `debian@${digest}`, pinned: true },
    env: [],
    ...parts,
  }
}

/** A file that keeps its path. */
export function copyOf(to: string, parts: Partial<Copy> = {}): Copy {
  const path = to as RootPath
  return {
    from: path,
    realPath: path,
    to: path,
    kind: 'file',
    role: 'library',
    size: 1000,
    mode: 0o755,
    ...parts,
  }
}

/** A dynamic program that is started by its own path. */
export function programOf(path: string, parts: Partial<LiftedProgram> = {}): LiftedProgram {
  const root = path as RootPath
  return {
    asked: path,
    path: root,
    realPath: root,
    kind: 'program',
    command: [path],
    machine: 'amd64',
    libraries: [],
    ...parts,
  }
}

/** A regular file of 1,000 bytes at its own path. */
export function entryOf(path: string, parts: Partial<LiftEntry> = {}): LiftEntry {
  const realPath = parts.realPath ?? (path as RootPath)
  return { path: path as RootPath, realPath, entry: fileOf(realPath), role: 'library', why: [], ...parts }
}

function fileOf(path: RootPath): Entry {
  return { kind: 'file', path, mode: 0o755, uid: 0, gid: 0, size: 1000, identity: path }
}

/** An audit of some binaries of a pinned image. */
export function auditOf(binaries: readonly AuditedBinary[]): Audit {
  return { image: imageOf(), binaries }
}

/** A dynamic amd64 program that needs nothing. */
export function binaryOf(path: string, parts: Partial<AuditedBinary> = {}): AuditedBinary {
  return {
    path: path as RootPath,
    kind: 'program',
    machine: 'amd64',
    libraries: [],
    missing: [],
    findings: [],
    ...parts,
  }
}

/** Debian's `ls`, as a lift from a merged-usr image. */
export function lsLift(parts: Parameters<typeof liftOf>[0] = {}): Lift {
  const libraries = ['libselinux.so.1', 'libc.so.6', 'libpcre2-8.so.0']
  const open = (name: string) => `/lib/x86_64-linux-gnu/${name}`
  const real = (name: string) => `/usr/lib/x86_64-linux-gnu/${name}` as RootPath
  const loader = '/lib64/ld-linux-x86-64.so.2'
  const loaderReal = real('ld-linux-x86-64.so.2')
  return liftOf({
    programs: [programOf('/usr/bin/ls', { interpreter: loader, libraries: libraries.map(open) })],
    entries: [
      ...libraries.map((name) =>
        entryOf(open(name), {
          realPath: real(name),
          soname: name,
          why: [{ neededBy: '/usr/bin/ls', name, rule: 'ld.so.cache' as const }],
        }),
      ),
      entryOf(loader, {
        realPath: loaderReal,
        role: 'loader',
        why: [
          { neededBy: open('libc.so.6'), name: 'ld-linux-x86-64.so.2', rule: 'already-loaded' },
          { neededBy: '/usr/bin/ls', name: loader, rule: 'interpreter' },
        ],
      }),
      entryOf('/usr/bin/ls', {
        role: 'program',
        why: [{ neededBy: '', name: '/usr/bin/ls', rule: 'asked' }],
      }),
    ].sort((a, b) => (a.path < b.path ? -1 : 1)),
    copies: [
      ...libraries.map((name) => copyOf(open(name), { realPath: real(name) })),
      copyOf(loader, { realPath: loaderReal, role: 'loader' }),
      copyOf('/usr/bin/ls', { role: 'program' }),
    ].sort((a, b) => (a.to < b.to ? -1 : 1)),
    ...parts,
  })
}
