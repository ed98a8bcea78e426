import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { createSpool } from '../../src/image/spool.js'

for (const [where, limit] of [
  ['in memory', 1 << 20],
  ['in a file', 4],
] as const) {
  test(`${where}: slices are read in any order while bytes arrive`, async () => {
    const spool = createSpool(limit)
    const late = spool.slice(6, 4).read(0, 4)
    spool.append(Buffer.from('01234'))
    assert.equal(text(await spool.slice(1, 3).read(0, 100)), '123')
    spool.append(Buffer.from('56789'))
    assert.equal(text(await late), '6789')
    assert.equal(text(await spool.slice(3, 4).read(1, 2)), '45')
    spool.close()
  })

  test(`${where}: the end lets waiting reads go, short`, async () => {
    const spool = createSpool(limit)
    const waiting = spool.slice(3, 100).read(0, 100)
    spool.append(Buffer.from('01234'))
    spool.end()
    assert.equal(text(await waiting), '34')
    spool.close()
  })

  test(`${where}: a failure is thrown by reads of what has not come, not by others`, async () => {
    const spool = createSpool(limit)
    const waiting = spool.slice(3, 100).read(0, 100)
    spool.append(Buffer.from('01234'))
    spool.fail(new Error('broken'))
    await assert.rejects(waiting, /broken/)
    await assert.rejects(spool.slice(4, 2).read(0, 2), /broken/)
    assert.equal(text(await spool.slice(0, 5).read(0, 5)), '01234')
    spool.close()
  })

  test(`${where}: a closed spool answers no more`, async () => {
    const spool = createSpool(limit)
    const waiting = spool.slice(3, 100).read(0, 100)
    spool.append(Buffer.from('01234'))
    spool.close()
    await assert.rejects(waiting, { code: 'unreadable' })
    await assert.rejects(spool.slice(0, 1).read(0, 1), { code: 'unreadable' })
    spool.close()
  })
}

test('the temporary file has no name, so that nothing can be left behind', (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'liftbin-spool-'))
  const before = process.env.TMPDIR
  process.env.TMPDIR = directory
  t.after(() => {
    if (before === undefined) delete process.env.TMPDIR
    else process.env.TMPDIR = before
    rmSync(directory, { recursive: true })
  })
  const spool = createSpool(0)
  spool.append(Buffer.from('x'))
  assert.deepEqual(readdirSync(directory), [])
  spool.close()
})

test('a temporary directory that cannot be written is an error that names it', (t) => {
  const before = process.env.TMPDIR
  process.env.TMPDIR = '/nowhere/at/all'
  t.after(() => {
    if (before === undefined) delete process.env.TMPDIR
    else process.env.TMPDIR = before
  })
  assert.throws(() => createSpool(0).append(Buffer.from('x')), { code: 'output', hint: /TMPDIR/ })
})

function text(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString()
}
