import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { AuditedLibrary } from '../../src/audit/audit.js'
import { chainsText, missingText } from '../../src/emit/chains.js'
import { PLAIN } from '../../src/emit/paint.js'
import { auditTree } from '../../src/emit/tree.js'
import { finding } from '../../src/lift/finding.js'
import type { RootPath } from '../../src/rootfs/path.js'
import { matchesGolden } from '../support/golden.js'
import { auditOf, binaryOf } from '../support/lift-literal.js'

const library = (name: string, ...neededBy: string[]): AuditedLibrary => {
  const path = `/lib/${name}` as RootPath
  return { name, path, realPath: path, rule: 'default', neededBy }
}
const tree = (...binaries: Parameters<typeof auditOf>[0]) => auditTree.emit(auditOf(binaries), PLAIN)

test('the audit of two binaries as a tree', () => {
  const missing = {
    name: 'liblost.so',
    neededBy: '/lib/b.so',
    attempts: [
      { rule: 'runpath', path: '/opt/liblost.so', outcome: 'absent' },
      { rule: 'default', path: '/lib/liblost.so', outcome: 'other class' },
    ],
  } as const
  const text = tree(
    binaryOf('/usr/bin/x', {
      loader: { path: '/lib64/ld.so', realPath: '/usr/lib64/ld.so' },
      libraries: [
        library('a.so', '/usr/bin/x'),
        library('c.so', '/usr/bin/x', '/lib/a.so'),
        library('b.so', '/lib/a.so'),
        library('d.so', '/lib/b.so'),
      ],
      missing: [missing],
      findings: [
        finding({ kind: 'library-missing', ...missing }),
        finding({ kind: 'not-executable', program: '/usr/bin/x' }),
      ],
    }),
    binaryOf('/usr/bin/y', { kind: 'static', machine: 'arm64' }),
  )
  matchesGolden('audit-tree.txt', text)
})

test('a library hangs below the object that asked for it first', () => {
  const text = tree(
    binaryOf('/x', { libraries: [library('a.so', '/x'), library('b.so', '/lib/a.so', '/x')] }),
  )
  assert.deepEqual(text.split('\n').slice(1, 3), [
    '└─ a.so → /lib/a.so [default]',
    '   └─ b.so → /lib/b.so [default]',
  ])
})

test('a library whose requester is unknown hangs below the binary', () => {
  assert.match(tree(binaryOf('/x', { libraries: [library('a.so', '/elsewhere')] })), /^└─ a\.so/m)
})

test('a chain of ten thousand libraries is shown in lines of bounded length', () => {
  const libraries = Array.from({ length: 10_000 }, (_, index) =>
    library(`l${index}`, index === 0 ? '/x' : `/lib/l${index - 1}`),
  )
  const lines = tree(binaryOf('/x', { libraries })).trimEnd().split('\n')
  assert.equal(lines.length, 10_001)
  assert.ok(Math.max(...lines.map((line) => line.length)) < 200)
})

test('names in the tree cannot steer a terminal', () => {
  const hostile = binaryOf('/\u001b]0;x\u0007', {
    libraries: [library('a\nb', '/x')],
    missing: [
      { name: 'm\u202e', neededBy: '/x', attempts: [{ rule: 'rpath', path: '\u009b', outcome: 'absent' }] },
    ],
  })
  assert.doesNotMatch(tree(hostile), /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/)
  assert.equal(tree(hostile).trimEnd().split('\n').length, 4)
})

test('a chain is a staircase from the program to the library', () => {
  const chain = [
    { path: '/usr/bin/x', name: '/usr/bin/x', rule: 'program' },
    { path: '/lib/a.so', name: 'a.so', rule: 'runpath' },
    { path: '/lib/b.so', name: 'b.so', rule: 'default' },
  ]
  assert.equal(
    chainsText([chain, chain.slice(0, 2)]),
    [
      '/usr/bin/x',
      '└─ a.so → /lib/a.so [runpath]',
      '   └─ b.so → /lib/b.so [default]',
      '',
      '/usr/bin/x',
      '└─ a.so → /lib/a.so [runpath]',
      '',
    ].join('\n'),
  )
})

test('a missing library is shown with each place that was tried', () => {
  const attempts = [{ rule: 'default', path: '/lib/z.so', outcome: 'absent' }] as const
  assert.equal(
    missingText([{ name: 'z.so', neededBy: '/usr/bin/x', attempts }]),
    '/usr/bin/x\n└─ z.so is missing\n   └─ default: /lib/z.so absent\n',
  )
})
