import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BY_NAME } from '../../src/needs/finders.js'
import { FINDERS } from '../../src/needs/index.js'
import { allNeedsOf, needsOf } from '../support/need-subject.js'

test('what ends threads or lists its callers needs libgcc_s with glibc, and not with musl', async () => {
  for (const symbol of ['pthread_cancel', 'pthread_exit', 'backtrace']) {
    assert.deepEqual(await needsOf('libgcc', 'likely', { imports: [symbol] }), ['libgcc_s.so.1'])
    assert.deepEqual(await allNeedsOf('libgcc', { imports: [symbol], dialect: 'musl' }), [])
  }
  for (const imports of [[], ['pthread_create', 'pthread_testcancel', 'backtrace_symbols']])
    assert.deepEqual(await allNeedsOf('libgcc', { imports }), [])
})

const note = (entries: unknown): string => JSON.stringify(entries)

test('a dlopen note names its libraries in order of preference, with a confidence by its priority', async () => {
  const notes = [
    note([
      { soname: ['libb.so.2', 'libb.so.1'], feature: 'b', description: 'does b', priority: 'required' },
      { soname: ['libr.so'], priority: 'recommended' },
    ]),
    note([{ soname: ['libs.so'], priority: 'suggested' }, { soname: ['libn.so'] }]),
  ]
  assert.deepEqual(await needsOf('dlopen', 'certain', { notes }), ['libb.so.2|libb.so.1'])
  assert.deepEqual(await needsOf('dlopen', 'likely', { notes }), ['libr.so', 'libn.so'])
  assert.deepEqual(await needsOf('dlopen', 'possible', { notes }), ['libs.so'])
  const [first] = await allNeedsOf('dlopen', { notes })
  assert.equal(first?.why, 'declares to open it for its feature b (does b)')
})

test('a single object and a single name are taken as early drafts had them', async () => {
  const notes = [note({ soname: 'liba.so', priority: 'required' })]
  assert.deepEqual(await needsOf('dlopen', 'certain', { notes }), ['liba.so'])
})

test('a note that is not JSON is unclear, one without names says nothing', async () => {
  const kinds = async (text: string) =>
    (await allNeedsOf('dlopen', { notes: [text] })).map(({ kind }) => kind)
  assert.deepEqual(await kinds('{"soname"'), ['unclear'])
  for (const text of [
    'null',
    '7',
    '[]',
    '[{}]',
    '[[["a"]]]',
    '{"soname":[]}',
    '{"soname":[7,"","a\\u0000b"]}',
  ])
    assert.deepEqual(await kinds(text), [], text)
})

test('what speaks TLS needs the bundle of certificates, whichever library does it', async () => {
  for (const needed of [['libssl.so.3'], ['libssl.so.1.1'], ['libgnutls.so.30'], ['libnss3.so']])
    assert.ok(
      (await needsOf('certificates', 'likely', { needed })).includes('/etc/ssl/certs/ca-certificates.crt'),
    )
  for (const needed of [[], ['libcrypto.so.3'], ['libnss_files.so.2'], ['libsslx.so']])
    assert.deepEqual(await allNeedsOf('certificates', { needed }), [])
})

test('the zone that TZ names is needed, else the local one, by what tells the local time', async () => {
  const zones = (config: object, imports = ['localtime_r']) =>
    needsOf('timezones', 'likely', { imports, config })
  assert.deepEqual(await zones({}), ['/etc/localtime'])
  assert.deepEqual(await zones({ env: ['TZ=Europe/Paris'] }), ['/usr/share/zoneinfo/Europe/Paris'])
  assert.deepEqual(await zones({ env: ['TZ=:/opt/zone'] }), ['/opt/zone'])
  assert.deepEqual(await zones({ env: ['TZ='] }), ['/etc/localtime'])
  assert.deepEqual(await zones({ env: ['TZ=Europe/Paris'] }, ['gmtime', 'time']), [])
})

test('a place for temporary files is likely where a function makes them, and possible else', async () => {
  assert.deepEqual(await needsOf('base', 'likely', { imports: ['mkstemp'] }), ['/tmp'])
  assert.deepEqual(await needsOf('base', 'likely', {}), [])
  assert.deepEqual(await needsOf('base', 'possible', {}), ['/tmp', '/etc/os-release'])
})

test('a library that is lifted by itself is no program that takes something for granted', async () => {
  const library = { kind: 'library', config: { user: 'nobody' } } as const
  assert.deepEqual(await allNeedsOf('base', library), [])
  assert.deepEqual(await needsOf('base', 'likely', { ...library, imports: ['mkstemp'] }), ['/tmp'])
})

test("the image's user needs a name, and nobody in particular does not", async () => {
  const users = (user: string) => needsOf('base', 'likely', { config: { user } })
  assert.deepEqual(await users('nobody'), ['/etc/passwd', '/etc/group'])
  assert.deepEqual(await users(''), [])
})

test('a program that makes directories and asks for variables needs the home of who runs it', async () => {
  const home = (config: object, imports = ['getenv', 'mkdir']) =>
    needsOf('base', 'likely', { imports, config })
  assert.deepEqual(await home({}), ['/root'])
  assert.deepEqual(await home({ user: '0:0' }), ['/root', '/etc/passwd', '/etc/group'])
  assert.deepEqual(await home({ user: '1000', env: ['HOME=/home/x'] }), [
    '/home/x',
    '/etc/passwd',
    '/etc/group',
  ])
  assert.deepEqual(await home({ env: ['HOME=/'] }), [])
  assert.deepEqual(await home({}, ['getenv', 'mkdtempat']), [])
  assert.deepEqual(await home({}, ['mkdir']), [])
})

test('every name in options is a finder, and every finder has a name', () => {
  assert.deepEqual(Object.keys(BY_NAME).sort(), Object.keys(FINDERS).sort())
})
