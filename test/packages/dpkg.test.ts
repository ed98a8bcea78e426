import assert from 'node:assert/strict'
import { test } from 'node:test'
import { packageDatabase } from '../../src/packages/database.js'
import { memoryRootFs } from '../../src/rootfs/memory.js'
import { dpkgTree, labels, opened, owned, paragraph } from '../support/package-roots.js'

test('the package that lists a file has it, with name, version and architecture', async () => {
  const one = await opened({
    ...dpkgTree([paragraph('base'), paragraph('curl', { Version: '7.88.1-10+deb12u15' })], {
      base: ['/usr', '/usr/bin', '/usr/bin/base'],
      curl: ['/usr', '/usr/bin', '/usr/bin/curl'],
    }),
    '/usr/bin/curl': 'x',
  })
  assert.deepEqual(await owned(one, ['/usr/bin/curl']), [
    {
      package: { name: 'curl', version: '7.88.1-10+deb12u15', architecture: 'amd64', label: 'curl' },
      listed: '/usr/bin/curl',
    },
  ])
})

test('a file that no package lists has none', async () => {
  const tree = dpkgTree([paragraph('curl')], { curl: ['/usr/bin/curl'] })
  assert.deepEqual(await labels({ ...tree, '/usr/local/bin/curl': 'x' }, '/usr/local/bin/curl'), [undefined])
})

test('a path that is listed through a link to a directory leads to the file behind it', async () => {
  const tree = dpkgTree([paragraph('libc6')], { libc6: ['/lib/x86_64-linux-gnu/libc.so.6'] })
  const found = await labels(
    { ...tree, '/lib': { link: 'usr/lib' }, '/usr/lib/x86_64-linux-gnu/libc.so.6': 'x' },
    '/usr/lib/x86_64-linux-gnu/libc.so.6',
  )
  assert.deepEqual(found, ['libc6'])
})

test('the package that spells a place without links goes before one that leads there by links', async () => {
  const tree = dpkgTree([paragraph('first'), paragraph('second')], {
    first: ['/lib/x'],
    second: ['/usr/lib/x'],
  })
  assert.deepEqual(await labels({ ...tree, '/lib': { link: 'usr/lib' }, '/usr/lib/x': 'x' }, '/usr/lib/x'), [
    'second',
  ])
})

test('a package that has a link does not have the file that the link leads to', async () => {
  const tree = dpkgTree([paragraph('libfoo1')], { libfoo1: ['/usr/lib/libfoo.so.1'] })
  const found = await labels(
    { ...tree, '/usr/lib/libfoo.so.1': { link: '/opt/foo/libfoo.so.1' }, '/opt/foo/libfoo.so.1': 'x' },
    '/usr/lib/libfoo.so.1',
    '/opt/foo/libfoo.so.1',
  )
  assert.deepEqual(found, ['libfoo1', undefined])
})

test('a link is not that of packages that have a directory in its place, be it an empty one', async () => {
  const tree = {
    ...dpkgTree([paragraph('apt'), paragraph('base-files'), paragraph('usrmerge')], {
      apt: ['/lib', '/lib/apt', '/lib/apt/x'],
      'base-files': ['/lib', '/media'],
      usrmerge: ['/lib64'],
    }),
    '/lib': { link: 'usr/lib' },
    '/lib64': { link: 'usr/lib64' },
    '/usr/lib/apt/x': 'x',
  }
  assert.deepEqual(await labels(tree, '/lib', '/lib64', '/usr/lib/apt/x'), [undefined, 'usrmerge', 'apt'])
})

test('what lies in /etc/alternatives belongs to no package, what it leads to does', async () => {
  const tree = dpkgTree([paragraph('mawk')], { mawk: ['/usr/bin/mawk'] })
  const found = await labels(
    {
      ...tree,
      '/usr/bin/awk': { link: '/etc/alternatives/awk' },
      '/etc/alternatives/awk': { link: '/usr/bin/mawk' },
      '/usr/bin/mawk': 'x',
    },
    '/usr/bin/awk',
    '/etc/alternatives/awk',
    '/usr/bin/mawk',
  )
  assert.deepEqual(found, [undefined, undefined, 'mawk'])
})

test('another name of a file that a package has is the package’s too', async () => {
  const tree = dpkgTree([paragraph('perl')], { perl: ['/usr/bin/perl'] })
  const names = { file: 'x', identity: 'one' }
  const found = await labels(
    { ...tree, '/usr/bin/perl': names, '/usr/bin/perl5': names },
    '/usr/bin/perl',
    '/usr/bin/perl5',
  )
  assert.deepEqual(found, ['perl', 'perl'])
})

test('two architectures of one package are told apart', async () => {
  const same = { 'Multi-Arch': 'same' }
  const tree = dpkgTree(
    [paragraph('libc6', same), paragraph('libc6', { ...same, Architecture: 'i386', Version: '2' })],
    { 'libc6:amd64': ['/lib64/libc.so.6'], 'libc6:i386': ['/lib32/libc.so.6'] },
  )
  const one = await opened({ ...tree, '/lib64/libc.so.6': 'x', '/lib32/libc.so.6': 'x' })
  const found = await owned(one, ['/lib64/libc.so.6', '/lib32/libc.so.6'])
  assert.deepEqual(
    found.map((ownership) => ownership.package),
    [
      { name: 'libc6', version: '1.0-1', architecture: 'amd64', label: 'libc6:amd64' },
      { name: 'libc6', version: '2', architecture: 'i386', label: 'libc6:i386' },
    ],
  )
})

test('a package of another architecture than dpkg’s is named with it', async () => {
  const tree = dpkgTree(
    [
      paragraph('dpkg'),
      paragraph('wine', { Architecture: 'i386' }),
      paragraph('data', { Architecture: 'all' }),
    ],
    { wine: ['/usr/bin/wine'], data: ['/usr/share/data'] },
  )
  const found = await labels(
    { ...tree, '/usr/bin/wine': 'x', '/usr/share/data': 'x' },
    '/usr/bin/wine',
    '/usr/share/data',
  )
  assert.deepEqual(found, ['wine:i386', 'data'])
})

test('without a package of dpkg the first architecture of its list is the native one', async () => {
  const tree = dpkgTree([paragraph('wine', { Architecture: 'i386' })], { wine: ['/usr/bin/wine'] })
  const files = { ...tree, '/usr/bin/wine': 'x' }
  assert.deepEqual(await labels({ ...files, '/var/lib/dpkg/arch': 'amd64\ni386\n' }, '/usr/bin/wine'), [
    'wine:i386',
  ])
  assert.deepEqual(await labels({ ...files, '/var/lib/dpkg/arch': 'i386\namd64\n' }, '/usr/bin/wine'), [
    'wine',
  ])
})

test('a package that was removed has nothing, one that is only unpacked has', async () => {
  const removed = paragraph('removed', { Status: 'deinstall ok config-files' })
  const unpacked = paragraph('unpacked', { Status: 'install ok unpacked' })
  const tree = dpkgTree([removed, unpacked], { removed: ['/etc/removed'], unpacked: ['/etc/unpacked'] })
  const found = await labels(
    { ...tree, '/etc/removed': 'x', '/etc/unpacked': 'x' },
    '/etc/removed',
    '/etc/unpacked',
  )
  assert.deepEqual(found, [undefined, 'unpacked'])
})

test('a diverted file lies elsewhere for every package but the one that diverts it', async () => {
  const tree = dpkgTree([paragraph('bash'), paragraph('dash')], { bash: ['/bin/sh'], dash: ['/bin/sh'] })
  const found = await labels(
    {
      ...tree,
      '/var/lib/dpkg/diversions': '/bin/sh\n/bin/sh.distrib\ndash\n',
      '/bin/sh': 'dash',
      '/bin/sh.distrib': 'bash',
    },
    '/bin/sh',
    '/bin/sh.distrib',
  )
  assert.deepEqual(found, ['dash', 'bash'])
})

test('a diversion of the administrator holds for every package', async () => {
  const tree = dpkgTree([paragraph('nginx')], { nginx: ['/usr/sbin/nginx'] })
  const found = await labels(
    {
      ...tree,
      '/var/lib/dpkg/diversions': '/usr/sbin/nginx\n/usr/sbin/nginx.real\n:\n',
      '/usr/sbin/nginx': 'a wrapper',
      '/usr/sbin/nginx.real': 'x',
    },
    '/usr/sbin/nginx',
    '/usr/sbin/nginx.real',
  )
  assert.deepEqual(found, [undefined, 'nginx'])
})

test('distroless images have a file for each package, and list what it has by sums', async () => {
  const found = await labels(
    {
      '/var/lib/dpkg/status.d/libssl3': paragraph('libssl3', { Status: undefined }),
      '/var/lib/dpkg/status.d/libssl3.md5sums': `${'0'.repeat(32)}  usr/lib/libssl.so.3\n`,
      '/usr/lib/libssl.so.3': 'x',
    },
    '/usr/lib/libssl.so.3',
  )
  assert.deepEqual(found, ['libssl3'])
})

test('a package without a list has what its sums name', async () => {
  const tree = {
    ...dpkgTree([paragraph('libssl3')], {}),
    '/var/lib/dpkg/info/libssl3.md5sums': `${'0'.repeat(32)}  usr/lib/libssl.so.3\n`,
  }
  assert.deepEqual(await labels({ ...tree, '/usr/lib/libssl.so.3': 'x' }, '/usr/lib/libssl.so.3'), [
    'libssl3',
  ])
})

test('names that are not UTF-8, of one letter and in a list without a last line feed are found', async () => {
  const list = Buffer.from('/.\n/opt/caf\xe9\n/opt/caf\xc3\xa9\n/opt/x', 'latin1')
  const tree = {
    ...dpkgTree([paragraph('odd')], {}),
    '/var/lib/dpkg/info/odd.list': list,
    '/opt/caf\udce9': 'x',
    '/opt/café': 'x',
    '/opt/x': 'x',
  }
  assert.deepEqual(await labels(tree, '/opt/caf\udce9', '/opt/café', '/opt/x'), ['odd', 'odd', 'odd'])
})

test('a package whose name could lead elsewhere is not read', async () => {
  const sums = `${'0'.repeat(32)}  opt/x\n`
  const found = await labels(
    {
      ...dpkgTree([paragraph('good')], { good: ['/opt/good'] }),
      '/var/lib/dpkg/status.d/x': paragraph('../../../etc/x'),
      '/var/lib/dpkg/status.d/x.md5sums': sums,
      '/var/lib/dpkg/status.d/y': paragraph('y', { Architecture: '../x', 'Multi-Arch': 'same' }),
      '/var/lib/dpkg/status.d/y.md5sums': sums,
      '/opt/x': 'x',
      '/opt/good': 'x',
    },
    '/opt/x',
    '/opt/good',
  )
  assert.deepEqual(found, [undefined, 'good'])
})

test('an empty database is none', async () => {
  assert.equal(await packageDatabase(memoryRootFs({ '/var/lib/dpkg/status': '' })), undefined)
  assert.equal(await packageDatabase(memoryRootFs({ '/var/lib/dpkg/status': '\n\n' })), undefined)
})

test('a list that is larger than any real one is refused', async () => {
  const huge = { size: 1 << 27, read: async () => assert.fail('it is read') }
  const tree = {
    ...dpkgTree([paragraph('x')], {}),
    '/var/lib/dpkg/info/x.list': { file: huge },
    '/opt/x': 'x',
  }
  await assert.rejects(labels(tree, '/opt/x'), { name: 'LiftError', code: 'limit' })
})
