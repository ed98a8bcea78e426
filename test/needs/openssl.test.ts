import assert from 'node:assert/strict'
import { test } from 'node:test'
import { needsOf, type SubjectParts } from '../support/need-subject.js'

const CRYPTO: SubjectParts = { library: { path: '/opt/ssl/libcrypto.so.3', soname: 'libcrypto.so.3' } }
const TEXTS = [
  '/opt/ssl',
  '/opt/ssl/cert.pem',
  '/opt/ssl/certs',
  '/opt/ssl/lib/ossl-modules',
  '/opt/ssl/lib/engines-3',
]

test('libcrypto says itself where its configuration and its modules are', async () => {
  assert.deepEqual(await needsOf('openssl', 'likely', { ...CRYPTO, texts: TEXTS }), ['/opt/ssl/openssl.cnf'])
  assert.deepEqual(await needsOf('openssl', 'possible', { ...CRYPTO, texts: TEXTS }), [
    '/opt/ssl/cert.pem',
    '/opt/ssl/certs',
    '/opt/ssl/lib/ossl-modules',
    '/opt/ssl/lib/engines-3',
  ])
})

test('the certificates that libcrypto knows are likely where libssl is loaded with it', async () => {
  const likely = await needsOf('openssl', 'likely', {
    library: { path: '/opt/ssl/libssl.so.3', soname: 'libssl.so.3' },
    texts: TEXTS,
  })
  assert.ok(!likely.includes('/opt/ssl/cert.pem'), 'libssl itself names none')
  const together = await needsOf('openssl', 'likely', { ...CRYPTO, texts: TEXTS, beside: ['libssl.so.3'] })
  assert.deepEqual(together, ['/opt/ssl/openssl.cnf', '/opt/ssl/cert.pem'])
})

test('another library with such texts is not OpenSSL, and texts that are nearly such say nothing', async () => {
  const other: SubjectParts = { library: { path: '/usr/lib/libx.so', soname: 'libx.so' } }
  assert.deepEqual(await needsOf('openssl', 'likely', { ...other, texts: TEXTS }), [])
  const near = [
    '/cert.pem',
    'opt/ssl/cert.pem',
    '/opt/ssl/cert.pem.x',
    '/opt/engines-',
    '/opt/my-ossl-modules',
  ]
  assert.deepEqual(await needsOf('openssl', 'likely', { ...CRYPTO, texts: near }), [])
  assert.deepEqual(await needsOf('openssl', 'possible', { ...CRYPTO, texts: near }), [])
})
