/**
 * One run of another process: `node --import tsx cache-run.ts DIRECTORY TEXT`. It says `half` when half of the
 * layer has come, waits for a line, and says what it read and how often it fetched.
 */
import { once } from 'node:events'
import { layerOf, readThrough } from './cached-layer.js'

const [directory = '', text = ''] = process.argv.slice(2)
const layer = layerOf(text, async () => {
  console.log('half')
  await once(process.stdin, 'data')
})
const read = await readThrough(directory, layer)
console.log(`${read} ${layer.fetches()}`)
process.exit()
