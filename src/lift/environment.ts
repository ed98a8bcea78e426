import { DEFAULT_PATH, envOf, type ImageConfig } from '../image/config.js'
import type { LoaderSettings } from '../loader/loader.js'
import { normalise, type RootPath } from '../rootfs/path.js'

/** What a process in the image starts with, as far as finding files depends on it. */
export interface Environment {
  /** PATH, split; an empty element is the working directory. */
  readonly searchPath: readonly string[]
  readonly workingDir: RootPath
  readonly libraryPath?: string
  readonly preload?: string
  readonly audit?: string
}

/** Reads the environment from the image's configuration; nothing comes from the host. */
export function environmentOf(config: ImageConfig): Environment {
  const libraryPath = envOf(config, 'LD_LIBRARY_PATH')
  const preload = envOf(config, 'LD_PRELOAD')
  const audit = envOf(config, 'LD_AUDIT')
  return {
    searchPath: (envOf(config, 'PATH') ?? DEFAULT_PATH).split(':'),
    workingDir: normalise(config.workingDir ?? '/'),
    ...(libraryPath === undefined ? {} : { libraryPath }),
    ...(preload === undefined ? {} : { preload }),
    ...(audit === undefined ? {} : { audit }),
  }
}

/** The settings of a plain start: portable CPU baseline, no gained privilege. */
export function baselineSettings(environment: Environment): LoaderSettings {
  const { libraryPath, preload, audit, workingDir } = environment
  return {
    workingDir,
    hwcaps: [],
    secure: false,
    ...(libraryPath === undefined ? {} : { libraryPath }),
    ...(preload === undefined ? {} : { preload }),
    ...(audit === undefined ? {} : { audit }),
  }
}
