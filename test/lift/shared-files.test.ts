import assert from 'node:assert/strict'
import { test } from 'node:test'
import { LIFT_FORMATS } from '../../src/emit/index.js'
import { LiftError } from '../../src/errors.js'
import { lift, liftTree } from '../../src/lift/lift-image.js'
import { newImage } from '../../src/pack/new-image.js'
import { instructionsOf } from '../support/dockerfile-reader.js'
import { debianTree, library, program, smallImage } from '../support/small-image.js'

const tree = debianTree({
  '/usr/bin/x': program(),
  '/content/page': 'p',
  '/content/tool': program(['libdeep.so']),
  '/usr/lib/libdeep.so': library('libdeep.so'),
  '/content/link': { link: 'page' },
  '/srv/other': 'o',
})

const config = {
  env: ['PATH=/usr/bin', 'A=1', 'B=\n'],
  user: 'nobody-knows',
  workingDir: '/srv',
  entrypoint: ['x'],
  cmd: ['-a'],
  exposedPorts: ['80/tcp'],
  volumes: ['/content'],
  stopSignal: 'SIGQUIT',
  labels: { vendor: 'V' },
}
const image = smallImage(tree, { config })

test('without a binary, what is included is the whole lift, with what ELF files in it load', async () => {
  const { programs, copies, findings } = await lift(image, [], { include: ['/content'] })
  assert.deepEqual([programs, findings], [[], []])
  assert.deepEqual(
    copies.map(({ to, kind }) => `${kind} ${to}`),
    ['directory /content', 'file /lib/libdeep.so', 'file /lib64/ld-linux-x86-64.so.2'],
  )
})

test('a Dockerfile that shares files starts nothing, and takes nothing of how its source is started', async () => {
  const text = LIFT_FORMATS.dockerfile.emit(
    await lift(image, [], { include: ['/content/p*', '/srv/other'] }),
    {},
  )
  assert.deepEqual(
    instructionsOf(text).map(({ word }) => word),
    ['FROM', 'FROM', 'COPY', 'COPY'],
  )
  assert.match(text, /^# {3}\/content\/page, \/srv\/other$/m)
  assert.match(text, /COPY --from=NAME/)
  assert.doesNotMatch(text, / $/m)
})

test('options still say how it is started, where it is', async () => {
  const included = await lift(image, [], { include: ['/content/tool'] })
  const text = LIFT_FORMATS.dockerfile.emit(included, { entrypoint: ['/content/tool'], env: ['A=2'] })
  assert.match(text, /ENV A="2"\n.*ENTRYPOINT \["\/content\/tool"\]/s)
})

test('a new image that shares files says nothing of how it is run, and what it holds', async () => {
  const { tree: entries, findings, ...rest } = await liftTree(image, [], { include: ['/content'] })
  assert.deepEqual(findings, [])
  assert.ok(!entries.some(({ entry }) => entry.path === '/srv'))
  const packing = newImage({ tree: entries, findings, ...rest }, image, {})
  assert.deepEqual(packing.config, {
    entrypoint: [],
    cmd: [],
    env: [],
    exposedPorts: [],
    volumes: [],
    labels: { vendor: 'V' },
  })
  assert.equal(packing.createdBy, 'liftbin build /content')
})

test('a link is kept where the tree can keep it', async () => {
  const { tree: entries } = await liftTree(image, [], { include: ['/content/link'] })
  const kinds = entries.filter(({ entry }) => entry.path.startsWith('/content/'))
  assert.deepEqual(
    kinds.map(({ entry }) => `${entry.kind} ${entry.path}`),
    ['symlink /content/link', 'file /content/page'].sort((a, b) =>
      a.split(' ')[1]! < b.split(' ')[1]! ? -1 : 1,
    ),
  )
})

test('neither a binary nor anything to include is wrong usage', async () => {
  for (const lifted of [lift(image, []), lift(image, [], { include: [] }), liftTree(image, [])])
    await assert.rejects(lifted, (error) => error instanceof LiftError && error.code === 'usage')
})

test('an empty path to include is wrong usage, and not all of the image', async () => {
  for (const binaries of [[], ['/usr/bin/x']]) {
    await assert.rejects(lift(image, binaries, { include: ['/content', ''] }), {
      code: 'usage',
      message: 'a path to include is empty',
    })
  }
})
