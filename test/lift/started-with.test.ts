import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ImageConfig } from '../../src/image/config.js'
import { lift } from '../../src/lift/lift-image.js'
import { debianTree, program, smallImage } from '../support/small-image.js'

const tree = debianTree({
  '/usr/bin/x': program(),
  '/opt/y': { link: '/usr/bin/x' },
  '/usr/bin/start': program(),
})

async function words(config: Partial<ImageConfig>) {
  const { programs } = await lift(smallImage(tree, { config }), ['/usr/bin/x'])
  return programs[0]?.startedWith
}

test('the words after the program in ENTRYPOINT are kept, and CMD with them', async () => {
  assert.deepEqual(await words({ entrypoint: ['/usr/bin/x', '-a'], cmd: ['b'] }), {
    entrypoint: ['-a'],
    cmd: ['b'],
  })
})

test('the words after the program in CMD are kept, with and without an entrypoint before it', async () => {
  const kept = { entrypoint: [], cmd: ['-a'] }
  assert.deepEqual(await words({ cmd: ['x', '-a'] }), kept)
  assert.deepEqual(await words({ entrypoint: ['/usr/bin/start'], cmd: ['x', '-a'] }), kept)
})

test('the program may be named by a link', async () => {
  assert.deepEqual(await words({ entrypoint: ['/opt/y'] }), { entrypoint: [], cmd: [] })
})

test('the words of another program are not taken over', async () => {
  assert.equal(await words({ entrypoint: ['/usr/bin/start', '-a'] }), undefined)
  assert.equal(await words({ cmd: ['absent', '-a'] }), undefined)
  assert.equal(await words({}), undefined)
})

test('of a file with many names only words after the same name are kept, or after one that leads to it', async () => {
  const root = debianTree({
    '/usr/bin/busybox': program(),
    '/usr/bin/sh': { link: 'busybox' },
    '/usr/bin/ls': { link: 'busybox' },
    '/usr/bin/list': { link: '/usr/bin/ls' },
  })
  const of = async (asked: string, word: string) => {
    const image = smallImage(root, { config: { cmd: [word, '-c', 'x'] } })
    return (await lift(image, [asked])).programs[0]?.startedWith?.cmd
  }
  assert.equal(await of('/usr/bin/ls', '/usr/bin/sh'), undefined)
  assert.deepEqual(await of('/usr/bin/ls', 'ls'), ['-c', 'x'])
  assert.deepEqual(await of('/usr/bin/ls', 'list'), ['-c', 'x'])
  assert.deepEqual(await of('/usr/bin/list', 'ls'), ['-c', 'x'])
})
