import { envOf, type ImageConfig } from '../image/config.js'
import type { RootPath } from '../rootfs/path.js'

/** Where who runs the image is at home, as far as its configuration tells: others than root it names only in HOME. */
export function homeOf(config: ImageConfig): RootPath | undefined {
  const home = envOf(config, 'HOME') ?? ''
  if (home.startsWith('/')) return home === '/' ? undefined : (home as RootPath)
  const [user = ''] = (config.user ?? '').split(':')
  return ['', '0', 'root'].includes(user) ? '/root' : undefined
}
