import assert from 'node:assert/strict'
import fs, {
  chmodSync,
  lstatSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, mock, test } from 'node:test'
import type { Context } from '../../src/cli/context.js'
import { checkOutput, writeAnswer } from '../../src/cli/output.js'
import * as library from '../../src/index.js'

let directory = ''
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'liftbin-'))
})
afterEach(() => {
  mock.restoreAll()
  syncBuiltinESMExports()
  rmSync(directory, { recursive: true })
})

const context: Context = {
  out: { write: () => assert.fail('stdout is not meant') },
  err: { write: () => assert.fail('stderr is not meant') },
  env: {},
  signal: new AbortController().signal,
  door: () => import('../../src/index.js'),
  wholeDoor: () => import('../../src/index.js'),
}

function fillDiskAfter(bytes: number): void {
  const write = fs.writeSync
  let left = bytes
  mock.method(fs, 'writeSync', (descriptor: number, buffer: Buffer, offset: number) => {
    if (left === 0) throw Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC' })
    const done = write(descriptor, buffer, offset, Math.min(left, buffer.length - offset))
    left -= done
    return done
  })
  syncBuiltinESMExports()
}

test('a full disk leaves neither the file nor a temporary one', async () => {
  fillDiskAfter(3)
  await assert.rejects(writeAnswer('long text', join(directory, 'out'), context), { code: 'output' })
  assert.deepEqual(readdirSync(directory), [])
})

test('a full disk leaves an earlier file as it was', async () => {
  writeFileSync(join(directory, 'out'), 'earlier')
  fillDiskAfter(3)
  await assert.rejects(writeAnswer('long text', join(directory, 'out'), context), { code: 'output' })
  assert.deepEqual(readdirSync(directory), ['out'])
  assert.equal(readFileSync(join(directory, 'out'), 'utf8'), 'earlier')
})

test('a write that takes only part of the text is gone on with', async () => {
  const write = fs.writeSync
  mock.method(fs, 'writeSync', (descriptor: number, buffer: Buffer, offset: number) =>
    write(descriptor, buffer, offset, 1),
  )
  syncBuiltinESMExports()
  await writeAnswer('größer', join(directory, 'out'), context)
  assert.equal(readFileSync(join(directory, 'out'), 'utf8'), 'größer')
})

test('a file that is replaced keeps its permissions', async () => {
  const file = join(directory, 'out')
  writeFileSync(file, 'earlier')
  chmodSync(file, 0o640)
  await writeAnswer('text', file, context)
  assert.equal(statSync(file).mode & 0o777, 0o640)
})

test('a link stays a link, and the file it points to is replaced', async () => {
  writeFileSync(join(directory, 'real'), 'earlier')
  symlinkSync('real', join(directory, 'link'))
  await writeAnswer('text', join(directory, 'link'), context)
  assert.ok(lstatSync(join(directory, 'link')).isSymbolicLink())
  assert.equal(readFileSync(join(directory, 'real'), 'utf8'), 'text')
})

test('a link to what does not exist yet stays a link, and its target is made', async () => {
  for (const target of ['new', join(directory, 'newer')]) {
    const link = join(directory, 'link')
    symlinkSync(target, link)
    checkOutput(link, library)
    await writeAnswer('text', link, context)
    assert.ok(lstatSync(link).isSymbolicLink())
    assert.equal(readFileSync(link, 'utf8'), 'text')
    rmSync(link)
  }
})

test('a device is written to and stays a device', async () => {
  await writeAnswer('text', '/dev/null', context)
  assert.ok(statSync('/dev/null').isCharacterDevice())
})

test('a directory is no output', async () => {
  await assert.rejects(writeAnswer('text', directory, context), { code: 'output' })
})

test('what keeps a file from being written is said before the work, with a next step', () => {
  writeFileSync(join(directory, 'file'), 'earlier')
  const cases: Readonly<Record<string, object>> = {
    [join(directory, 'missing/out')]: {
      message: /: no such file or directory$/,
      hint: /^Make its directory/,
    },
    [join(directory, 'file/out')]: { message: /: not a directory$/, hint: /^Write elsewhere/ },
    [directory]: { message: /: it is a directory$/, hint: /^Write elsewhere/ },
  }
  for (const [file, error] of Object.entries(cases))
    assert.throws(() => checkOutput(file, library), { code: 'output', ...error })
})

test('an output file without a name is wrong usage', () => {
  assert.throws(() => checkOutput('', library), { code: 'usage' })
})

test('the name of an output file cannot steer the terminal', () => {
  const file = join(directory, 'no\u001b[31m\nsuch/out')
  assert.throws(() => checkOutput(file, library), { message: /no\\x1b\[31m\\nsuch\/out: no such file/ })
})

test('an earlier file that may not be written is not replaced, though its directory would let it', () => {
  const file = join(directory, 'out')
  writeFileSync(file, 'earlier')
  const access = fs.accessSync
  mock.method(fs, 'accessSync', (path: string, mode: number) => {
    if (path === file) throw Object.assign(new Error('EACCES: permission denied, access'), { code: 'EACCES' })
    access(path, mode)
  })
  syncBuiltinESMExports()
  assert.throws(() => checkOutput(file, library), { code: 'output', message: /permission denied/ })
})
