import { homedir } from 'node:os'
import type { Environment } from './engine-command.js'

/** The user's home: HOME where it is an absolute path, else what the list of users says; undefined where nobody knows. */
export function homeDirectory({ HOME: home }: Environment): string | undefined {
  if (home?.startsWith('/')) return home
  try {
    const found = homedir()
    return found.startsWith('/') ? found : undefined
  } catch {
    // The look-up throws where the user is not in the list, as with an arbitrary ID in a container.
    return undefined
  }
}
