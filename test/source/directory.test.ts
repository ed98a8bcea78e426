import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openDirectory } from '../../src/source/directory.js'
import { diskTree } from '../support/disk-tree.js'
import { rootFsContract, textAt } from '../support/rootfs-contract.js'

rootFsContract('dir:', async (tree) => {
  const { directory, remove } = diskTree(tree)
  const image = await openDirectory(directory, {})
  return {
    rootfs: image.rootfs,
    close: async () => {
      await image[Symbol.asyncDispose]()
      remove()
    },
  }
})

test('a directory is copied from the build context and has no configuration', async () => {
  const { directory, remove } = diskTree({ '/bin/tool': 'tool' })
  await using image = await openDirectory(directory, {})
  assert.equal(image.reference, `dir:${directory}`)
  assert.deepEqual(image.copySource, { kind: 'context' })
  assert.deepEqual(image.config.env, [])
  assert.equal(await textAt(image.rootfs, '/bin/tool'), 'tool')
  remove()
})

test('a directory has the platform that is asked for', async () => {
  const { directory, remove } = diskTree({ '/a': '' })
  await using image = await openDirectory(directory, { platform: 'linux/arm/v7' })
  assert.deepEqual(image.platform, { os: 'linux', architecture: 'arm', variant: 'v7' })
  remove()
})

test('a directory is for one platform', async () => {
  const { directory, remove } = diskTree({ '/a': '' })
  const options = { platform: 'linux/amd64', otherPlatforms: ['linux/arm64'] }
  await assert.rejects(openDirectory(directory, options), { code: 'usage', hint: /registry:/ })
  remove()
})

test('a directory that does not exist is an error, with a name near it suggested', async () => {
  const { directory, remove } = diskTree({ '/rootfs/bin/x': '' })
  await assert.rejects(openDirectory(`${directory}/root`, {}), {
    code: 'image-not-found',
    hint: `Did you mean dir:${directory}/rootfs?`,
  })
  await assert.rejects(openDirectory(`${directory}/other`, {}), {
    code: 'image-not-found',
    hint: /^dir: takes the directory/,
  })
  remove()
})

test('a file is no directory', async () => {
  const { directory, remove } = diskTree({ '/file': '' })
  await assert.rejects(openDirectory(`${directory}/file`, {}), {
    code: 'image-not-found',
    message: /is no directory/,
  })
  remove()
})
