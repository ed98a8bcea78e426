import { type Confidence, type Finder, importsAny, type Need } from './finder.js'

const STARTING = ['system', 'popen']
/** It starts a shell only for what is written `$(…)`. */
const EXPANDING = ['wordexp']

/**
 * The shell that the C library starts for a command line. A library may offer that to others and never do it itself;
 * a program takes such a function for nothing else.
 */
export const shell: Finder = {
  describe: 'the shell that the C library starts for command lines',
  symbols: [...STARTING, ...EXPANDING],
  reads: 'all',
  find: (subject) => {
    const isProgram = subject.object === subject.closure.program
    if (importsAny(subject, STARTING)) return [shellNeed(isProgram ? 'likely' : 'possible')]
    return importsAny(subject, EXPANDING) ? [shellNeed('possible')] : []
  },
}

function shellNeed(confidence: Confidence): Need {
  return { kind: 'program', path: '/bin/sh', confidence, why: 'has command lines run by a shell' }
}
