import type { RootFiles } from '../loader/files.js'
import { components, parent, type RootPath } from '../rootfs/path.js'
import type { FileEntry } from '../rootfs/rootfs.js'
import type { Need } from './finder.js'
import { programAt } from './helper-programs.js'

/** Files of which other finders know what they mean, and what engines put into containers by themselves. */
export function isAskedElsewhere(path: RootPath): boolean {
  return ELSEWHERE.test(path)
}

const ELSEWHERE =
  /^\/etc\/(passwd|group|g?shadow-?|hosts|host\.conf|hostname|resolv\.conf|nsswitch\.conf|services|protocols|localtime|timezone|mtab|fstab|ld\.so\..*|terminfo.*|ssl\/.*|pki\/.*|pam\.(d|conf).*|os-release|machine-id|profile(\.d\/.*)?|(bash|csh|zsh)[^/]*)$/

/** Where nothing lies but what a run makes or a machine has. */
const NOT_OF_IMAGE = /^\/(proc|sys|dev|home|root|boot)(\/|$)/
/** Where programs write: the directories have to be there, whatever lies in them. */
const WRITTEN = /^\/(run|tmp|var\/(run|log|lib|cache|spool|tmp|lock))\/./
/** Larger files are data that only some runs want. */
const LARGEST = 256 * 1024

/** What it means that a path is named, by the reason for it; undefined where there is nothing to take. */
export async function needOfNamed(files: RootFiles, path: RootPath, why: string): Promise<Need | undefined> {
  if (NOT_OF_IMAGE.test(path)) return undefined
  const { end } = await files.trail(path, '/')
  if (WRITTEN.test(path)) return writtenTo(files, end?.kind === 'directory' ? path : parent(path), why)
  if (end?.kind === 'file') return needOfFile(files, path, end, why)
  if (end?.kind !== 'directory' || components(path).length < 2 || isOfMany(path)) return undefined
  return { kind: 'path', path, confidence: 'possible', why }
}

async function writtenTo(files: RootFiles, path: RootPath, why: string): Promise<Need | undefined> {
  const { end } = await files.trail(path, '/')
  if (end?.kind !== 'directory') return undefined
  return { kind: 'bare-directory', path, confidence: 'likely', why }
}

/** What not everybody may read is given to the new image by whoever runs it, or on purpose. */
async function needOfFile(
  files: RootFiles,
  path: RootPath,
  { mode, size }: FileEntry,
  why: string,
): Promise<Need> {
  if ((mode & 0o004) === 0) return { kind: 'path', path, confidence: 'possible', why: `${why}, a secret` }
  if ((await programAt(files, path)) !== undefined)
    return { kind: 'program', path, confidence: 'possible', why }
  return { kind: 'path', path, confidence: size > LARGEST ? 'possible' : 'likely', why }
}

/** Directories that all programs share. */
function isOfMany(path: RootPath): boolean {
  return /^\/usr\/(local\/)?(s?bin|include|lib(32|64|x32|exec)?|share)(\/([^/]*-linux-gnu[^/]*|locale|man|doc|info))?$|^\/etc\/(opt|default)$/.test(
    path,
  )
}
