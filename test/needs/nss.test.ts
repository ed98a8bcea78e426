import assert from 'node:assert/strict'
import { test } from 'node:test'
import { needsOf, type SubjectParts } from '../support/need-subject.js'

const CONF = '/etc/nsswitch.conf'
const OLD = ['GLIBC_2.31']
const NEW = ['GLIBC_2.31', 'GLIBC_2.34']

const likely = async (parts: SubjectParts) => needsOf('nss', 'likely', parts)

test('a program that looks up users needs passwd, and what nsswitch.conf says', async () => {
  assert.deepEqual(await likely({ imports: ['getpwuid'] }), ['/etc/passwd', CONF])
  assert.deepEqual(await likely({ imports: ['getgrgid'] }), ['/etc/group', CONF])
  assert.deepEqual(await likely({ imports: ['getservbyname', 'getprotobyname'] }), [
    '/etc/services',
    '/etc/protocols',
    CONF,
  ])
})

test('a program that looks up nothing needs nothing, nor does one whose functions are called nearly so', async () => {
  for (const imports of [[], ['getpw', 'getaddrinfo_a', 'freeaddrinfo']])
    assert.deepEqual(await likely({ imports, tree: { [CONF]: 'passwd: sss' } }), [])
})

test('files and dns are modules up to glibc 2.33 and built in from 2.34 on', async () => {
  const tree = { [CONF]: 'hosts: files dns' }
  const parts = { imports: ['getaddrinfo'], tree }
  const files = ['/etc/hosts', CONF]
  assert.deepEqual(await likely({ ...parts, libc: NEW }), files)
  assert.deepEqual(await likely({ ...parts, libc: OLD }), [...files, 'libnss_files.so.2', 'libnss_dns.so.2'])
  assert.deepEqual(await likely({ ...parts, tree: {}, libc: OLD }), [
    ...files,
    'libnss_files.so.2',
    'libnss_dns.so.2',
  ])
})

test('modules beside the built-in ones are possible; where there is nothing else they are likely', async () => {
  const possible = (conf: string) =>
    needsOf('nss', 'possible', { imports: ['getpwnam'], libc: NEW, tree: { [CONF]: conf } })
  assert.deepEqual(await possible('passwd: files systemd sss\ngroup: other'), [
    'libnss_systemd.so.2',
    'libnss_sss.so.2',
  ])
  const alone = {
    imports: ['getpwnam'],
    libc: NEW,
    tree: { [CONF]: 'passwd:\tsss [NOTFOUND=return] # files' },
  }
  assert.deepEqual(await likely(alone), ['/etc/passwd', CONF, 'libnss_sss.so.2'])
})

test('musl looks into the files alone', async () => {
  const tree = { [CONF]: 'passwd: sss' }
  assert.deepEqual(await likely({ imports: ['getpwnam'], dialect: 'musl', tree }), ['/etc/passwd'])
})

test('musl has protocols built in, and knows nothing of what only glibc looks up', async () => {
  const imports = ['getservbyname', 'getprotobyname', 'getnetbyname', 'ether_hostton', 'getaliasbyname']
  assert.deepEqual(await likely({ imports, dialect: 'musl' }), ['/etc/services'])
})

test('each database has its file, and its line in nsswitch.conf', async () => {
  const rows = [
    ['getspnam', '/etc/shadow', 'shadow'],
    ['getsgnam', '/etc/gshadow', 'gshadow'],
    ['getnetbyname', '/etc/networks', 'networks'],
    ['getrpcbyname', '/etc/rpc', 'rpc'],
    ['ether_hostton', '/etc/ethers', 'ethers'],
    ['getaliasbyname', '/etc/aliases', 'aliases'],
    ['initgroups', '/etc/group', 'initgroups'],
  ] as const
  for (const [symbol, file, database] of rows) {
    const tree = { [CONF]: `x${database}: bad\n${database}: own` }
    assert.deepEqual(
      await likely({ imports: [symbol], tree, libc: NEW }),
      [file, CONF, 'libnss_own.so.2'],
      symbol,
    )
  }
})

test('a name in nsswitch.conf never leads out of the directories of libraries', async () => {
  const tree = { [CONF]: 'passwd: ../../x files;y ok' }
  assert.deepEqual(await likely({ imports: ['getpwnam'], libc: NEW, tree }), [
    '/etc/passwd',
    CONF,
    'libnss_ok.so.2',
  ])
})

test('a module for groups of hosts is possible, since it is named where nobody installs it', async () => {
  const parts = { imports: ['innetgr'], libc: NEW, tree: { [CONF]: 'netgroup: nis' } }
  assert.deepEqual(await likely(parts), ['/etc/netgroup', CONF])
  assert.deepEqual(await needsOf('nss', 'possible', parts), ['libnss_nis.so.2'])
})
