import { type Finder, importsAny, type Need } from './finder.js'

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

/** What programs take for granted in any system: a place for temporary files, and names for who runs them. */
export const base: Finder = {
  describe: 'a directory for temporary files, the names of users, the name of the system',
  symbols: TEMPORARY,
  reads: 'all',
  find: (subject, { config }) => {
    const { object, closure } = subject
    const isProgram = object === closure.program && object.elf.kind === 'program'
    const temporary = importsAny(subject, TEMPORARY) ? [temporaryDirectory('likely')] : []
    if (!isProgram) return temporary
    return [
      ...(temporary.length > 0 ? temporary : [temporaryDirectory('possible')]),
      ...(config.user === undefined || config.user === '' ? [] : USERS),
      { kind: 'path', path: '/etc/os-release', confidence: 'possible', why: 'may ask which system it is' },
    ]
  },
}

function temporaryDirectory(confidence: 'likely' | 'possible'): Need {
  const why = confidence === 'likely' ? 'makes temporary files' : 'may make temporary files'
  return { kind: 'bare-directory', path: '/tmp', confidence, why }
}

const USERS: readonly Need[] = (['/etc/passwd', '/etc/group'] as const).map((path) => ({
  kind: 'path',
  path,
  confidence: 'likely',
  why: "is run as the image's user, whose name stands there",
}))
