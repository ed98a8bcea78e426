import type { ImageConfig } from '../image/config.js'
import { type Finder, importsAny, type Need, type Subject } from './finder.js'
import { homeOf } from './home.js'

const TEMPORARY = [
  'mkstemp',
  'mkstemp64',
  'mkostemp',
  'mkostemp64',
  'mkdtemp',
  'tmpfile',
  'tmpfile64',
  'tempnam',
  'tmpnam',
]

/** Who asks for HOME and makes directories does so for what it keeps there. */
const KEEPING = [
  ['getenv', 'secure_getenv', '__secure_getenv'],
  ['mkdir', 'mkdirat'],
] as const

/** What programs take for granted in any system: a place for temporary files, one for who runs them, names. */
export const base: Finder = {
  describe: 'directories for temporary files and for the user, the names of users, the name of the system',
  symbols: [...TEMPORARY, ...KEEPING.flat()],
  reads: 'all',
  find: (subject, { config }) => {
    const { object, closure } = subject
    const isProgram = object === closure.program && object.elf.kind === 'program'
    const temporary = importsAny(subject, TEMPORARY) ? [temporaryDirectory('likely')] : []
    if (!isProgram) return temporary
    return [
      ...(temporary.length > 0 ? temporary : [temporaryDirectory('possible')]),
      ...homeNeeds(subject, config),
      ...(config.user === undefined || config.user === '' ? [] : USERS),
      { kind: 'path', path: '/etc/os-release', confidence: 'possible', why: 'may ask which system it is' },
    ]
  },
}

function temporaryDirectory(confidence: 'likely' | 'possible'): Need {
  const why = confidence === 'likely' ? 'makes temporary files' : 'may make temporary files'
  return { kind: 'bare-directory', path: '/tmp', confidence, why }
}

function homeNeeds(subject: Subject, config: ImageConfig): readonly Need[] {
  const home = homeOf(config)
  if (home === undefined || !KEEPING.every((symbols) => importsAny(subject, symbols))) return []
  const why = 'makes directories where who runs it is at home'
  return [{ kind: 'bare-directory', path: home, confidence: 'likely', why }]
}

const USERS: readonly Need[] = (['/etc/passwd', '/etc/group'] as const).map((path) => ({
  kind: 'path',
  path,
  confidence: 'likely',
  why: "is run as the image's user, whose name stands there",
}))
