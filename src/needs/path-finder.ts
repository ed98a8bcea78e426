import { basename } from '../rootfs/path.js'
import { type Finder, importsAny, type Need, type Subject } from './finder.js'
import { pathsOf } from './path-patterns.js'
import type { PathRule, PathTable } from './path-rules.js'

/** A finder that knows nothing but rows of a table. */
export function pathFinder({ describe, rules }: PathTable): Finder {
  return {
    describe,
    symbols: rules.flatMap(({ symbols = [] }) => symbols),
    reads: 'all',
    find: async (subject, { files }) => {
      const needs: Need[] = []
      for (const { paths, confidence, why } of rules.filter((rule) => applies(rule, subject))) {
        for (const pattern of paths) {
          for (const path of await pathsOf(pattern, subject, files))
            needs.push({ kind: 'path', path, confidence, why })
        }
      }
      return needs
    },
  }
}

function applies({ symbols = [], libraries = [], objects = [] }: PathRule, subject: Subject): boolean {
  if (importsAny(subject, symbols)) return true
  if (objects.some((name) => basename(subject.object.file.path).startsWith(name))) return true
  if (libraries.length === 0) return false
  const { needed = [] } = subject.object.elf.dynamic ?? {}
  return needed.some((name) => libraries.some((library) => name.startsWith(library)))
}
