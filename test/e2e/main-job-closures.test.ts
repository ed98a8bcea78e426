import assert from 'node:assert/strict'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import {
  BUILDERS,
  type Builder,
  buildImage,
  dockerfileOf,
  must,
  runImage,
  withFolder,
} from './surroundings.js'

const builders = Object.keys(BUILDERS) as Builder[]

/** Each of these is a name that one of the two builders misreads if it is written carelessly (Dockerfile rules, 3). */
const ODD_NAMES = [
  ...['in side', ' leading', 'trailing ', 'tab\there', 'new\nline', 'two\n\nlines', 'carriage\rreturn'],
  ...['next\u0085line', 'line\u2028separator', '😀', 'é', '*', '?', '[', ']', '[]]', '[!a]', '{a,b}'],
  ...[
    '\\',
    '\\\\',
    'b\\*s',
    'a\\nb',
    '$',
    '${',
    '$$',
    '$(x)',
    'a$b',
    '"',
    "'",
    '`',
    '#',
    '-',
    '--from=x',
    '<<EOF',
  ],
  ...[
    '<a>',
    ',',
    ';',
    '&',
    '|',
    '~',
    '!',
    '^',
    '%',
    '@',
    '=',
    '+',
    ':',
    '\u0001',
    '\u007f',
    '*[?]$"\\ \'',
    'ab',
    'a',
  ],
]

test(`libraries of ${ODD_NAMES.length} odd names are lifted by both builders, each with its own content`, () =>
  withFolder((folder) => liftProgramOf(folder, ODD_NAMES)))

for (const count of [200, 500]) {
  test(`a closure of ${count} libraries is built by both builders and runs`, () =>
    withFolder((folder) =>
      liftProgramOf(
        folder,
        Array.from({ length: count }, (_, index) => `libpart${index}.so.${index % 7}`),
      ),
    ))
}

test(`files of ${ODD_NAMES.length} odd names are included by both builders`, () =>
  withFolder((folder) => {
    const files = join(folder, 'files/odd data')
    mkdirSync(files, { recursive: true })
    for (const name of ODD_NAMES) writeFileSync(join(files, name), name)
    const image = addToBase(folder)
    const included = ODD_NAMES.flatMap((name) => ['--include', `/odd data/${name}`])
    const dockerfile = dockerfileOf(`docker:${image}`, '/usr/bin/cat', ...included)
    for (const builder of builders) {
      const tag = buildImage(dockerfile, builder)
      const paths = ODD_NAMES.map((name) => `/odd data/${name}`)
      assert.equal(runImage(tag, paths).stdout, ODD_NAMES.join(''), dockerfile)
    }
  }))

/** A program that needs libraries of these names; each says its number when it is loaded. */
function liftProgramOf(folder: string, names: readonly string[]): void {
  const libraries = join(folder, 'files/opt/parts')
  mkdirSync(libraries, { recursive: true })
  compileParts(folder, libraries, names)
  const program = join(folder, 'files/opt/whole')
  must('gcc', ['-x', 'c', '-o', program, '-'], { input: WHOLE })
  const needed = names.flatMap((name) => ['--add-needed', name])
  must('patchelf', [...needed, '--set-rpath', '/opt/parts', program])
  const image = addToBase(folder)
  const original = runImage(image, ['/opt/whole'])
  assert.deepEqual(numbers(original.stdout), [...names.keys()], original.stderr)
  const dockerfile = dockerfileOf(`docker:${image}`, '/opt/whole')
  for (const builder of builders)
    assert.deepEqual(runImage(buildImage(dockerfile, builder)), original, builder)
}

const numbers = (text: string) =>
  text
    .split(' ')
    .filter((word) => /^\d+$/.test(word))
    .map(Number)
    .sort((one, other) => one - other)

const WHOLE = '#include <stdio.h>\nint main(void) { puts("whole"); return 0; }\n'

/**
 * Compiled once and then only numbered: one file with room for the number, copied and patched, since some
 * hundreds of compiler runs would take a minute.
 */
function compileParts(folder: string, libraries: string, names: readonly string[]): void {
  const model = join(folder, 'part.so')
  must('gcc', ['-shared', '-fPIC', '-x', 'c', '-o', model, '-'], { input: PART })
  const bytes = readFileSync(model)
  const at = bytes.indexOf(ROOM)
  names.forEach((name, index) => {
    bytes.write(`${index}`.padEnd(ROOM.length), at, 'latin1')
    writeFileSync(join(libraries, name), bytes, { mode: 0o755 })
  })
}

const ROOM = 'ROOM-FOR-THE-NUMBER'
const PART = `#include <stdio.h>
__attribute__((constructor)) static void say(void) { fputs("${ROOM} ", stdout); }
`

/** Debian's image with the folder `files` put over it. */
function addToBase(folder: string): string {
  return buildImage('FROM liftbin-e2e/bookworm\nCOPY files/ /\n', 'BuildKit', folder)
}
