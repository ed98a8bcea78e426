import { basename } from '../rootfs/path.js'
import type { Finder } from './finder.js'
import { pathFinder } from './path-finder.js'
import { PATH_RULES } from './path-rules.js'

const rows = pathFinder(PATH_RULES.gconv)

/** Programs that do nothing but convert. */
const CONVERTERS: ReadonlySet<string> = new Set(['iconv', 'uconv', 'recode', 'enca', 'convmv'])

/**
 * Modules that convert between character sets (iconv(3)). UTF-8 and the like are built in, which is all that most
 * programs ask for; those of musl all are.
 */
export const gconv: Finder = {
  ...rows,
  find: async (subject, surroundings) => {
    if (subject.dialect === 'musl') return []
    const needs = await rows.find(subject, surroundings)
    const { object, closure } = subject
    if (object !== closure.program || !CONVERTERS.has(basename(object.file.path))) return needs
    return needs.map((need) => ({ ...need, confidence: 'likely' as const }))
  },
}
