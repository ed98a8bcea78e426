import assert from 'node:assert/strict'
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { bufferReader } from '../../src/bytes.js'
import type { WriteOptions } from '../../src/destination/destination.js'
import { DESTINATIONS, parseDestination, writeImage } from '../../src/destination/index.js'
import { LiftError } from '../../src/errors.js'
import { readTar } from '../../src/image/tar-index.js'
import type { Packing } from '../../src/pack/packing.js'
import { openImage } from '../../src/source/index.js'
import { type PackedNode, packingOf } from '../support/packing.js'

const TREE = {
  '/bin/p': { file: 'program', role: 'program', mode: 0o4755, identity: 'i' },
  '/bin/q': { file: 'program', role: 'program', mode: 0o4755, identity: 'i' },
  '/lib/a.so': { file: 'library', role: 'library', mode: 0o644, mtime: 1000 },
  '/lib/b.so': { link: 'a.so' },
  '/etc/closed': { directory: true, mode: 0o550 },
  '/etc/closed/\udcff\u00fc': 'data',
  '/etc/made': { generated: 'generated' },
} satisfies Record<string, PackedNode>

const PACKING = packingOf(TREE)
const ARM = { ...packingOf(TREE), platform: { os: 'linux', architecture: 'arm64', variant: 'v8' } }

/** Every destination that a source reads again, by scheme. */
const READ_AGAIN = ['oci-archive', 'oci-dir', 'docker-archive', 'dir'] as const

async function inFolder(use: (folder: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'liftbin-test-'))
  try {
    await use(folder)
  } finally {
    for (const name of ['out', 'root']) {
      const closed = join(folder, name, 'etc/closed')
      if (existsSync(closed)) chmodSync(closed, 0o700)
    }
    rmSync(folder, { recursive: true, force: true })
  }
}

/** What an image holds, as lines. */
async function contents(reference: string, platform?: string): Promise<readonly string[]> {
  await using image = await openImage(reference, {
    cache: 'none',
    ...(platform === undefined ? {} : { platform }),
  })
  const lines: string[] = []
  for (const { entry } of PACKING.tree) {
    const found = await image.rootfs.lstat(entry.path)
    const text = found?.kind === 'file' ? await image.rootfs.open(found).read(0, found.size) : ''
    const target = found?.kind === 'symlink' ? found.target : ''
    lines.push(`${found?.kind} ${found?.mode.toString(8)} ${entry.path} ${target}${Buffer.from(text)}`)
  }
  const [p, q] = [await image.rootfs.lstat('/bin/p'), await image.rootfs.lstat('/bin/q')]
  assert.ok(p?.kind === 'file' && q?.kind === 'file' && p.identity === q.identity, 'one inode')
  return lines
}

const EXPECTED = [
  'directory 755 /bin ',
  'file 4755 /bin/p program',
  'file 4755 /bin/q program',
  'directory 755 /etc ',
  'directory 550 /etc/closed ',
  'file 755 /etc/closed/\udcff\u00fc data',
  'file 755 /etc/made generated',
  'directory 755 /lib ',
  'file 644 /lib/a.so library',
  'symlink 777 /lib/b.so a.so',
].sort()

/** Owners are the user's own where that is not root, and setuid bits are gone then. */
const isRoot = process.getuid?.() === 0
const asUser = (lines: readonly string[]) =>
  isRoot ? lines : lines.map((line) => line.replace(' 4755 ', ' 755 '))

for (const scheme of READ_AGAIN)
  test(`${scheme}: what was written is read again as it was`, () =>
    inFolder(async (folder) => {
      const { reference } = await writeImage(`${scheme}:${folder}/out`, [PACKING])
      assert.equal(reference, `${scheme}:${folder}/out`)
      const lines = (await contents(reference)).toSorted()
      assert.deepEqual(lines, scheme === 'dir' ? asUser(EXPECTED).toSorted() : EXPECTED)
    }))

test('tar: the root file system is one archive', () =>
  inFolder(async (folder) => {
    await writeImage(`tar:${folder}/out.tar`, [PACKING])
    const names: string[] = []
    for await (const { path } of readTar(bufferReader(readFileSync(`${folder}/out.tar`)))) names.push(path)
    assert.deepEqual(names.slice(0, 3), ['bin/', 'bin/p', 'bin/q'])
    assert.equal(names.length, PACKING.tree.length)
  }))

test('a dash is standard output', async () => {
  const pieces: Buffer[] = []
  const stdout = {
    write: (bytes: Uint8Array, done: () => void) => {
      pieces.push(Buffer.from(bytes))
      setImmediate(done)
    },
  }
  await writeImage('tar:-', [PACKING], { stdout })
  let count = 0
  for await (const _ of readTar(bufferReader(Buffer.concat(pieces)))) count++
  assert.equal(count, PACKING.tree.length)
})

test('no archive is written to a terminal', async () => {
  const stdout = { isTTY: true, write: () => assert.fail('nothing may be written') }
  await refuses(writeImage('tar:-', [PACKING], { stdout }), 'usage', 'terminal')
})

async function refuses(writing: Promise<unknown>, code: string, ...words: string[]): Promise<void> {
  await assert.rejects(writing, (error: LiftError) => {
    assert.ok(error instanceof LiftError, String(error))
    const text = `${error.message} ${error.hint}`
    assert.equal(error.code, code, text)
    for (const word of words) assert.ok(text.includes(word), `${word}: ${text}`)
    return true
  })
}

for (const scheme of ['oci-archive', 'oci-dir'] as const)
  test(`${scheme}: several platforms are one image`, () =>
    inFolder(async (folder) => {
      const { digest, imageId } = await writeImage(`${scheme}:${folder}/out:v1`, [ARM, PACKING])
      const other = await writeImage(`oci-dir:${folder}/other`, [PACKING, ARM])
      assert.equal(digest, other.digest)
      assert.equal(imageId, undefined)
      for (const platform of ['linux/amd64', 'linux/arm64'])
        assert.deepEqual((await contents(`${scheme}:${folder}/out:v1`, platform)).toSorted(), EXPECTED)
    }))

for (const scheme of ['docker-archive', 'tar', 'dir'])
  test(`${scheme}: several platforms are refused, with what takes them`, () =>
    refuses(writeImage(`${scheme}:x`, [ARM, PACKING]), 'usage', 'oci-archive:FILE', 'oci-dir:DIR'))

test('what is no destination is refused, with what works', () => {
  for (const text of ['x', 'debian:12', 'tar', 'tar:', ':x', '', 'toString:x'])
    assert.throws(
      () => parseDestination(text),
      (error: LiftError) => error.code === 'usage' && error.hint!.includes('docker-archive:FILE[:NAME]'),
      text,
    )
})

test('each row of the table has its own name', () => {
  for (const [name, { scheme, describe }] of Object.entries(DESTINATIONS)) {
    assert.equal(scheme, name)
    assert.ok(describe.startsWith(`${name}:`))
  }
})

test('the ID of the image is the same whichever way it is written', () =>
  inFolder(async (folder) => {
    const ids = new Set<string | undefined>()
    for (const to of ['oci-archive', 'oci-dir', 'docker-archive'])
      for (const compression of ['gzip', 'none'] as const)
        ids.add(
          (await writeImage(`${to}:${folder}/${to}-${compression}`, [PACKING], { compression })).imageId,
        )
    assert.equal(ids.size, 1)
  }))

test('a layout keeps what it holds, and a tag leads to what was written last', () =>
  inFolder(async (folder) => {
    const layout = `oci-dir:${folder}/layout`
    await writeImage(`${layout}:a`, [packingOf({ '/one': '1' })])
    await writeImage(`${layout}:b`, [PACKING])
    await writeImage(`${layout}:a`, [packingOf({ '/two': '2' })])
    await using a = await openImage(`${layout}:a`, { cache: 'none' })
    assert.ok(await a.rootfs.lstat('/two'))
    assert.equal(await a.rootfs.lstat('/one'), undefined)
    assert.deepEqual((await contents(`${layout}:b`)).toSorted(), EXPECTED)
    const index = JSON.parse(readFileSync(`${folder}/layout/index.json`, 'utf8'))
    assert.equal(index.manifests.length, 2)
  }))

test('what others have written into the index of a layout stays', () =>
  inFolder(async (folder) => {
    const foreign = { mediaType: 'x/y', digest: `sha256:${'a'.repeat(64)}`, size: 1, annotations: { k: 'v' } }
    const index = { schemaVersion: 2, annotations: { mine: 'yes' }, manifests: [foreign] }
    mkdirSync(`${folder}/layout`)
    writeFileSync(`${folder}/layout/index.json`, JSON.stringify(index))
    await writeImage(`oci-dir:${folder}/layout:a`, [PACKING])
    const after = JSON.parse(readFileSync(`${folder}/layout/index.json`, 'utf8'))
    assert.deepEqual(
      [after.annotations, after.manifests[0], after.manifests.length],
      [index.annotations, foreign, 2],
    )
  }))

test('a directory of something else is neither a layout nor a root, and stays as it is', () =>
  inFolder(async (folder) => {
    writeFileSync(`${folder}/mine`, 'mine')
    await refuses(writeImage(`oci-dir:${folder}`, [PACKING]), 'output', folder)
    await refuses(writeImage(`dir:${folder}`, [PACKING]), 'output', folder)
    await refuses(writeImage(`dir:${folder}/mine`, [PACKING]), 'output', folder)
    assert.deepEqual(readdirSync(folder), ['mine'])
  }))

test('dir: links and times are those of the image', () =>
  inFolder(async (folder) => {
    await writeImage(`dir:${folder}/root`, [{ ...PACKING, epoch: 2000 }])
    assert.equal(readlinkSync(`${folder}/root/lib/b.so`), 'a.so')
    const seconds = (name: string) => lstatSync(`${folder}/root/${name}`).mtimeMs / 1000
    assert.deepEqual(['lib/a.so', 'lib/b.so', 'bin', 'etc/closed'].map(seconds), [1000, 0, 2000, 2000])
  }))

test('dir: nothing is written through a link of the image', () =>
  inFolder(async (folder) => {
    mkdirSync(`${folder}/outside`)
    const linked = packingOf({ '/a': { link: `${folder}/outside` } }).tree
    const inside = packingOf({ '/a/b': 'x' }).tree.filter(({ entry }) => entry.kind === 'file')
    await refuses(
      writeImage(`dir:${folder}/root`, [{ ...PACKING, tree: [...linked, ...inside] }]),
      'unreadable',
    )
    assert.deepEqual(readdirSync(`${folder}/outside`), [])
    assert.ok(!existsSync(`${folder}/root`))
  }))

/** Its second program cannot be read. */
const BROKEN: Packing = {
  ...packingOf({ '/a/p': 'one', '/a/q': 'two', '/z.so': { file: 'l', role: 'library' } }),
  open: ({ size, path }) => ({
    size,
    read: async () => {
      if (path === '/a/q') throw new LiftError('unreadable', 'the disk is broken')
      return new Uint8Array(size)
    },
  }),
}

for (const scheme of Object.keys(DESTINATIONS).filter((name) => /archive|tar|dir/.test(name))) {
  test(`${scheme}: an error leaves nothing behind`, () =>
    inFolder(async (folder) => {
      await refuses(writeImage(`${scheme}:${folder}/out`, [BROKEN]), 'unreadable', 'the disk is broken')
      assert.deepEqual(readdirSync(folder), [])
    }))

  test(`${scheme}: an interruption leaves nothing behind`, () =>
    inFolder(async (folder) => {
      const stop = new AbortController()
      const open: Packing['open'] = (file) => {
        stop.abort()
        return bufferReader(new Uint8Array(file.size))
      }
      const writing = writeImage(`${scheme}:${folder}/out`, [{ ...BROKEN, open }], { signal: stop.signal })
      await refuses(writing, 'interrupted')
      assert.deepEqual(readdirSync(folder), [])
    }))
}

for (const scheme of ['oci-archive', 'docker-archive', 'tar']) {
  test(`${scheme}: an earlier file stays where a new one cannot be made, and is replaced where it can`, () =>
    inFolder(async (folder) => {
      writeFileSync(`${folder}/out`, 'earlier', { mode: 0o640 })
      await refuses(writeImage(`${scheme}:${folder}/out`, [BROKEN]), 'unreadable')
      assert.equal(readFileSync(`${folder}/out`, 'utf8'), 'earlier')
      symlinkSync('out', `${folder}/link`)
      await writeImage(`${scheme}:${folder}/link`, [PACKING])
      assert.ok(lstatSync(`${folder}/out`).size > 1024)
      assert.equal(lstatSync(`${folder}/out`).mode & 0o777, 0o640)
      assert.equal(readlinkSync(`${folder}/link`), 'out')
      assert.deepEqual(readdirSync(folder).sort(), ['link', 'out'])
    }))

  test(`${scheme}: where nothing can be written is said`, () =>
    inFolder(async (folder) => {
      await refuses(writeImage(`${scheme}:${folder}/no/out`, [PACKING]), 'output', `${folder}/no/out`)
      await refuses(writeImage(`${scheme}:${folder}`, [PACKING]), 'output', 'directory')
    }))
}

test('what stands after a colon is the name in an archive, unless a file is called that', () =>
  inFolder(async (folder) => {
    await writeImage(`docker-archive:${folder}/a:me/app`, [PACKING])
    assert.deepEqual(readdirSync(folder), ['a'])
    writeFileSync(`${folder}/b:c`, '')
    await writeImage(`oci-archive:${folder}/b:c:v1`, [PACKING])
    await using image = await openImage(`oci-archive:${folder}/b:c:v1`, { cache: 'none' })
    assert.ok(image.digest)
    assert.deepEqual(readdirSync(folder).sort(), ['a', 'b:c'])
  }))

test('a name that no image can have is refused before anything is written', () =>
  inFolder(async (folder) => {
    await refuses(writeImage(`docker-archive:${folder}/a:No Name`, [PACKING]), 'usage', 'No Name')
    for (const scheme of ['oci-archive', 'oci-dir'])
      await refuses(writeImage(`${scheme}:${folder}/a:no name`, [PACKING]), 'usage', 'no name')
    assert.deepEqual(readdirSync(folder), [])
  }))

test('what cannot be written is told', () =>
  inFolder(async (folder) => {
    const tree = packingOf({ '/dev/null': { special: true }, '/x': 'x' })
    const { warnings } = await writeImage(`tar:${folder}/out`, [tree])
    assert.equal(warnings.length, 1)
    assert.match(warnings[0]!, /\/dev\/null/)
  }))

/** Aborts when packing is over and writing begins. */
function stoppedWhenWriting(): Pick<WriteOptions, 'signal' | 'onStep'> {
  const stop = new AbortController()
  return { signal: stop.signal, onStep: (step) => step.startsWith('writing') && stop.abort() }
}

for (const scheme of ['dir', 'oci-dir'])
  test(`${scheme}: directories made on the way go as well, and those with something in them stay`, () =>
    inFolder(async (folder) => {
      mkdirSync(`${folder}/mine`)
      const writing = writeImage(`${scheme}:${folder}/mine/a/b`, [PACKING], stoppedWhenWriting())
      await refuses(writing, 'interrupted')
      assert.deepEqual([readdirSync(folder), readdirSync(`${folder}/mine`)], [['mine'], []])
    }))

/** A directory of any name is made, and then its file cannot be read. */
const BROKEN_BELOW: Packing = {
  ...packingOf({ '/': { directory: true }, '/\udcff/p': 'one' }),
  open: () => {
    throw new LiftError('unreadable', 'the disk is broken')
  },
}

test('dir: an empty directory is as it was after an error', () =>
  inFolder(async (folder) => {
    mkdirSync(`${folder}/empty`)
    chmodSync(`${folder}/empty`, 0o1750)
    await refuses(writeImage(`dir:${folder}/empty`, [BROKEN_BELOW]), 'unreadable')
    assert.deepEqual(readdirSync(`${folder}/empty`, { encoding: 'buffer' }), [])
    assert.equal(lstatSync(`${folder}/empty`).mode & 0o7777, 0o1750)
  }))

test('dir: a link that leads nowhere stays', () =>
  inFolder(async (folder) => {
    symlinkSync('nowhere', `${folder}/out`)
    await refuses(writeImage(`dir:${folder}/out`, [PACKING]), 'output', `${folder}/out`)
    assert.equal(readlinkSync(`${folder}/out`), 'nowhere')
    assert.deepEqual(readdirSync(folder), ['out'])
  }))

test('dir: no program out of the image is run, whatever PATH says', () =>
  inFolder(async (folder) => {
    const file = `#!/bin/sh\n: > ${folder}/was-run\n`
    const tree = { '/setfattr': { file, xattrs: { 'user.a': Buffer.from('b') } } }
    await writeImage(`dir:${folder}/out`, [packingOf(tree)], { env: { PATH: '.' } })
    assert.deepEqual(readdirSync(folder), ['out'])
  }))

test('oci-dir: a link to an empty directory is written through, and what is no place for a layout is refused', () =>
  inFolder(async (folder) => {
    mkdirSync(`${folder}/empty`)
    symlinkSync('empty', `${folder}/link`)
    await writeImage(`oci-dir:${folder}/link`, [PACKING])
    assert.deepEqual(readdirSync(`${folder}/empty`).sort(), ['blobs', 'index.json', 'oci-layout'])
    mkdirSync(`${folder}/odd/index.json`, { recursive: true })
    await refuses(writeImage(`oci-dir:${folder}/odd`, [PACKING]), 'output', `${folder}/odd`)
    writeFileSync(`${folder}/file`, '')
    await refuses(writeImage(`oci-dir:${folder}/file/a`, [PACKING]), 'output', `${folder}/file/a`)
  }))
