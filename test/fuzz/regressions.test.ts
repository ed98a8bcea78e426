import assert from 'node:assert/strict'
import { test } from 'node:test'
import { directoryRootFs } from '../../src/rootfs/directory.js'
import { follow } from '../../src/rootfs/follow.js'
import { diskTree } from '../support/disk-tree.js'

test('a link that is walked twice stands in the trail once, on disk too', async () => {
  const disk = diskTree({ '/real/x': 'x', '/link': { link: 'real' } })
  try {
    const { links, end } = await follow(directoryRootFs(disk.directory), '/link/../link/x')
    assert.deepEqual(
      links.map(({ path }) => path),
      ['/link'],
    )
    assert.equal(end?.path, '/real/x')
  } finally {
    disk.remove()
  }
})
