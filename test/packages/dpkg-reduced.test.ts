import assert from 'node:assert/strict'
import { test } from 'node:test'
import { dpkgTree, labels, paragraph, reduced } from '../support/package-roots.js'

const SUM = 'd41d8cd98f00b204e9800998ecf8427e'

test('the reduced status holds the packages of the files alone, with their paragraphs as they are', async () => {
  const curl = paragraph('curl', { Depends: 'libc6 (>= 2.34)', Description: 'a tool\n that does\n .\n much' })
  const tree = dpkgTree([paragraph('base'), curl], { base: ['/bin/base'], curl: ['/bin/curl'] })
  const files = await reduced({ ...tree, '/bin/curl': 'x' }, '/bin/curl')
  assert.equal(files['/var/lib/dpkg/status'], curl)
  assert.deepEqual(Object.keys(files), [
    '/var/lib/dpkg/status',
    '/var/lib/dpkg/info/format',
    '/var/lib/dpkg/info/curl.list',
  ])
})

test('the reduced lists and sums name the files that are there, as the package spells them', async () => {
  const tree = {
    ...dpkgTree([paragraph('libc6', { 'Multi-Arch': 'same' })], {
      'libc6:amd64': ['/lib/libm.so.6', '/lib/libc.so.6'],
    }),
    '/var/lib/dpkg/info/libc6:amd64.md5sums': `${SUM}  lib/libm.so.6\n${SUM}  lib/libc.so.6\n`,
    '/lib': { link: 'usr/lib' },
    '/usr/lib/libc.so.6': 'x',
    '/usr/lib/libm.so.6': 'x',
  }
  const files = await reduced(tree, '/usr/lib/libc.so.6')
  assert.equal(files['/var/lib/dpkg/info/libc6:amd64.list'], '/lib/libc.so.6\n')
  assert.equal(files['/var/lib/dpkg/info/libc6:amd64.md5sums'], `${SUM}  lib/libc.so.6\n`)
})

test('of the configuration files of a package the reduced status names those that are there', async () => {
  const conffiles = `\n /etc/a ${SUM}\n /etc/b ${SUM} obsolete`
  const both = paragraph('both', { Conffiles: conffiles, Description: 'x' })
  const none = paragraph('none', { Conffiles: `\n /etc/c ${SUM}`, Description: 'x' })
  const tree = dpkgTree([both, none], { both: ['/etc/a', '/etc/b'], none: ['/etc/c', '/etc/d'] })
  const files = await reduced({ ...tree, '/etc/b': 'x', '/etc/d': 'x' }, '/etc/b', '/etc/d')
  assert.equal(
    files['/var/lib/dpkg/status'],
    `${paragraph('both', { Conffiles: `\n /etc/b ${SUM} obsolete`, Description: 'x' })}\n` +
      paragraph('none', { Description: 'x' }),
  )
})

test('a distroless database becomes one that dpkg reads', async () => {
  const tree = {
    '/var/lib/dpkg/status.d/libssl3': paragraph('libssl3', { Status: undefined }),
    '/var/lib/dpkg/status.d/libssl3.md5sums': `${SUM}  usr/lib/libssl.so.3\n`,
    '/usr/lib/libssl.so.3': 'x',
  }
  const files = await reduced(tree, '/usr/lib/libssl.so.3')
  assert.deepEqual(files, {
    '/var/lib/dpkg/status': paragraph('libssl3'),
    '/var/lib/dpkg/info/format': '1\n',
    '/var/lib/dpkg/info/libssl3.list': '/usr/lib/libssl.so.3\n',
    '/var/lib/dpkg/info/libssl3.md5sums': `${SUM}  usr/lib/libssl.so.3\n`,
  })
})

test('diversions of the files that are there are kept', async () => {
  const diversions = '/bin/sh\n/bin/sh.distrib\ndash\n/bin/x\n/bin/y\ndash\n'
  const tree = {
    ...dpkgTree([paragraph('bash')], { bash: ['/bin/sh'] }),
    '/var/lib/dpkg/diversions': diversions,
    '/bin/sh.distrib': 'x',
  }
  const files = await reduced(tree, '/bin/sh.distrib')
  assert.equal(files['/var/lib/dpkg/diversions'], '/bin/sh\n/bin/sh.distrib\ndash\n')
  assert.equal(files['/var/lib/dpkg/info/bash.list'], '/bin/sh\n')
})

test('bytes that are not UTF-8 are kept as they are', async () => {
  const name = '/opt/caf\xe9'
  const status = Buffer.from(paragraph('odd', { Maintainer: 'Jos\xe9' }), 'latin1')
  const tree = {
    '/var/lib/dpkg/status': status,
    '/var/lib/dpkg/info/odd.list': Buffer.from(`${name}\n`, 'latin1'),
    '/opt/caf\udce9': 'x',
  }
  const files = await reduced(tree, '/opt/caf\udce9')
  assert.equal(files['/var/lib/dpkg/status'], status.toString('latin1'))
  assert.equal(files['/var/lib/dpkg/info/odd.list'], `${name}\n`)
})

test('a database reduced to nothing has no files', async () => {
  const tree = dpkgTree([paragraph('x')], { x: ['/opt/x'] })
  assert.deepEqual(await reduced({ ...tree, '/opt/y': 'x' }, '/opt/y'), {})
})

test('the reduced database says of its files what the whole one says', async () => {
  const same = { 'Multi-Arch': 'same' }
  const tree = dpkgTree(
    [paragraph('dpkg'), paragraph('libc6', same), paragraph('libc6', { ...same, Architecture: 'i386' })],
    { 'libc6:amd64': ['/lib64/libc.so.6'], 'libc6:i386': ['/lib32/libc.so.6'], dpkg: ['/bin/dpkg'] },
  )
  const paths = ['/lib64/libc.so.6', '/lib32/libc.so.6']
  const content = { '/lib64/libc.so.6': 'x', '/lib32/libc.so.6': 'x' }
  const files = await reduced({ ...tree, ...content }, ...paths)
  assert.deepEqual(await labels({ ...files, ...content }, ...paths), ['libc6:amd64', 'libc6:i386'])
})
