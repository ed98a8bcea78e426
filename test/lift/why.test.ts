import assert from 'node:assert/strict'
import { test } from 'node:test'
import { lift } from '../../src/lift/lift-image.js'
import { why } from '../../src/lift/why.js'
import { debianTree, GLIBC, library, program, smallImage, type Tree } from '../support/small-image.js'

const LIB = '/usr/lib/x86_64-linux-gnu'
const OPEN = '/lib/x86_64-linux-gnu'

const tree = debianTree({
  '/usr/bin/x': program(['liba.so', 'libc.so.6']),
  '/usr/bin/y': program(['libc.so.6']),
  [`${LIB}/liba.so`]: { link: 'liba.so.1.0' },
  [`${LIB}/liba.so.1.0`]: library('liba.so', ['libb.so']),
  [`${LIB}/libb.so`]: library('libb-soname.so', ['libc.so.6']),
})

async function chains(name: string, binaries: readonly string[] = ['x'], from: Tree = tree) {
  const found = why(await lift(smallImage(from), binaries), name)
  return found.map((chain) => chain.map(({ path, rule }) => `${path} ${rule}`))
}

const START = '/usr/bin/x asked'

test('a chain leads from the program to the library, with the rule of each step', async () => {
  assert.deepEqual(await chains('libb.so'), [[START, `${OPEN}/liba.so default`, `${OPEN}/libb.so default`]])
})

test('each chain is told, the shortest first', async () => {
  assert.deepEqual(await chains('libc.so.6'), [
    [START, `${OPEN}/libc.so.6 default`],
    [START, `${OPEN}/liba.so default`, `${OPEN}/libb.so default`, `${OPEN}/libc.so.6 already-loaded`],
  ])
})

test('a library answers to its path, its real path, its file name and its soname', async () => {
  const expected = await chains('liba.so')
  assert.equal(expected.length, 1)
  for (const name of [`${OPEN}/liba.so`, `${LIB}/liba.so.1.0`]) assert.deepEqual(await chains(name), expected)
  assert.equal((await chains('libb-soname.so')).length, 1)
})

test('the loader and the program have chains too', async () => {
  assert.deepEqual((await chains(GLIBC))[0], [START, `${GLIBC} interpreter`])
  assert.deepEqual(await chains('/usr/bin/x'), [[START]])
})

test('of several programs each is the start of its own chain', async () => {
  const starts = (await chains('libc.so.6', ['x', 'y'])).map(([first]) => first)
  assert.deepEqual(new Set(starts), new Set([START, '/usr/bin/y asked']))
})

test('nothing brings in what is not there', async () => {
  assert.deepEqual(await chains('libnone.so'), [])
  assert.deepEqual(await chains('c.so.6'), [])
})

test('a program that is called by another name is the start of its chains', async () => {
  const applets = debianTree({
    '/usr/bin/busybox': program(['libc.so.6']),
    '/usr/bin/ls': { link: 'busybox' },
  })
  assert.deepEqual(await chains('libc.so.6', ['ls'], applets), [
    ['/usr/bin/ls asked', `${OPEN}/libc.so.6 default`],
  ])
})

test('a library of a script is reached through its interpreter', async () => {
  const scripts = debianTree({ '/usr/bin/s': '#!/bin/sh\n', '/usr/bin/sh': program(['libc.so.6']) })
  assert.deepEqual(await chains('libc.so.6', ['s'], scripts), [
    ['/usr/bin/s asked', '/bin/sh shebang', `${OPEN}/libc.so.6 default`],
  ])
})

test('libraries that need each other end their chains', async () => {
  const circle = debianTree({
    '/usr/bin/x': program(['liba.so']),
    [`${LIB}/liba.so`]: library('liba.so', ['libb.so']),
    [`${LIB}/libb.so`]: library('libb.so', ['liba.so']),
  })
  assert.deepEqual(await chains('libb.so', ['x'], circle), [
    [START, `${OPEN}/liba.so default`, `${OPEN}/libb.so default`],
  ])
})

test('of very many chains a hundred are told, none of which is longer than one that is left out', async () => {
  const layers = 9
  const many: Record<string, Uint8Array> = { '/usr/bin/x': program(['l0-0.so', 'l0-1.so']) }
  for (let layer = 0; layer < layers; layer++) {
    for (const side of [0, 1]) {
      const next = layer + 1 === layers ? ['end.so'] : [`l${layer + 1}-0.so`, `l${layer + 1}-1.so`]
      many[`${LIB}/l${layer}-${side}.so`] = library(`l${layer}-${side}.so`, next)
    }
  }
  many[`${LIB}/end.so`] = library('end.so')
  const found = await chains('end.so', ['x'], debianTree(many))
  assert.deepEqual([found.length, new Set(found.map(({ length }) => length))], [100, new Set([layers + 2])])
})

test('a crowd of libraries that all need each other is left in bounded time', async () => {
  const names = Array.from({ length: 40 }, (_, index) => `c${index}.so`)
  const crowd = Object.fromEntries(names.map((name) => [`${LIB}/${name}`, library(name, names)]))
  const found = await chains('c0.so', ['x'], debianTree({ '/usr/bin/x': program(['c0.so']), ...crowd }))
  assert.deepEqual(found[0], [START, `${OPEN}/c0.so default`])
})

test('what is needed by a file of a directory that is needed whole is reached through the directory', async () => {
  const module = program(['libm.so.6', 'libc.so.6'], { imports: ['getpwnam'] })
  const mailer = debianTree({
    '/usr/bin/x': program(['libc.so.6'], { imports: ['sasl_client_init'] }),
    [`${LIB}/libm.so.6`]: library('libm.so.6'),
    [`${LIB}/sasl2/libplain.so`]: module,
    '/etc/passwd': 'root:x:0:0::/:',
  })
  const answer = await lift(smallImage(mailer), ['x'], { needs: 'likely' })
  const rules = (name: string) =>
    why(answer, name).map((chain) => chain.map(({ path, rule }) => [path, rule]))
  const directory = [
    ['/usr/bin/x', 'asked'],
    [`${LIB}/sasl2`, 'need:sasl'],
  ]
  assert.deepEqual(rules('/etc/passwd'), [[...directory, ['/etc/passwd', 'need:nss']]])
  assert.deepEqual(rules('libm.so.6'), [[...directory, [`${OPEN}/libm.so.6`, 'default']]])
})

test('a path in a directory that is needed whole stands for the directory', async () => {
  const sasl = debianTree({
    '/usr/bin/x': program(['libc.so.6'], { imports: ['sasl_client_init'] }),
    '/etc/sasl2/x.conf': 'x',
    '/etc/sasl2x': 'x',
  })
  const answer = await lift(smallImage(sasl), ['x'], { needs: 'likely' })
  assert.deepEqual(
    why(answer, '/etc/sasl2/x.conf').map((chain) => chain.at(-1)?.path),
    ['/etc/sasl2'],
  )
  assert.deepEqual(why(answer, '/etc/sasl2x'), [])
})
