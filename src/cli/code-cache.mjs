/**
 * Leaves V8's code cache next to each bundle, for `start.ts`. The command line runs a few times before: a cache
 * holds the functions that have been used, and all others are compiled by each run that comes to them.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import Module, { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Script } from 'node:vm'
import { cachedImage } from './cached-image.mjs'

/** The lift is of the program that surely is here, out of the root file system that surely is here. */
const PLAIN = [['--version'], ['dir:/', process.execPath]]

const directory = new URL('../../dist/cli/', import.meta.url).pathname
const require = createRequire(import.meta.url)
const scripts = new Map()
const end = process.exit

for (const argv of PLAIN) await run(argv)
const plain = [...scripts.keys()]
for (const file of plain) keep(file)
// What only these use is not put into what plain runs read.
const cache = mkdtempSync(join(tmpdir(), 'liftbin-build-'))
process.env.XDG_CACHE_HOME = cache
const image = await cachedImage(`${directory}main.cjs`).catch(() => undefined)
if (image !== undefined) await run([image, '/none'])
await run(['build', 'dir:/', '/bin/sh', '--quiet', '--to', `tar:${join(cache, 'built.tar')}`])
for (const file of scripts.keys()) if (!plain.includes(file)) keep(file)
rmSync(cache, { recursive: true })
end(0)

function keep(file) {
  const { text, script } = scripts.get(file)
  const kept = `${file}.${process.version}-${process.arch}.cache`
  writeFileSync(kept, Buffer.concat([script.createCachedData(), text]))
}

/** One run of the command line, up to where it would end the process. */
function run(argv) {
  process.argv = [process.execPath, `${directory}main.cjs`, ...argv]
  const loaded = new Map()
  return new Promise((done) => {
    process.exit = done
    load(`${directory}command.cjs`, loaded)
  })
}

function load(file, loaded) {
  if (loaded.has(file)) return loaded.get(file).exports
  if (!scripts.has(file)) scripts.set(file, compile(file))
  const module = { exports: {} }
  loaded.set(file, module)
  const near = (name) =>
    name.startsWith('./') ? load(`${directory}${name.slice(2)}`, loaded) : require(name)
  scripts.get(file).script.runInThisContext()(module.exports, near, module, file, directory)
  return module.exports
}

function compile(filename) {
  const text = readFileSync(filename)
  return {
    text,
    script: new Script(Module.wrap(text.toString('latin1')), { filename }),
  }
}
