import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeEach, test } from 'node:test'
import { hostFile } from '../../src/source/host-file.js'

let folder = ''
beforeEach((t) => {
  folder = mkdtempSync(join(tmpdir(), 'liftbin-'))
  const made = folder
  if ('after' in t) t.after(() => rmSync(made, { recursive: true }))
  writeFileSync(join(folder, 'file'), 'content')
})

async function textOf(path: string): Promise<string> {
  const reader = hostFile(path)!
  return Buffer.from(await reader.read(0, reader.size)).toString()
}

test('a file is read through links', async () => {
  symlinkSync('file', join(folder, 'link'))
  symlinkSync('link', join(folder, 'again'))
  assert.equal(await textOf(join(folder, 'again')), 'content')
})

test('a file that is replaced or written to before it is read again is refused', async () => {
  const changes = [
    () => {
      writeFileSync(join(folder, 'other'), 'another')
      renameSync(join(folder, 'other'), join(folder, 'file'))
    },
    () => writeFileSync(join(folder, 'file'), 'longer content'),
    () => utimesSync(join(folder, 'file'), new Date(), new Date(1e12)),
  ]
  for (const change of changes) {
    const reader = hostFile(join(folder, 'file'))!
    await reader.read(0, 1)
    // The file is closed once the process comes to wait for something.
    await new Promise((done) => setImmediate(done))
    change()
    await assert.rejects(reader.read(0, 1), { code: 'unreadable', message: /has changed while it was being/ })
  }
})

test('what is no regular file is none, and what leads nowhere is an error with its name', () => {
  mkdirSync(join(folder, 'directory'))
  symlinkSync('loop', join(folder, 'loop'))
  assert.equal(hostFile(join(folder, 'directory')), undefined)
  assert.throws(() => hostFile(join(folder, 'loop')), {
    code: 'unreadable',
    message: /cannot read .*\/loop: /,
  })
  assert.throws(() => hostFile(join(folder, 'absent')), { code: 'unreadable', message: /no such file/ })
})
