import assert from 'node:assert/strict'
import { test } from 'node:test'
import { LiftError } from '../../src/errors.js'
import { type LiftOptions, lift } from '../../src/lift/lift-image.js'
import { shownFiles } from '../../src/lift/shown-files.js'
import { rootFiles } from '../../src/loader/files.js'
import { memoryRootFs } from '../../src/rootfs/memory.js'
import type { RootFs } from '../../src/rootfs/rootfs.js'
import { debianTree, library, program, smallImage, type Tree } from '../support/small-image.js'

/** A root whose host refuses what lies at `/closed`, and to read what has a `secret` in its name. */
function refusing(tree: Tree): RootFs {
  const inner = memoryRootFs(tree)
  const refuse = (path: string) => {
    throw new LiftError('unreadable', `cannot read ${path}: permission denied`)
  }
  return {
    lstat: (path) => (path.startsWith('/closed/') ? refuse(path) : inner.lstat(path)),
    list: async (path) => (/closed|secret/.test(path) ? refuse(path) : inner.list(path)),
    open: (file) => {
      const reader = inner.open(file)
      if (!file.path.includes('secret')) return reader
      return { size: reader.size, read: async () => refuse(file.path) }
    },
  }
}

const TREE: Tree = {
  '/usr/bin/x': program(['libc.so.6'], {
    imports: ['execve', 'dlopen', 'getaddrinfo', 'pam_start'],
    constants: '/opt/secret\0/closed/run\0/opt/run\0libsecret.so\0/etc/secret.conf\0',
  }),
  '/opt/secret': { file: '', mode: 0o711 },
  '/opt/run': { file: program(['libc.so.6']), mode: 0o755 },
  '/closed/run': { file: program(['libc.so.6']), mode: 0o755 },
  '/etc/secret.conf': { file: 'include /closed/*\n', mode: 0o644 },
  '/etc/nsswitch.conf': { link: 'secret' },
  '/etc/secret': 'hosts: secret',
  '/etc/pam.d': { link: '/closed/pam.d' },
  '/usr/lib/x86_64-linux-gnu/libsecret.so': library('libsecret.so'),
}

test('what the host refuses to show ends no lift that only tells of what it could take', async () => {
  const image = { ...smallImage({}), rootfs: refusing(debianTree(TREE)) }
  const names = async (options: LiftOptions) => {
    const { findings } = await lift(image, ['x'], options)
    return findings.flatMap((one) => (one.kind === 'need-not-taken' ? one.names : []))
  }
  const told = await names({})
  assert.ok(told.includes('/opt/run') && told.includes('/etc/secret.conf'), told.join(' '))
  assert.ok(!told.includes('/closed/run'), told.join(' '))
})

test('what is wanted along has to be readable', async () => {
  const image = { ...smallImage({}), rootfs: refusing(debianTree(TREE)) }
  await assert.rejects(lift(image, ['x'], { include: ['/etc/secret.conf'] }), { code: 'unreadable' })
})

test('what the host refuses to show is not there, or is empty', async () => {
  const rootfs = refusing(debianTree(TREE))
  const files = shownFiles(rootFiles(rootfs))
  assert.equal((await files.trail('/closed/run', '/')).end, undefined)
  const { end } = await files.trail('/etc/secret', '/')
  assert.ok(end?.kind === 'file')
  assert.equal((await files.read(end)).elf, undefined)
  assert.equal((await files.content(end)).length, 0)
  assert.equal((await files.rootfs.open(end).read(0, 9)).length, 0)
  assert.deepEqual(await files.rootfs.list('/closed'), [])
  assert.equal(await files.rootfs.lstat('/closed/run'), undefined)
})

test('an error that no refusal is goes through', async () => {
  const broken = { ...memoryRootFs({}), lstat: () => assert.fail('gone') }
  await assert.rejects(async () => shownFiles(rootFiles(broken)).trail('/a', '/'), /gone/)
})
