import assert from 'node:assert/strict'
import { test } from 'node:test'
import { commentsOf } from '../../src/emit/dockerfile-comments.js'
import { type CopyOrigin, groupCopies } from '../../src/emit/dockerfile-groups.js'
import type { Lift, Why } from '../../src/lift/lift.js'
import type { RootPath } from '../../src/rootfs/path.js'
import { copyOf, entryOf, liftOf, programOf } from '../support/lift-literal.js'

const comments = (lift: Lift, origin: CopyOrigin = 'image') =>
  commentsOf(lift, groupCopies(lift.copies, origin))

/** Libraries of a program, each found by a rule; a context has them under longer names. */
function withLibraries(rules: readonly Why['rule'][]): Lift {
  const paths = rules.map((_, index) => `/lib/lib${String(index).padStart(2, '0')}.so.1`)
  return liftOf({
    programs: [programOf('/usr/bin/x', { libraries: paths })],
    entries: paths.map((path, index) =>
      entryOf(path, {
        realPath: `${path}.2` as RootPath,
        why: [{ neededBy: '/usr/bin/x', name: path, rule: rules[index]! }],
      }),
    ),
    copies: paths.map((path) => copyOf(path, { realPath: `${path}.2` as RootPath })),
  })
}

test('COPYs that follow each other for one reason share one comment, which counts the files of all', () => {
  const lift = withLibraries(Array.from({ length: 23 }, () => 'default' as const))
  const comment = '23 libraries of /usr/bin/x, found in the default directories'
  assert.deepEqual(comments(lift), [comment, undefined, undefined])
  assert.deepEqual(comments(lift, 'context'), [comment, ...Array.from({ length: 22 }, () => undefined)])
})

test('another rule begins another comment', () => {
  assert.deepEqual(comments(withLibraries(['default', 'runpath', 'runpath', 'default']), 'context'), [
    'a library of /usr/bin/x, found in the default directories',
    '2 libraries of /usr/bin/x, found by RUNPATH',
    undefined,
    'a library of /usr/bin/x, found in the default directories',
  ])
})

test('a program that lies elsewhere than it was asked for is named by the link as well', () => {
  const lift = liftOf({
    programs: [programOf('/usr/local/bin/x', { realPath: '/opt/x/bin/x' })],
    entries: [entryOf('/opt/x/bin/x', { role: 'program' })],
    copies: [copyOf('/opt/x/bin/x', { role: 'program' })],
  })
  assert.deepEqual(comments(lift), ['the program that /usr/local/bin/x leads to'])
})

test('what a program loads is said to be of the place where it lies', () => {
  const path = '/opt/x/bin/x' as RootPath
  const lift = withLibraries(['runpath'])
  const programs = lift.programs.map((program) => ({ ...program, realPath: path }))
  assert.deepEqual(comments({ ...lift, programs }), ['a library of /opt/x/bin/x, found by RUNPATH'])
})

test('a program at the place of its link needs no such words', () => {
  const lift = liftOf({
    programs: [programOf('/bin/x', { realPath: '/bin/all' })],
    entries: [entryOf('/bin/x', { role: 'program', realPath: '/bin/all' })],
    copies: [copyOf('/bin/x', { role: 'program', realPath: '/bin/all' })],
  })
  assert.deepEqual(comments(lift), ['the program'])
})

test('data says whether the user or a loader wants it', () => {
  const data = (path: string, why: Why) =>
    liftOf({
      entries: [entryOf(path, { role: 'data', why: [why] })],
      copies: [copyOf(path, { role: 'data' })],
    })
  assert.deepEqual(comments(data('/etc/x', { neededBy: '', name: '/etc/x', rule: 'include' })), [
    'data, asked for by --include',
  ])
  const cache: Why = { neededBy: '/lib/ld.so', name: '/etc/ld.so.cache', rule: 'configuration' }
  assert.deepEqual(comments(data('/etc/ld.so.cache', cache)), ['data of /lib/ld.so, its configuration'])
})
