import { LiftError } from '../errors.js'
import type { RootFiles } from '../loader/files.js'
import type { Trail } from '../rootfs/follow.js'
import { join, type RootPath } from '../rootfs/path.js'
import type { Environment } from './environment.js'
import { nearNames } from './near-names.js'

/** Where something the user named lies. Throws LiftError 'file-not-found', with near names. */
export async function locate(files: RootFiles, environment: Environment, asked: string): Promise<Trail> {
  const trail = asked.includes('/')
    ? await files.trail(asked, environment.workingDir)
    : await lookUp(files, environment.searchPath, environment.workingDir, asked)
  if (trail?.end === undefined) throw await notFound(files, environment, asked, trail)
  return trail
}

/**
 * Looks a bare name up as execvp does: the first regular file with an execute bit; a directory that may not be read
 * is passed over. Throws LiftError 'unreadable' when there was one of those and no other has the name.
 */
export async function lookUp(
  files: RootFiles,
  searchPath: readonly string[],
  workingDir: RootPath,
  name: string,
): Promise<Trail | undefined> {
  let refusal: LiftError | undefined
  for (const directory of searchPath) {
    try {
      const trail = await files.trail(join(join(workingDir, directory), name), workingDir)
      if (trail.end?.kind === 'file' && (trail.end.mode & 0o111) !== 0) return trail
    } catch (error) {
      if (!(error instanceof LiftError) || error.code !== 'unreadable') throw error
      refusal ??= error
    }
  }
  if (refusal !== undefined) throw refusal
  return undefined
}

async function notFound(
  files: RootFiles,
  environment: Environment,
  asked: string,
  trail: Trail | undefined,
): Promise<LiftError> {
  const near = await nearNames(files.rootfs, asked, environment.searchPath)
  const hint =
    near.length > 0
      ? `Did you mean ${near.join(' or ')}?`
      : '`liftbin audit IMAGE` lists the programs of an image.'
  const dangling = trail?.links.at(-1)
  const message =
    trail === undefined
      ? `${asked}: no such program in the image's PATH (${environment.searchPath.join(':')})`
      : trail.fault === 'link-loop'
        ? `${asked}: too many levels of symbolic links`
        : dangling !== undefined
          ? `${asked}: its link ${dangling.path} -> ${dangling.target} leads to no file of the image`
          : `${asked}: no such file in the image`
  return new LiftError('file-not-found', message, { hint })
}
