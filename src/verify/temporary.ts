import { execFileSync } from 'node:child_process'
import { rmSync } from 'node:fs'
import { LiftError, reasonOf } from '../errors.js'
import { newFolder } from '../source/temporary.js'

/** Removes a directory and all in it, whatever the modes of what lies in it. */
export function removeFolder(folder: string): void {
  const remove = () => rmSync(folder, { recursive: true, force: true, maxRetries: 3 })
  try {
    remove()
  } catch {
    removeLocked(folder, remove)
  }
}

/** Without root, a directory that may not be written holds on to what lies in it. */
function removeLocked(folder: string, remove: () => void): void {
  try {
    execFileSync('chmod', ['-R', 'u+rwX', '--', folder], { stdio: 'ignore' })
    remove()
  } catch (error) {
    throw new LiftError('output', `cannot remove ${folder}: ${reasonOf(error)}`, {
      cause: error,
      hint: 'Remove it by hand.',
    })
  }
}

/** Uses a directory that is gone afterwards. */
export async function withFolder<T>(use: (folder: string) => Promise<T>): Promise<T> {
  const folder = newFolder('verify')
  try {
    return await use(folder)
  } finally {
    removeFolder(folder)
  }
}
