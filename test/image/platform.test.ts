import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  bestMatch,
  canonicalPlatform,
  formatPlatform,
  hostPlatform,
  type Platform,
  parsePlatform,
  parsePlatforms,
  platformMatches,
} from '../../src/image/platform.js'

test('a platform is os/architecture[/variant], or an architecture of Linux', () => {
  for (const text of ['linux/amd64', 'linux/arm/v7', 'windows/amd64']) {
    assert.equal(formatPlatform(parsePlatform(text)), text)
  }
  assert.equal(formatPlatform(parsePlatform('arm64')), 'linux/arm64')
})

test('common other names of an architecture are understood', () => {
  assert.equal(formatPlatform(parsePlatform('linux/x86_64')), 'linux/amd64')
  assert.equal(formatPlatform(parsePlatform('aarch64')), 'linux/arm64')
})

test('anything else is wrong usage', () => {
  for (const text of ['', '/', 'linux/', '/amd64', 'a/b/c/d', 'linux/amd64/', 'linux/a b', 'linux/$(x)']) {
    assert.throws(() => parsePlatform(text), { code: 'usage' }, text)
  }
})

test('an operating system alone is no platform', () => {
  for (const text of ['linux', 'Windows', 'linux/linux'])
    assert.throws(() => parsePlatform(text), { code: 'usage' }, text)
})

const several = (...texts: readonly string[]) => parsePlatforms(texts).map(formatPlatform)

test('several platforms are sorted, whichever way and order they are written in', () => {
  const sorted = ['linux/amd64', 'linux/arm/v7', 'linux/s390x']
  assert.deepEqual(several('linux/s390x,linux/amd64,linux/arm/v7'), sorted)
  assert.deepEqual(several('linux/arm/v7', 's390x, x86_64'), sorted)
  assert.deepEqual(several(), [])
})

test('a platform that is named twice is there once, also where it has two names', () => {
  assert.deepEqual(several('arm64', 'linux/arm64/v8', 'linux/aarch64'), ['linux/arm64'])
  assert.deepEqual(several('linux/arm/v7,linux/arm'), ['linux/arm'])
  assert.deepEqual(several('linux/arm/v6,linux/arm/v7'), ['linux/arm/v6', 'linux/arm/v7'])
})

test('an empty place in a list of platforms is wrong usage', () => {
  for (const text of ['', ',', 'linux/amd64,', ',arm64'])
    assert.throws(() => parsePlatforms([text]), { code: 'usage' }, text)
})

test('builders leave out the variant that all have, but for arm', () => {
  const canonical = (text: string) => formatPlatform(canonicalPlatform(parsePlatform(text)))
  assert.equal(canonical('linux/arm64/v8'), 'linux/arm64')
  assert.equal(canonical('linux/arm64/v9'), 'linux/arm64/v9')
  assert.equal(canonical('linux/amd64/v1'), 'linux/amd64')
  assert.equal(canonical('linux/amd64/v2'), 'linux/amd64/v2')
  assert.equal(canonical('linux/arm'), 'linux/arm/v7')
  assert.equal(canonical('linux/arm/6'), 'linux/arm/v6')
  assert.equal(canonical('linux/s390x'), 'linux/s390x')
})

test('a variant counts only where both sides name one', () => {
  const matches = (have: string, want: string) => platformMatches(parsePlatform(have), parsePlatform(want))
  assert.ok(matches('linux/arm64/v8', 'linux/arm64'))
  assert.ok(matches('linux/arm64', 'linux/arm64/v8'))
  assert.ok(!matches('linux/arm/v6', 'linux/arm/v7'))
  assert.ok(!matches('linux/amd64', 'linux/arm64'))
  assert.ok(!matches('windows/amd64', 'linux/amd64'))
})

test("the machine's own platform is one of Linux in OCI's words", () => {
  assert.equal(hostPlatform().os, 'linux')
  assert.notEqual(hostPlatform().architecture, 'x64')
})

function best(want: string, ...have: readonly string[]): string | undefined {
  const candidates: { platform?: Platform }[] = have.map((text) => ({ platform: parsePlatform(text) }))
  const found = bestMatch([{}, ...candidates], parsePlatform(want))
  return found?.platform && formatPlatform(found.platform)
}

test('the highest variant that runs on a platform is the best', () => {
  const arm = ['linux/arm/v5', 'linux/arm/v7', 'linux/arm/v6']
  assert.equal(best('linux/arm/v7', ...arm), 'linux/arm/v7')
  assert.equal(best('linux/arm/v6', ...arm), 'linux/arm/v6')
  assert.equal(best('linux/arm/v7', 'linux/arm/v5', 'linux/arm/v6'), 'linux/arm/v6')
  assert.equal(best('linux/amd64/v3', 'linux/amd64', 'linux/amd64/v2', 'linux/amd64/v4'), 'linux/amd64/v2')
})

test('without a variant the usual one of an architecture is meant', () => {
  assert.equal(best('linux/arm', 'linux/arm/v6', 'linux/arm/v7', 'linux/arm/v8'), 'linux/arm/v7')
  assert.equal(best('linux/amd64', 'linux/amd64/v3', 'linux/amd64'), 'linux/amd64')
  assert.equal(best('linux/arm64', 'linux/arm64/v8'), 'linux/arm64/v8')
  assert.equal(best('linux/arm/v6', 'linux/arm'), undefined)
})

test('no other architecture or system is a match', () => {
  assert.equal(best('linux/arm64', 'linux/arm/v7', 'windows/arm64', 'linux/amd64'), undefined)
})
