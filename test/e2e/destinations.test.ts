import assert from 'node:assert/strict'
import { mkdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { bufferReader } from '../../src/bytes.js'
import { writeImage } from '../../src/destination/index.js'
import type { Packing } from '../../src/pack/packing.js'
import { directoryRootFs } from '../../src/rootfs/directory.js'
import { openImage } from '../../src/source/index.js'
import { packingOf } from '../support/packing.js'
import { skopeo } from './images.js'
import { docker, must, run, withFolder } from './surroundings.js'

const PROGRAM = `
#include <stdio.h>
#include <unistd.h>
int main(void) {
  FILE *file = fopen("/etc/words", "r");
  char line[64] = "";
  if (file) fgets(line, sizeof line, file);
  printf("%s%d %d\\n", line, geteuid(), getegid());
  return 0;
}`

/** cap_net_raw in the effective and permitted sets, as the kernel keeps it. */
const CAPABILITY = Uint8Array.from([1, 0, 0, 2, 0, 0x20, ...new Array<number>(14).fill(0)])

const LONG = `/etc/${'directory-of-a-long-name/'.repeat(6)}${'n'.repeat(180)}`

/** A program that needs nothing, setuid for a user of its own, and all that archives have a hard time with. */
async function packed(folder: string): Promise<Packing> {
  const host = join(folder, 'host')
  mkdirSync(host)
  writeFileSync(join(folder, 'p.c'), PROGRAM)
  must('gcc', ['-static', '-o', join(host, 'p'), join(folder, 'p.c')])
  const disk = directoryRootFs(host)
  const found = await disk.lstat('/p')
  assert.ok(found?.kind === 'file')
  const content = Buffer.from(await disk.open(found).read(0, found.size))
  const program = {
    file: content,
    role: 'program',
    identity: 'p',
    mode: 0o6755,
    uid: 1234,
    gid: 567,
  } as const
  const packing = packingOf(
    {
      '/bin/p': program,
      '/bin/same': program,
      '/bin/ping': {
        file: content,
        role: 'program',
        mode: 0o755,
        xattrs: { 'security.capability': CAPABILITY },
      },
      '/lib/x.so': { file: 'library', role: 'library', mode: 0o644, mtime: 1_600_000_000 },
      '/lib/link.so': { link: 'x.so' },
      '/etc/words': { file: 'hello\n', mode: 0o644 },
      '/etc/\u00fc-\udcff': { file: 'no text', mode: 0o600, uid: 3_000_000 },
      [LONG]: { file: 'far', mode: 0o644 },
      '/tmp': { directory: true, mode: 0o1777 },
    },
    { createdBy: 'liftbin', annotations: { 'org.opencontainers.image.base.name': 'docker.io/library/x' } },
  )
  return { ...packing, config: { ...packing.config, entrypoint: ['/bin/p'], labels: { a: 'b' } } }
}

/** What `tar -tv` has to say of the packed root, whoever has made the tar. */
const LISTED = [
  /^-rwsr-sr-x 1234\/567 .* bin\/p$/m,
  /^hrwsr-sr-x 1234\/567 .* bin\/same link to bin\/p$/m,
  /^-rw-r--r-- 0\/0 +7 2020-09-13 12:26 lib\/x\.so$/m,
  /^lrwxrwxrwx 0\/0 .* lib\/link\.so -> x\.so$/m,
  /^-rw------- 3000000\/0 .* etc\/\\303\\274-\\377$/m,
  /^drwxrwxrwt 0\/0 .* tmp\/$/m,
  new RegExp(`^-rw-r--r-- 0/0 .* ${LONG.slice(1)}$`, 'm'),
]

const GNU = { env: { ...process.env, LC_ALL: 'C', TZ: 'UTC' } }

test('GNU tar lists what was packed, and restores capabilities', () =>
  withFolder(async (folder) => {
    const tar = join(folder, 'root.tar')
    await writeImage(`tar:${tar}`, [await packed(folder)])
    const listed = must('tar', ['-tvf', tar, '--numeric-owner'], GNU)
    for (const line of LISTED) assert.match(listed, line)
    const root = join(folder, 'root')
    mkdirSync(root)
    must('tar', ['-xpf', tar, '-C', root, '--numeric-owner', '--xattrs', '--xattrs-include=*'])
    assert.match(must('getcap', [join(root, 'bin/ping')]), /cap_net_raw=ep/)
    assert.equal(must('cat', [join(root, LONG)]), 'far')
  }))

test('a directory has owners, modes, hard links and capabilities of the image', () =>
  withFolder(async (folder) => {
    const root = join(folder, 'root')
    const { warnings } = await writeImage(`dir:${root}`, [await packed(folder)])
    assert.deepEqual(warnings, [])
    const [p, same] = [statSync(join(root, 'bin/p')), statSync(join(root, 'bin/same'))]
    assert.deepEqual([p.mode & 0o7777, p.uid, p.gid, p.nlink], [0o6755, 1234, 567, 2])
    assert.equal(p.ino, same.ino)
    assert.match(must('getcap', [join(root, 'bin/ping')]), /cap_net_raw=ep/)
    assert.equal(must('chroot', [root, '/bin/p']), 'hello\n1234 567\n')
    await using image = await openImage(`dir:${root}`)
    const ping = await image.rootfs.lstat('/bin/ping')
    const [exact] = await image.rootfs.exact!([ping!])
    assert.deepEqual(exact?.xattrs?.get('security.capability'), Buffer.from(CAPABILITY))
  }))

/** Loads an archive, runs the image and looks at it; it is gone afterwards. */
function runs(engine: string, archive: string, name: string, imageId: string | undefined): void {
  must(engine, ['load', '--input', archive])
  try {
    const id = must(engine, ['image', 'inspect', '--format', '{{.Id}}', name]).trim()
    assert.equal(id.replace('sha256:', ''), imageId?.replace('sha256:', ''))
    const container = must(engine, ['create', name]).trim()
    const listed = must('sh', ['-c', '"$0" export "$1" | tar -tv --numeric-owner', engine, container], GNU)
    for (const line of LISTED) assert.match(listed, line)
    must(engine, ['rm', container])
  } finally {
    run(engine, ['rmi', '--force', name])
  }
}

test('Docker loads an archive, and runs and exports what was packed', () =>
  withFolder(async (folder) => {
    const archive = join(folder, 'image.tar')
    const packing = await packed(folder)
    const { imageId } = await writeImage(`docker-archive:${archive}:liftbin-e2e-packed`, [packing])
    must('docker', ['load', '--input', archive])
    const ran = docker(['run', '--rm', '--network=none', 'liftbin-e2e-packed'])
    assert.equal(ran.stdout, 'hello\n1234 567\n', ran.stderr)
    runs('docker', archive, 'liftbin-e2e-packed', imageId)
  }))

test('Podman loads archives of both kinds', () =>
  withFolder(async (folder) => {
    const packing = await packed(folder)
    const name = 'localhost/liftbin-e2e-packed:1'
    for (const scheme of ['docker-archive', 'oci-archive']) {
      const archive = join(folder, scheme)
      const { imageId } = await writeImage(`${scheme}:${archive}:${name}`, [packing])
      runs('podman', archive, name, imageId)
    }
  }))

for (const compression of ['gzip', 'none'] as const)
  test(`skopeo and umoci read layouts whose layers have the compression ${compression}`, () =>
    withFolder(async (folder) => {
      const packing = await packed(folder)
      const layout = join(folder, 'layout')
      const { digest } = await writeImage(`oci-dir:${layout}:v1`, [packing], { compression })
      await writeImage(`oci-archive:${folder}/archive:v1`, [packing], { compression })
      for (const from of [`oci:${layout}:v1`, `oci-archive:${folder}/archive:v1`]) {
        const seen = JSON.parse(must('skopeo', ['inspect', from]))
        assert.deepEqual([seen.Digest, seen.Architecture, seen.Labels], [digest, 'amd64', { a: 'b' }])
        skopeo(from, `dir:${folder}/copied`)
      }
      must('umoci', ['unpack', '--image', `${layout}:v1`, join(folder, 'bundle')])
      const root = join(folder, 'bundle/rootfs')
      assert.match(must('getcap', [join(root, 'bin/ping')]), /cap_net_raw=ep/)
      assert.equal(statSync(join(root, 'bin/p')).mode & 0o7777, 0o6755)
      assert.equal(statSync(join(root, 'bin/p')).ino, statSync(join(root, 'bin/same')).ino)
    }))

test('skopeo finds each platform of an index', () =>
  withFolder(async (folder) => {
    const packing = await packed(folder)
    const arm = { ...packing, platform: { os: 'linux', architecture: 'arm64', variant: 'v8' } }
    await writeImage(`oci-dir:${folder}/layout:v1`, [arm, packing])
    for (const architecture of ['amd64', 'arm64']) {
      const options = ['--override-os=linux', `--override-arch=${architecture}`]
      const seen = JSON.parse(must('skopeo', [...options, 'inspect', `oci:${folder}/layout:v1`]))
      assert.equal(seen.Architecture, architecture)
    }
  }))

test('an image that umoci has changed keeps its other tags', () =>
  withFolder(async (folder) => {
    const layout = join(folder, 'layout')
    must('umoci', ['init', '--layout', layout])
    must('umoci', ['new', '--image', `${layout}:empty`])
    await writeImage(`oci-dir:${layout}:v1`, [await packed(folder)])
    must('umoci', ['config', '--image', `${layout}:v1`, '--tag', 'v2', '--config.user', 'x'])
    await writeImage(`oci-dir:${layout}:v1`, [packingOf({ '/x': 'x' })])
    assert.deepEqual(must('umoci', ['ls', '--layout', layout]).trim().split('\n').sort(), [
      'empty',
      'v1',
      'v2',
    ])
    await using image = await openImage(`oci-dir:${layout}:v2`, { cache: 'none' })
    assert.equal(image.config.user, 'x')
    assert.ok(await image.rootfs.lstat('/bin/p'))
  }))

test('a full disk leaves nothing behind', () =>
  withFolder(async (folder) => {
    const small = join(folder, 'small')
    mkdirSync(small)
    must('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', small])
    try {
      const large = packingOf({ '/x': { file: '' } })
      const tree = large.tree.map((one) => ({
        ...one,
        entry: { ...one.entry, size: 1 << 20 },
      })) as Packing['tree']
      const packing = { ...large, tree, open: () => bufferReader(Buffer.alloc(1 << 20, 'x')) }
      for (const scheme of ['tar', 'docker-archive', 'oci-archive', 'oci-dir', 'dir']) {
        const writing = writeImage(`${scheme}:${small}/out`, [packing], { compression: 'none' })
        await assert.rejects(writing, { code: 'output' }, scheme)
        assert.equal(must('ls', ['-A', small]), '', scheme)
      }
    } finally {
      must('umount', [small])
    }
  }))
