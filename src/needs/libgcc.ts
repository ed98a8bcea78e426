import { type Finder, importsAny } from './finder.js'

const ENDING = ['pthread_cancel', 'pthread_exit', 'thrd_exit']
const TRACING = ['backtrace']

/** What glibc opens to unwind the stack of a thread that ends, or of one that wants to see it (nptl/unwind.c). */
export const libgcc: Finder = {
  describe: 'libgcc_s, which glibc opens to end a thread or to list its callers',
  symbols: [...ENDING, ...TRACING],
  reads: 'all',
  find: (subject) => {
    if (subject.dialect !== 'glibc') return []
    const names = ['libgcc_s.so.1']
    if (importsAny(subject, ENDING))
      return [
        { kind: 'library', names, confidence: 'likely', why: 'ends threads, which glibc aborts without it' },
      ]
    if (importsAny(subject, TRACING))
      return [
        {
          kind: 'library',
          names,
          confidence: 'likely',
          why: 'lists callers, of which glibc sees none without it',
        },
      ]
    return []
  },
}
