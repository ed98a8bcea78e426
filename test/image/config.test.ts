import assert from 'node:assert/strict'
import { test } from 'node:test'
import { EMPTY_CONFIG, envOf, imageConfigOf, parseConfigDocument } from '../../src/image/config.js'

function parse(document: unknown) {
  return parseConfigDocument(Buffer.from(JSON.stringify(document)), 'the configuration')
}

test('a configuration says how to run the image, for which platform, and what its layers are', () => {
  const config = {
    Env: ['PATH=/bin', 'A=b=c'],
    User: '1000:1000',
    WorkingDir: '/srv',
    Entrypoint: ['/bin/x', '-y'],
    Cmd: ['z'],
    ExposedPorts: { '80/tcp': {} },
    Volumes: { '/data': {} },
    StopSignal: 'SIGQUIT',
    Labels: { a: 'b', wrong: 7 },
    Healthcheck: { Test: ['CMD-SHELL', 'curl -f http://localhost/'], Interval: 30_000_000_000 },
  }
  const rootfs = { type: 'layers', diff_ids: ['sha256:1', 'sha256:2'] }
  assert.deepEqual(parse({ os: 'linux', architecture: 'arm', variant: 'v6', config, rootfs }), {
    config: {
      env: config.Env,
      user: '1000:1000',
      workingDir: '/srv',
      entrypoint: ['/bin/x', '-y'],
      cmd: ['z'],
      exposedPorts: ['80/tcp'],
      volumes: ['/data'],
      stopSignal: 'SIGQUIT',
      labels: { a: 'b' },
      healthcheck: ['CMD-SHELL', 'curl -f http://localhost/'],
    },
    platform: { os: 'linux', architecture: 'arm', variant: 'v6' },
    diffIds: ['sha256:1', 'sha256:2'],
  })
})

test('what a configuration does not say is empty, also where it says null or something else', () => {
  const nothing = { config: EMPTY_CONFIG, platform: { os: 'linux', architecture: 'unknown' }, diffIds: [] }
  const wrong = { Env: 'PATH=/bin', Cmd: null, Entrypoint: {}, User: 7, Labels: [], Volumes: 'x' }
  for (const document of [
    {},
    null,
    [],
    { config: null, rootfs: null },
    { config: wrong, rootfs: { diff_ids: 'x' } },
  ])
    assert.deepEqual(parse(document), nothing)
})

test('a HEALTHCHECK that runs nothing is none', () => {
  for (const value of [{ Test: ['NONE'] }, { Test: [] }, { Test: null }, {}, null, 'x', { Test: 'CMD x' }])
    assert.deepEqual(imageConfigOf({ Healthcheck: value }), EMPTY_CONFIG)
  assert.deepEqual(imageConfigOf({ Healthcheck: { Test: ['CMD', 'x'] } }).healthcheck, ['CMD', 'x'])
})

test('the last of several values of a variable counts, and its name is compared whole', () => {
  const config = imageConfigOf({ Env: ['A=1', 'PATH=/a', 'MYPATH=/c', 'PATH=/b=c', 'EMPTY='] })
  assert.deepEqual(
    ['PATH', 'A', 'EMPTY', 'PAT'].map((name) => envOf(config, name)),
    ['/b=c', '1', '', undefined],
  )
})

test('labels cannot touch what every object has', () => {
  const { labels } = imageConfigOf(JSON.parse('{"Labels":{"__proto__":"x","constructor":"y"}}'))
  assert.deepEqual(Object.entries(labels), [
    ['__proto__', 'x'],
    ['constructor', 'y'],
  ])
})

test('what is not JSON is refused by name', () => {
  assert.throws(() => parseConfigDocument(Buffer.from('{'), 'the configuration'), {
    code: 'unreadable',
    message: /^the configuration is not JSON/,
  })
})
