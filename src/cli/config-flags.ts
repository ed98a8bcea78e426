import { given } from './given.js'

/** The options that say how a new image is run. */
export interface ConfigFlags {
  readonly entrypoint?: readonly string[]
  readonly cmd?: readonly string[]
  readonly user?: string
  readonly env?: readonly string[]
  readonly workdir?: string
  readonly label?: readonly string[]
}

/** The same in the library's words, without what was not given. */
export function configOptions({ entrypoint, cmd, user, env, workdir, label }: ConfigFlags) {
  return given({ entrypoint, cmd, user, env, workdir, labels: label })
}
