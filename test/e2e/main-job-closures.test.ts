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
  compileProgram(folder, names)
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

/**
 * No compiler takes all of these names, and hundreds of compiler runs take a minute. So one library is compiled
 * and a program linked against copies of it, all with placeholders, and the real names are written over those.
 */
function compileProgram(folder: string, names: readonly string[]): void {
  const installed = join(folder, 'files/opt/parts')
  const placeholders = names.map((_, index) => `lib${index}.so`.padEnd(SONAME.length, '_'))
  mkdirSync(installed, { recursive: true })
  const model = join(folder, 'model.so')
  must('gcc', ['-shared', '-fPIC', `-Wl,-soname,${SONAME}`, '-x', 'c', '-o', model, '-'], { input: PART })
  const bytes = readFileSync(model)
  names.forEach((name, index) => {
    const part = written(bytes, [NUMBER, `${index}`.padEnd(NUMBER.length)])
    writeFileSync(join(folder, placeholders[index]!), written(part, [SONAME, placeholders[index]!]))
    writeFileSync(join(installed, name), written(part, [SONAME, name]), { mode: 0o755 })
  })
  const whole = join(folder, 'files/opt/whole')
  const linking = ['-Wl,--no-as-needed,-rpath,/opt/parts', '-x', 'c', '-', '-x', 'none', ...placeholders]
  must('gcc', ['-o', whole, ...linking], { cwd: folder, input: WHOLE })
  const pairs = names.map((name, index) => [placeholders[index]!, name] as const)
  writeFileSync(whole, written(readFileSync(whole), ...pairs))
}

const SONAME = 'SONAME-WITH-ROOM-FOR-ANY-NAME'
const NUMBER = 'NUMBER'
const PART = `#include <stdio.h>
__attribute__((constructor)) static void say(void) { fputs("${NUMBER} ", stdout); }
`
const WHOLE = '#include <stdio.h>\nint main(void) { puts("whole"); return 0; }\n'

/** A copy with the first text of each pair replaced by the second, which is padded with NULs. */
function written(bytes: Buffer, ...pairs: readonly (readonly [string, string])[]): Buffer {
  const copy = Buffer.from(bytes)
  for (const [placeholder, text] of pairs) {
    const at = copy.indexOf(placeholder)
    assert.ok(at >= 0 && Buffer.byteLength(text) <= placeholder.length, placeholder)
    copy.fill(0, at, at + placeholder.length)
    copy.write(text, at)
  }
  return copy
}

/** Debian's image with the folder `files` put over it. */
function addToBase(folder: string): string {
  return buildImage('FROM liftbin-e2e/bookworm\nCOPY files/ /\n', 'BuildKit', folder)
}
