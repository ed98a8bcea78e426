import assert from 'node:assert/strict'
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { memoryRootFs } from '../../src/rootfs/memory.js'
import type { Entry } from '../../src/rootfs/rootfs.js'
import { withAttributes } from '../../src/source/directory-attributes.js'

const ROOT = memoryRootFs({
  '/a': 'a',
  '/b\\\nc': 'b',
  '/d': { directory: true },
  '/l': { link: 'a' },
  '/\udcff': '',
})

/** Asks with a `getfattr` that writes down its arguments and answers with this text and status. */
async function asked(answer: string, status: number): Promise<{ entries: readonly Entry[]; args: string }> {
  const folder = mkdtempSync(join(tmpdir(), 'liftbin-test-'))
  try {
    writeFileSync(`${folder}/answer`, answer)
    const script = `#!/bin/sh\nprintf '%s,' "$PWD" "$@" >${folder}/args\ncat ${folder}/answer\nexit ${status}\n`
    writeFileSync(`${folder}/getfattr`, script)
    chmodSync(`${folder}/getfattr`, 0o755)
    const exact = withAttributes('/root', { env: { PATH: `${folder}:${process.env.PATH}` } })
    const entries = await exact(await ROOT.list('/'))
    return { entries, args: readFileSync(`${folder}/args`, 'utf8') }
  } finally {
    rmSync(folder, { recursive: true })
  }
}

function attributesOf(entries: readonly Entry[]): object {
  return Object.fromEntries(
    entries.map(({ path, xattrs }) => [
      path,
      [...(xattrs ?? [])].map(([name, value]) => `${name}=${Buffer.from(value).toString('hex')}`).join(),
    ]),
  )
}

const DUMP = [
  '# file: /root/a\nsecurity.capability=0x0100\nuser.x=0x\n',
  '# file: /root/b\\134\\012c\nuser.eq\\075=0xff0a\n',
  '# file: /root/d\nuser.d=0x64\n',
  '# file: /elsewhere\nuser.e=0x65\n',
].join('\n')

test('files and directories of a root have the attributes that getfattr tells, whatever their names are', async () => {
  // The status says that some other file could not be asked.
  const { entries, args } = await asked(DUMP, 1)
  assert.deepEqual(attributesOf(entries), {
    '/a': 'security.capability=0100,user.x=',
    '/b\\\nc': 'user.eq==ff0a',
    '/d': 'user.d=64',
    '/l': '',
    '/\udcff': '',
  })
  assert.ok(args.startsWith('/,'), 'not run inside of the root')
  assert.ok(args.endsWith(',--,/root/a,/root/b\\\nc,/root/d,'), args)
})

test('without getfattr there are no attributes, and that is told', async () => {
  const steps: string[] = []
  const onUnread = (reason: string) => void steps.push(reason)
  const listed = await ROOT.list('/')
  assert.deepEqual(await withAttributes('/root', { env: { PATH: '/nowhere' } }, onUnread)(listed), listed)
  assert.equal(steps.length, 1)
  assert.match(steps[0]!, /getfattr is not installed/)
})

test('an interruption ends the reading of attributes', async () => {
  const exact = withAttributes('/root', { signal: AbortSignal.abort() })
  await assert.rejects(exact(await ROOT.list('/')), { code: 'interrupted' })
})
