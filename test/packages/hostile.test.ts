import assert from 'node:assert/strict'
import { test } from 'node:test'
import { dpkgTree, labels, opened, owned, paragraph } from '../support/package-roots.js'

const numbers = (count: number) => Array.from({ length: count }, (_, index) => index)

test('a package whose name is too long for the name of a file is none', async () => {
  const [longest, longer] = ['p'.repeat(150), 'p'.repeat(151)]
  const tree = (name: string) => ({
    '/var/lib/dpkg/status.d/x': paragraph(name),
    '/var/lib/dpkg/status.d/x.md5sums': `${'0'.repeat(32)}  usr/bin/x\n`,
    '/var/lib/dpkg/status.d/y': paragraph('y'),
    '/usr/bin/x': 'x',
  })
  assert.deepEqual(await labels(tree(longest), '/usr/bin/x'), [longest])
  assert.deepEqual(await labels(tree(longer), '/usr/bin/x'), [undefined])
})

test('of two packages that would have one list there is the first that lists its files', async () => {
  const sums = (path: string) => `${'0'.repeat(32)}  ${path}\n`
  const tree = {
    '/var/lib/dpkg/status.d/a': paragraph('x', { Version: '1' }),
    '/var/lib/dpkg/status.d/b': paragraph('x', { Version: '2' }),
    '/var/lib/dpkg/status.d/b.md5sums': sums('usr/bin/x'),
    '/var/lib/dpkg/status.d/c': paragraph('x', { Version: '3' }),
    '/var/lib/dpkg/status.d/c.md5sums': sums('usr/bin/y'),
    '/usr/bin/x': 'x',
    '/usr/bin/y': 'y',
  }
  const one = await opened(tree)
  const owners = await owned(one, ['/usr/bin/x'])
  const files = (await one.database.reduced?.(owners)) ?? []
  assert.deepEqual(
    files.map(({ path }) => path.slice('/var/lib/dpkg/'.length)),
    ['status', 'info/format', 'info/x.list', 'info/x.md5sums'],
  )
  assert.deepEqual(
    owners.map(({ package: { version } }) => version),
    ['2'],
  )
  assert.deepEqual(await labels(tree, '/usr/bin/y'), [undefined])
})

test('a list that names a link in very many directories is read once', async () => {
  const others = numbers(200_000).map((index) => `/directory-${index}/lib`)
  const tree = dpkgTree([paragraph('x')], { x: ['/lib', ...others] })
  assert.deepEqual(await labels({ ...tree, '/lib': { link: 'usr/lib' } }, '/lib'), ['x'])
})

test('very many listed paths and files of one name are compared once each', async () => {
  const files = Object.fromEntries(numbers(3000).map((index) => [`/own/${index}/x`, 'x']))
  const others = numbers(40_000).map((index) => `/none/${index}/x`)
  const tree = { ...dpkgTree([paragraph('x')], { x: [...others, '/link/7/x'] }), ...files }
  const found = await labels({ ...tree, '/link': { link: 'own' } }, ...Object.keys(files))
  assert.deepEqual(
    found.flatMap((label, index) => (label === undefined ? [] : [index])),
    [7],
  )
})

test('a list of more paths than any image has is refused', async () => {
  const tree = dpkgTree([paragraph('x')], { x: [] })
  const huge = { ...tree, '/var/lib/dpkg/info/x.list': Buffer.from('/x\n'.repeat(2_000_001)) }
  await assert.rejects(labels({ ...huge, '/x': 'x' }, '/x'), { code: 'limit' })
})
