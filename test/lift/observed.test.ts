import assert from 'node:assert/strict'
import { test } from 'node:test'
import { LIFT_FORMATS } from '../../src/emit/index.js'
import { type LiftOptions, lift, liftTree } from '../../src/lift/lift-image.js'
import { why } from '../../src/lift/why.js'
import type { Observed } from '../../src/trace/trace.js'
import { debianTree, library, program, smallImage } from '../support/small-image.js'

const tree = debianTree({
  '/usr/bin/x': program(['libc.so.6'], { rpath: '/opt/own' }),
  '/usr/bin/tool': program(['libtool.so']),
  '/usr/bin/script': { file: Buffer.from('#!/usr/bin/interpreter -e\n'), mode: 0o755 },
  '/usr/bin/interpreter': program(['libtool.so']),
  '/usr/lib/libtool.so': library('libtool.so'),
  '/opt/plugins/one.so': library('one.so', ['libdeep.so', 'libc.so.6']),
  '/opt/own/libdeep.so': library('libdeep.so'),
  '/etc/conf': { link: 'conf.d/real' },
  '/etc/conf.d/real': 'c',
  '/etc/resolv.conf': 'the host of whoever made the image',
  '/etc/flag': 'f',
  '/var/lib/state/old': 'o',
  '/tmp/left': 'l',
  '/proc/cpuinfo': 'p',
  '/etc/info': { link: '../proc/cpuinfo' },
  '/usr/bin/p': { link: '../../srv/bin/p' },
  '/srv/bin/p': program(['libp.so'], { runpath: '$ORIGIN/../lib' }),
  '/srv/lib/libp.so': library('libp.so'),
  '/app/data': 'd',
})
const image = smallImage(tree, { config: { workingDir: '/app' } })

const seen = (...observed: readonly Observed[]): LiftOptions => ({ traces: [{ observed, unclear: 0 }] })
const read = (path: string): Observed => ({ path, how: 'read' })
const run = (path: string): Observed => ({ path, how: 'run' })
const copied = async (options: LiftOptions) =>
  (await lift(image, ['x'], options)).copies
    .map(({ to }) => to)
    .filter((to) => !/libc\.so|ld-linux|^\/usr\/bin\/x$/.test(to))

test('a file that a run has read is lifted by the name that it was read by, and told as observed', async () => {
  const { copies, entries, findings } = await lift(
    image,
    ['x'],
    seen({ ...read('/etc/conf'), by: '/usr/bin/x' }),
  )
  assert.ok(copies.some(({ to, realPath }) => to === '/etc/conf' && realPath === '/etc/conf.d/real'))
  const entry = entries.find(({ path, role }) => path === '/etc/conf' && role === 'data')
  assert.deepEqual(entry?.why, [{ neededBy: '/usr/bin/x', name: '/etc/conf', rule: 'observed' }])
  assert.match(findings[0]?.message ?? '', /^1 file was observed in use, 1 of them new$/)
})

test('a library that was opened comes with what it loads in the program that opened it', async () => {
  const lifted = await lift(image, ['x'], seen(read('/opt/plugins/one.so')))
  assert.deepEqual(lifted.missing, [])
  const paths = lifted.copies.map(({ to }) => to)
  assert.ok(paths.includes('/opt/plugins/one.so') && paths.includes('/opt/own/libdeep.so'), String(paths))
  assert.deepEqual(
    why(lifted, 'libdeep.so')[0]?.map(({ path, rule }) => `${path} ${rule}`),
    ['/usr/bin/x asked', '/opt/plugins/one.so observed', '/opt/own/libdeep.so rpath'],
  )
})

test('a program that was started comes with its libraries, a script with its interpreter', async () => {
  assert.deepEqual(await copied(seen(run('/usr/bin/tool'))), ['/lib/libtool.so', '/usr/bin/tool'])
  assert.deepEqual(await copied(seen(run('/usr/bin/script'))), [
    ...['/lib/libtool.so', '/usr/bin/interpreter', '/usr/bin/script'],
  ])
})

test('a script that was only read is data', async () => {
  assert.deepEqual(await copied(seen(read('/usr/bin/script'))), ['/usr/bin/script'])
})

test('a relative name starts from the working directory of the image', async () => {
  assert.deepEqual(await copied(seen(read('data'), read('./gone'))), ['/app/data'])
})

test('what engines or the kernel provide, and what a run has written, is not lifted', async () => {
  const none: readonly Observed[] = [
    ...[
      '/etc/resolv.conf',
      '/tmp/left',
      '/proc/cpuinfo',
      '/dev/null',
      '/sys/a',
      '/run/b',
      '/etc/info',
      '/var/../tmp/left',
    ].map(read),
    { path: '/var/lib/state/old', how: 'made' },
  ]
  assert.deepEqual(await copied(seen(...none)), [])
})

test('what was looked at is there to be looked at, and nothing that it would load', async () => {
  const looks = ['/etc/flag', '/usr/bin/tool', '/gone'].map((path): Observed => ({ path, how: 'looked at' }))
  assert.deepEqual(await copied(seen(...looks)), ['/etc/flag', '/usr/bin/tool'])
  const { tree: entries } = await liftTree(image, ['x'], seen({ path: '/var/lib', how: 'looked at' }))
  assert.ok(entries.some(({ entry }) => entry.path === '/var/lib'))
  assert.ok(!entries.some(({ entry }) => entry.path === '/var/lib/state'))
})

test('where a run has made a file or listed a directory, the directory alone is there', async () => {
  const made = seen({ path: '/var/lib/state/new', how: 'made' }, read('/opt/plugins'))
  const { tree: entries } = await liftTree(image, ['x'], made)
  const paths = entries.map(({ entry }) => entry.path).filter((path) => /^\/(var|opt)/.test(path))
  assert.deepEqual(paths, ['/opt', '/opt/plugins', '/var', '/var/lib', '/var/lib/state'])
})

test('what was lifted anyway is told as observed too, and counted as known', async () => {
  const { findings, entries } = await lift(
    image,
    ['x'],
    seen(run('/usr/bin/x'), read('/lib/x86_64-linux-gnu/libc.so.6')),
  )
  assert.match(findings[0]?.message ?? '', /^2 files were observed in use, 0 of them new$/)
  const libc = entries.find(({ path }) => path === '/lib/x86_64-linux-gnu/libc.so.6')
  assert.ok(libc?.role === 'library' && libc.why.some(({ rule }) => rule === 'observed'))
})

test('a program that is lifted has one place, whichever link it was started by', async () => {
  const { copies } = await lift(image, ['/usr/bin/p'], seen(run('/usr/bin/p')))
  assert.deepEqual(
    copies.map(({ to }) => to).filter((to) => to.endsWith('/p')),
    ['/srv/bin/p'],
  )
})

test('finders are asked about what was observed', async () => {
  const note = JSON.stringify([{ soname: ['libtool.so'], priority: 'required' }])
  const noted = smallImage({
    ...tree,
    '/opt/plugins/noted.so': library('noted.so', [], {
      notes: [{ notes: [{ owner: 'FDO', type: 0x407c_0c0a, desc: note }] }],
    }),
  })
  const { copies } = await lift(noted, ['x'], seen(read('/opt/plugins/noted.so')))
  assert.ok(copies.some(({ to }) => to === '/lib/libtool.so'))
})

test('the order of traces and of what is in them does not matter', async () => {
  const [a, b, c, d] = [read('/etc/conf'), run('/usr/bin/script'), read('/gone/c'), read('/gone/d')]
  const texts = [
    seen(a, b, c, d),
    seen(d, c, b, a),
    { traces: [...seen(b, d).traces!, ...seen(a, c).traces!] },
  ].map(async (options) => LIFT_FORMATS.json.emit(await lift(image, ['x'], options), {}))
  const [first, ...others] = await Promise.all(texts)
  for (const other of others) assert.equal(other, first)
})

test('a Dockerfile says of a file that it was opened in a run', async () => {
  const text = LIFT_FORMATS.dockerfile.emit(await lift(image, ['x'], seen(read('/app/data'))), {})
  assert.match(text, /^# data, opened in a run\nCOPY .*\/app\/data/m)
})

test('a lift that is interrupted takes along nothing more of what a run has opened', async () => {
  const stop = new AbortController()
  const asked: string[] = []
  const { rootfs } = image
  const open: typeof rootfs.open = (file) => {
    asked.push(file.path)
    if (file.path === '/etc/flag') stop.abort()
    return rootfs.open(file)
  }
  const options = { ...seen(read('/etc/flag'), read('/var/lib/state/old')), signal: stop.signal }
  await assert.rejects(lift({ ...image, rootfs: { ...rootfs, open } }, ['x'], options), {
    name: 'AbortError',
  })
  assert.deepEqual([asked.includes('/etc/flag'), asked.includes('/var/lib/state/old')], [true, false])
})
