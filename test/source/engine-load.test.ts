import assert from 'node:assert/strict'
import { test } from 'node:test'
import { writeImage } from '../../src/destination/index.js'
import { connectToDocker } from '../../src/source/docker.js'
import { removeImage } from '../../src/source/engine-load.js'
import { fakeEngine, type Hook } from '../support/fake-engine.js'
import { type LoadedImage, loads } from '../support/fake-load.js'
import { packingOf } from '../support/packing.js'

const PACKING = packingOf({ '/bin/tool': 'a tool' })

test('a loaded image is removed by its name alone, and one that is gone already is no error', async () => {
  const images = new Map<string, LoadedImage>()
  await using engine = await fakeEngine({}, loads(images))
  await using docker = await connectToDocker(engine)
  for (const name of ['app:1', 'app:2']) await writeImage(`docker:${name}`, [PACKING], engine)
  for (let round = 0; round < 2; round++) await removeImage(docker.client, 'app:1')
  assert.deepEqual([...images.keys()], ['app:2'])
})

test('an image that cannot be removed is an error with the reason', async () => {
  const refuses: Hook = ({ method }, response) => {
    response.writeHead(409).end('{"message":"image is being used by a container"}')
    return method === 'DELETE'
  }
  await using engine = await fakeEngine({}, refuses)
  await using docker = await connectToDocker(engine)
  await assert.rejects(removeImage(docker.client, 'app:1'), {
    code: 'engine-failed',
    message: 'Docker does not remove app:1: image is being used by a container',
  })
})
