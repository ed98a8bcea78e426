import { normalise, parent } from '../rootfs/path.js'
import { type Finder, importsAny, type Need, type Subject } from './finder.js'
import type { PathRule } from './path-rules.js'

/** A finder that knows nothing but rows of a table. */
export function pathFinder(table: {
  readonly describe: string
  readonly rules: readonly PathRule[]
}): Finder {
  const { describe, rules } = table
  return {
    describe,
    symbols: rules.flatMap(({ symbols = [] }) => symbols),
    reads: 'all',
    surest: 'likely',
    find: (subject) => rules.filter((rule) => applies(rule, subject)).flatMap((rule) => needs(rule, subject)),
  }
}

function applies({ symbols = [], libraries = [] }: PathRule, subject: Subject): boolean {
  if (importsAny(subject, symbols)) return true
  if (libraries.length === 0) return false
  const { needed = [] } = subject.object.elf.dynamic ?? {}
  return needed.some((name) => libraries.some((library) => name.startsWith(library)))
}

function needs({ paths, confidence, why }: PathRule, subject: Subject): readonly Need[] {
  return paths.map((path) => ({
    kind: 'path',
    path: normalise(path.replace('{lib}', () => libraryDirectory(subject))),
    confidence,
    why,
  }))
}

/** Where the C library of glibc lies; musl's lies apart from everything else. */
function libraryDirectory({ closure, dialect }: Subject): string {
  const libc = closure.objects.find(({ elf }) => /^libc\.so\.6/.test(elf.dynamic?.soname ?? ''))
  return dialect === 'musl' || libc === undefined ? '/usr/lib' : parent(libc.file.path)
}
