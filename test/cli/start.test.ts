import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import Module from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { Script } from 'node:vm'
import { buildSync } from 'esbuild'

const START = fileURLToPath(new URL('../../src/cli/start.ts', import.meta.url))

const TEXT =
  "console.log('one', require('./library.cjs') === require('./library.cjs'), __filename === module.filename)"

/** What a started `command.cjs` prints when its cache is these bytes. */
function printed(command: string, cache: Uint8Array | undefined): string {
  const folder = mkdtempSync(join(tmpdir(), 'liftbin-start-'))
  try {
    const [main, file] = [join(folder, 'main.cjs'), join(folder, 'command.cjs')]
    buildSync({ entryPoints: [START], bundle: true, platform: 'node', format: 'cjs', outfile: main })
    writeFileSync(file, command)
    writeFileSync(join(folder, 'library.cjs'), 'exports.own = {}')
    if (cache !== undefined) writeFileSync(`${file}.${process.version}-${process.arch}.cache`, cache)
    const { stdout, stderr } = spawnSync(process.execPath, [main], { encoding: 'utf8' })
    return `${stdout}${stderr}`
  } finally {
    rmSync(folder, { recursive: true })
  }
}

function cacheOf(text: string): Buffer {
  const script = new Script(Module.wrap(text))
  script.runInThisContext()
  return Buffer.concat([script.createCachedData(), Buffer.from(text)])
}

test('a bundle runs the same with its code cache and without', () => {
  assert.equal(printed(TEXT, undefined), 'one true true\n')
  assert.equal(printed(TEXT, cacheOf(TEXT)), 'one true true\n')
})

test('the code cache of a text of the same length is not used', () => {
  const other = TEXT.replace('one', 'two')
  assert.equal(printed(other, cacheOf(TEXT)), 'two true true\n')
})

test('a code cache that is not whole, or that V8 refuses, is not used', () => {
  const cache = cacheOf(TEXT)
  for (const broken of [cache.subarray(0, -1), cache.subarray(1), Buffer.from(TEXT), Buffer.alloc(0)])
    assert.equal(printed(TEXT, broken), 'one true true\n')
})
