import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isLoopback, proxyFor } from '../../src/source/proxy.js'

const REGISTRY = new URL('https://registry.example/v2/')
const PROXY = 'http://proxy.example:3128'

test('HTTPS_PROXY is for https:, HTTP_PROXY for http:', () => {
  const env = { HTTPS_PROXY: 'http://s:1', HTTP_PROXY: 'http://p:2' }
  assert.equal(proxyFor(REGISTRY, env), 'http://s:1')
  assert.equal(proxyFor(new URL('http://registry.example/'), env), 'http://p:2')
  assert.equal(proxyFor(REGISTRY, { HTTP_PROXY: 'http://p:2' }), undefined)
})

test('lower case comes first, and an empty value is none', () => {
  assert.equal(proxyFor(REGISTRY, { https_proxy: 'http://a:1', HTTPS_PROXY: 'http://b:1' }), 'http://a:1')
  assert.equal(proxyFor(REGISTRY, { https_proxy: '', HTTPS_PROXY: 'http://b:1' }), 'http://b:1')
  assert.equal(proxyFor(REGISTRY, { HTTPS_PROXY: '' }), undefined)
})

test('a proxy without a scheme is an HTTP proxy', () => {
  assert.equal(proxyFor(REGISTRY, { HTTPS_PROXY: 'proxy.example:3128' }), 'http://proxy.example:3128')
})

test('NO_PROXY lists hosts, domains with all below them, ports, networks, or everything', () => {
  const cases: Readonly<Record<string, readonly [boolean, string]>> = {
    'registry.example': [true, 'https://registry.example/'],
    'other.example': [false, 'https://registry.example/'],
    'gistry.example': [false, 'https://registry.example/'],
    example: [true, 'https://registry.example/'],
    '.example': [true, 'https://registry.example/'],
    '*.example': [true, 'https://registry.example/'],
    'REGISTRY.example': [true, 'https://registry.example/'],
    'a.b, registry.example': [true, 'https://registry.example/'],
    'a.b registry.example': [true, 'https://registry.example/'],
    'registry.example:443': [true, 'https://registry.example/'],
    'registry.example:80': [false, 'https://registry.example/'],
    'registry.example:5000': [true, 'https://registry.example:5000/'],
    '*': [true, 'https://registry.example/'],
    '': [false, 'https://registry.example/'],
    ',': [false, 'https://registry.example/'],
    '10.1.2.3': [true, 'https://10.1.2.3/'],
    '2.3': [false, 'https://10.1.2.3/x'],
    '10.0.0.0/8': [true, 'https://10.1.2.3/y'],
    '10.0.0.0/16': [false, 'https://10.1.2.3/'],
    '10.0.0.0/99': [false, 'https://10.1.2.3/'],
    '10.0.0.0/8 ': [false, 'https://registry.example/'],
    'fd00::/8': [true, 'https://[fd00::1]/'],
    'fd00::1': [true, 'https://[fd00::1]/'],
    '[fd00::1]:443': [true, 'https://[fd00::1]/'],
  }
  for (const [list, [isExcepted, url]] of Object.entries(cases)) {
    const proxy = proxyFor(new URL(url), { HTTPS_PROXY: PROXY, NO_PROXY: list })
    assert.equal(proxy, isExcepted ? undefined : PROXY, `${list} and ${url}`)
  }
})

test('this machine is never asked through a proxy', () => {
  for (const host of ['localhost', '127.0.0.1', '127.9.9.9', '[::1]'])
    assert.equal(proxyFor(new URL(`http://${host}:5000/`), { HTTP_PROXY: PROXY }), undefined)
})

test('a name that only begins like this machine is another one', () => {
  for (const host of ['localhost.example', '127.0.0.1.example', 'my-localhost', '128.0.0.1'])
    assert.equal(isLoopback(host), false, host)
})

test('what is no HTTP proxy is said without its password', () => {
  for (const proxy of ['socks5://me:secret@proxy:1080', 'http://me:secret@proxy:port', 'me:secret@']) {
    assert.throws(
      () => proxyFor(REGISTRY, { HTTPS_PROXY: proxy }),
      ({ code, message, hint, cause }: Error & { code: string; hint: string }) => {
        assert.equal(code, 'registry-unreachable')
        assert.match(message, /^HTTPS_PROXY /)
        assert.equal(cause, undefined)
        return !`${message}${hint}`.includes('secret')
      },
      proxy,
    )
  }
})
