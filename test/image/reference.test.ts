import assert from 'node:assert/strict'
import { test } from 'node:test'
import { digestFor, imageIdOf, parseImageName } from '../../src/image/reference.js'

const DIGEST = `sha256:${'0f'.repeat(32)}`
const OTHER = `sha256:${'1e'.repeat(32)}`

test('a name without a registry is one of Docker Hub, a single part one of its library', () => {
  const cases = {
    debian: ['docker.io', 'library/debian'],
    'me/tool': ['docker.io', 'me/tool'],
    'docker.io/debian': ['docker.io', 'library/debian'],
    'index.docker.io/me/tool': ['docker.io', 'me/tool'],
    'localhost/tool': ['localhost', 'tool'],
    'localhost:5000/a/b/c': ['localhost:5000', 'a/b/c'],
    'ghcr.io/me/tool': ['ghcr.io', 'me/tool'],
    '[::1]:5000/tool': ['[::1]:5000', 'tool'],
  }
  for (const [text, expected] of Object.entries(cases)) {
    const { registry, repository } = parseImageName(text)
    assert.deepEqual([registry, repository], expected, text)
  }
})

test('tag and digest are split off, a port is not a tag', () => {
  assert.equal(parseImageName('localhost:5000/tool').tag, undefined)
  const name = parseImageName(`localhost:5000/tool:1.2@${DIGEST}`)
  assert.deepEqual([name.name, name.tag, name.digest], ['localhost:5000/tool', '1.2', DIGEST])
})

test('what is no name is wrong usage', () => {
  for (const text of [
    '',
    'A',
    'a b',
    '-a',
    'a//b',
    '/a',
    'a/',
    'a:',
    'a:-x',
    'a@',
    'a@sha256:1',
    'a/../b',
    'a\nb',
    `a:${'t'.repeat(129)}`,
  ]) {
    assert.throws(() => parseImageName(text), { code: 'usage' }, JSON.stringify(text))
  }
})

test('a hostile name takes no long time to refuse', () => {
  assert.throws(() => parseImageName(`${'a-'.repeat(250)}!`), { code: 'usage' })
  assert.throws(() => parseImageName('a'.repeat(1_000_000)), { code: 'usage' })
})

test('a digest is one of the same repository, however that is written', () => {
  const digests = [`other@${OTHER}`, `docker.io/library/debian@${DIGEST}`, 'malformed']
  assert.equal(digestFor(parseImageName('debian:bookworm'), digests), DIGEST)
  assert.equal(digestFor(parseImageName('me/debian'), digests), undefined)
  assert.equal(digestFor(parseImageName(`debian@${OTHER}`), digests), undefined)
})

test('an image ID is 12 to 64 hex digits, with or without sha256:', () => {
  assert.equal(imageIdOf(DIGEST), '0f'.repeat(32))
  assert.equal(imageIdOf('0123456789ab'), '0123456789ab')
  for (const text of ['0123', 'debian', '0123456789AB', 'sha512:0123456789ab'])
    assert.equal(imageIdOf(text), undefined)
})
