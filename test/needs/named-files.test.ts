import assert from 'node:assert/strict'
import { test } from 'node:test'
import { allNeedsOf, needsOf, type SubjectParts } from '../support/need-subject.js'
import type { Tree } from '../support/small-image.js'

async function found(texts: readonly string[], tree: Tree, parts: SubjectParts = {}) {
  const needs = await allNeedsOf('files', { path: '/usr/sbin/nginx', texts, tree, ...parts })
  return needs.map((need) => `${need.confidence} ${need.kind} ${'path' in need ? need.path : ''}`)
}

test('a file of /etc that a program names is likely', async () => {
  const tree = { '/etc/nginx.conf': '', '/etc/nginx.conf.d': '' }
  assert.deepEqual(await found(['/etc/nginx.conf', 'etc/nginx.conf'], tree), ['likely path /etc/nginx.conf'])
})

test('what the image does not have is no need, nor is what a library names', async () => {
  assert.deepEqual(await found(['/etc/nginx.conf'], { '/etc/nginx': '' }), [])
  const library: SubjectParts = { library: { path: '/usr/lib/liba.so', soname: 'liba.so' } }
  assert.deepEqual(await found(['/etc/a'], { '/etc/a': '' }, library), [])
  assert.deepEqual(await found(['/etc/a'], { '/etc/a': '' }, { kind: 'library' }), [])
})

test('a file that not all may read is possible only, and so is a large one', async () => {
  const tree = {
    '/etc/secret': { file: 'x', mode: 0o640 },
    '/etc/large': 'x'.repeat(1 << 19),
    '/etc/small': { file: 'x', mode: 0o644 },
  }
  assert.deepEqual(await found(['/etc/secret', '/etc/large', '/etc/small'], tree), [
    'possible path /etc/secret',
    'possible path /etc/large',
    'likely path /etc/small',
  ])
})

test('a directory is likely where it has the name of the program', async () => {
  const tree = { '/etc/nginx/a': '', '/etc/nginx-x/a': '', '/usr/share/nginx/a': '', '/usr/lib/nginx/a': '' }
  const texts = ['/etc/nginx/', '/usr/share/nginx/', '/usr/lib/nginx', '/etc/nginx-x']
  assert.deepEqual(await found(texts, tree), [
    'likely path /etc/nginx',
    'likely path /usr/share/nginx',
    'likely path /usr/lib/nginx',
    'possible path /etc/nginx-x',
  ])
})

test('data of /usr/share is possible; directories that all programs share are of none', async () => {
  const tree = { '/usr/share/web/a': '', '/usr/share/doc/a': '', '/usr/bin/a': '', '/etc/default/a': '' }
  const texts = ['/usr/share/web/', '/usr/share', '/usr/share/doc', '/usr/bin/a', '/etc', '/etc/default']
  assert.deepEqual(await found(texts, tree), ['possible path /usr/share/web'])
})

test('where a program writes, the directory is needed without what lies in it', async () => {
  const tree = { '/var/log/nginx/old.log': '', '/run': { directory: true } } as const
  assert.deepEqual(await found(['/var/log/nginx/access.log', '/run/nginx.pid', '/var/lib/none/x'], tree), [
    'likely bare-directory /var/log/nginx',
    'likely bare-directory /run',
  ])
})

test('each directory that is written to is told once', async () => {
  const tree = { '/var/log/nginx/a': '' }
  assert.deepEqual(await found(['/var/log/nginx/a', '/var/log/nginx/b', '/var/log/nginx'], tree), [
    'likely bare-directory /var/log/nginx',
  ])
})

test('what runs a container gives some files itself, and a path with two dots is no name', async () => {
  const tree = { '/etc/resolv.conf': '', '/etc/hostname': '', '/etc/a': '' }
  assert.deepEqual(await needsOf('files', 'likely', { texts: ['/etc/resolv.conf', '/etc/x/../a'], tree }), [])
})

test('a program of a variant has the directory of the name without it, and no longer word has', async () => {
  const of = (path: `/${string}`) =>
    needsOf('files', 'likely', { path, texts: ['/usr/share/vim'], tree: { '/usr/share/vim/rc': '' } })
  assert.deepEqual(await of('/usr/bin/vim.nox'), ['/usr/share/vim'])
  assert.deepEqual(await of('/usr/bin/vimdiff'), [])
  assert.deepEqual(await of('/usr/bin/v'), [])
})
