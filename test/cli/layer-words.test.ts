import assert from 'node:assert/strict'
import { test } from 'node:test'
import { layerWords } from '../../src/cli/layer-words.js'

const SIZE = 61_000_000

test('nothing is said while no layer is coming', () => {
  const layers = layerWords()
  assert.equal(layers.words(0), undefined)
  layers.take({ layer: 1, layers: 1, taken: SIZE, size: SIZE }, 1000)
  assert.equal(layers.words(2000), undefined)
})

test('the rate is that of all layers, over the last seconds', () => {
  const layers = layerWords()
  layers.take({ layer: 2, layers: 5, taken: 0, size: SIZE }, 0)
  layers.take({ layer: 3, layers: 5, taken: 0, size: SIZE }, 0)
  layers.take({ layer: 2, layers: 5, taken: 12_300_000, size: SIZE }, 500)
  layers.take({ layer: 3, layers: 5, taken: 8_100_000, size: SIZE }, 900)
  assert.equal(layers.words(2000), 'layer 2 of 5 (and 1 more): 12.3 of 61.0 MB, 10.2 MB/s')
})

test('a rate falls to nothing when nothing comes any more', () => {
  const layers = layerWords()
  layers.take({ layer: 1, layers: 1, taken: 1_000_000, size: SIZE }, 1000)
  for (let now = 1000; now <= 5000; now += 100) layers.words(now)
  assert.equal(layers.words(5000), 'layer 1 of 1: 1.0 of 61.0 MB, 0 B/s')
})

test('the lowest layer that is still coming is told of', () => {
  const layers = layerWords()
  layers.take({ layer: 3, layers: 3, taken: 10, size: 900 }, 0)
  layers.take({ layer: 1, layers: 3, taken: 10, size: 900 }, 0)
  layers.take({ layer: 1, layers: 3, taken: 900, size: 900 }, 0)
  assert.equal(layers.words(0), 'layer 3 of 3: 10 of 900 B, 0 B/s')
})
