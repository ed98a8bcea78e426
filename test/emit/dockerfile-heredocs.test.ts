import assert from 'node:assert/strict'
import { test } from 'node:test'
import { generatedSteps } from '../../src/emit/dockerfile-heredocs.js'
import type { RootPath } from '../../src/rootfs/path.js'
import { liftOf } from '../support/lift-literal.js'

const INFO = '/var/lib/dpkg/info'

function stepsOf(files: Readonly<Record<string, string | Uint8Array>>): readonly string[] {
  const generated = Object.entries(files).map(([path, content]) => ({
    path: path as RootPath,
    bytes: Buffer.from(content),
    mode: 0o644,
  }))
  return generatedSteps(liftOf({ packages: [], generated }))
}

/** Without the comment above the first one. */
function copiesOf(files: Readonly<Record<string, string | Uint8Array>>): readonly string[] {
  return stepsOf(files).map((step) => step.replace(/^(#.*\n)+/, ''))
}

test('a lift without generated files has no steps for them', () => {
  assert.deepEqual(generatedSteps(liftOf()), [])
  assert.deepEqual(stepsOf({}), [])
})

test('one file is written to its path, in quotes so that nothing is expanded', () => {
  assert.deepEqual(copiesOf({ '/var/lib/dpkg/status': 'Package: $HOME `x` \\\n\nVersion: 1\n' }), [
    'COPY <<"EOF" /var/lib/dpkg/status\nPackage: $HOME `x` \\\n\nVersion: 1\nEOF',
  ])
})

test('files of one directory share a COPY, each ended by its own name', () => {
  assert.deepEqual(
    copiesOf({ '/a/status': 's\n', [`${INFO}/libc6:amd64.list`]: '/x\n/y\n', [`${INFO}/z.list`]: '/z\n' }),
    [
      'COPY <<"EOF" /a/status\ns\nEOF',
      `COPY <<"libc6:amd64.list" <<"z.list" ${INFO}/\n/x\n/y\nlibc6:amd64.list\n/z\nz.list`,
    ],
  )
})

test('no line of a file ends it early', () => {
  assert.deepEqual(copiesOf({ '/a/x': 'EOF\nEOF_\nEO\n' }), ['COPY <<"EOF__" /a/x\nEOF\nEOF_\nEO\nEOF__'])
  assert.deepEqual(copiesOf({ '/a/x': 'z\n', '/a/y': 'y\n' }), [
    'COPY <<"EOF" /a/x\nz\nEOF',
    'COPY <<"EOF" /a/y\ny\nEOF',
  ])
  assert.deepEqual(copiesOf({ '/a/x': 'x\n', '/a/y': 'z\n' }), [
    'COPY <<"EOF" /a/x\nx\nEOF',
    'COPY <<"EOF" /a/y\nz\nEOF',
  ])
})

test('what a terminal must not see is spelled out, and tabs stay', () => {
  assert.deepEqual(copiesOf({ '/a/x': Buffer.from('a\x1b[2J\r\n\tb\x00\u202ec\n') }), [
    'COPY <<"EOF" /a/x\na\\x1b[2J\\r\n\tb\\x00\\u{202e}c\nEOF',
  ])
})

test('a file with a line or a path that cannot be written is left out with a comment', () => {
  const [step] = stepsOf({ '/a/long': `${'x'.repeat(70_000)}\n`, '/a/b $c': 'x\n', '/a/x': 'x\n' })
  assert.match(
    step ?? '',
    /^# \/a\/long is left out: .*\n# \/a\/b \$c is left out: .*\nCOPY <<"EOF" \/a\/x\nx\nEOF$/m,
  )
})

test('so many files that their line would get too long have several', () => {
  const files = Object.fromEntries(
    Array.from({ length: 250 }, (_, index) => [`${INFO}/p${index}.list`, '/x\n']),
  )
  const steps = copiesOf(files)
  assert.deepEqual(
    steps.map((step) => step.split('\n', 1)[0]!.match(/<</g)?.length),
    [100, 100, 50],
  )
})
