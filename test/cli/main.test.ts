import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, openSync } from 'node:fs'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

const MAIN = [
  '--import',
  import.meta.resolve('tsx'),
  fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url)),
]

test('the process prints its answer and ends with its status', () => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [...MAIN, '--version'], { encoding: 'utf8' })
  assert.deepEqual([status, stderr], [0, ''])
  assert.match(stdout, /^\d+\.\d+\.\d+\n$/)
  assert.equal(spawnSync(process.execPath, [...MAIN, '--nonsense']).status, 2)
})

test('a directory that does not exist is no answer', () => {
  const argv = [...MAIN, 'dir:/does/not/exist', 'ls']
  const { status, stdout, stderr } = spawnSync(process.execPath, argv, { encoding: 'utf8' })
  assert.deepEqual([status, stdout], [3, ''])
  assert.match(stderr, /^liftbin: .*\/does\/not\/exist/)
  assert.doesNotMatch(stderr, /bug in liftbin/)
})

test('a closed pipe on stdout ends it quietly', async () => {
  const child = spawn(process.execPath, [...MAIN, '--help'], { stdio: ['ignore', 'pipe', 'pipe'] })
  child.stdout.destroy()
  let err = ''
  child.stderr.on('data', (data) => {
    err += data
  })
  const [status] = await once(child, 'close')
  assert.deepEqual([status, err], [0, ''])
})

test('help to a full disk does not crash', () => {
  assert.ok(existsSync('/dev/full'))
  const stdio = ['ignore', openSync('/dev/full', 'w'), 'pipe'] as const
  const { signal, stderr } = spawnSync(process.execPath, [...MAIN, '--help'], {
    stdio: [...stdio],
    encoding: 'utf8',
  })
  assert.equal(signal, null)
  assert.doesNotMatch(stderr, /at .*\.ts/)
})

test('an error outside of any promise ends it with a message, not with a stack', () => {
  const loose =
    'process.on("newListener", (name) => name === "uncaughtException" && setImmediate(() => { throw new TypeError("loose end") }))'
  const argv = [
    '--import',
    `data:text/javascript,${encodeURIComponent(loose)}`,
    ...MAIN,
    'dir:/does/not/exist',
    'ls',
  ]
  const { status, stdout, stderr } = spawnSync(process.execPath, argv, { encoding: 'utf8' })
  assert.deepEqual([status, stdout], [3, ''])
  assert.match(stderr, /^liftbin: loose end\n.*bug in liftbin/)
})
