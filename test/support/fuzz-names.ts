import type { RootPath } from '../../src/rootfs/path.js'
import type { Random } from './fuzz-random.js'

/** Everything that means something to a Dockerfile, a shell, JSON, a terminal or a pattern. */
const PIECES = [
  ...'ab \t"\'\\$`*?[]{}()<>|&;#=:,@!~^-+%.',
  ...'é日\u202e\u200b\u2028\u0085\u0001\u001b\u007f\ufffd',
  '\n',
  '\r',
  '\\\n',
  '\nRUN x',
  '\n# x',
  '$PATH',
  '$$',
  '<<EOF',
  '--from=x',
  '[[]',
  '\\*',
  '","',
  '"]',
  ' \\',
  '🜚',
]

/** One name of a file, hostile and well-formed. */
export function randomFileName(random: Random): string {
  const name = random
    .several(1, 6, () => random.pick(PIECES))
    .join('')
    .replaceAll('/', '')
  return name === '.' || name === '..' ? 'dot' : name
}

/** A clean absolute path of such names. */
export function randomRootPath(random: Random): RootPath {
  return `/${random.several(1, 3, () => randomFileName(random)).join('/')}`
}
