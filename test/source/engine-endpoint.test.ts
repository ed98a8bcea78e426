import assert from 'node:assert/strict'
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { dockerEndpoint } from '../../src/source/engine-endpoint.js'

test('DOCKER_HOST goes before the context, and an unset or default context is the default socket', async () => {
  const socket = { kind: 'socket', path: '/run/my.sock' }
  assert.deepEqual(await dockerEndpoint({ DOCKER_HOST: 'unix:///run/my.sock', DOCKER_CONTEXT: 'x' }), socket)
  for (const host of ['tcp://10.0.0.1:2376', 'ssh://me@there', 'nonsense'])
    assert.deepEqual(await dockerEndpoint({ DOCKER_HOST: host }), { kind: 'command' })
  const usual = { kind: 'socket', path: '/var/run/docker.sock' }
  for (const env of [{}, { DOCKER_CONTEXT: 'default' }, { DOCKER_HOST: '' }])
    assert.deepEqual(await dockerEndpoint({ HOME: '/nowhere', ...env }), usual)
})

test('a configuration that is no JSON names no context', async () => {
  await withFiles({ 'config.json': '{"currentContext": ' }, async (directory) => {
    const endpoint = await dockerEndpoint({ DOCKER_CONFIG: directory })
    assert.deepEqual(endpoint, { kind: 'socket', path: '/var/run/docker.sock' })
  })
})

test('the current context of the configuration is asked for its host', async () => {
  const files = { 'config.json': '{"currentContext":"far"}', docker: '#!/bin/sh\necho "unix:///far/$6"\n' }
  await withFiles(files, async (directory) => {
    const env = { DOCKER_CONFIG: directory, PATH: `${directory}:/usr/bin:/bin` }
    assert.deepEqual(await dockerEndpoint(env), { kind: 'socket', path: '/far/far' })
  })
})

test('a context that does not exist is an error in the words of the docker command, on one line', async () => {
  const docker = '#!/bin/sh\nprintf "context not found:\\n  no such context\\n" >&2; exit 1\n'
  await withFiles({ docker }, async (directory) => {
    const env = { DOCKER_CONTEXT: 'lost', PATH: `${directory}:/usr/bin:/bin` }
    await assert.rejects(dockerEndpoint(env), {
      code: 'engine-unreachable',
      message: 'the Docker context lost cannot be used: context not found: no such context',
      hint: /docker context ls/,
    })
  })
})

test('a context cannot be used without the docker command', async () => {
  await assert.rejects(dockerEndpoint({ DOCKER_CONTEXT: 'lost', PATH: '/nowhere' }), {
    code: 'engine-unreachable',
    message: /the docker command is not installed/,
  })
})

async function withFiles(
  files: Readonly<Record<string, string>>,
  use: (directory: string) => Promise<void>,
): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'liftbin-endpoint-'))
  try {
    for (const [name, text] of Object.entries(files)) {
      writeFileSync(join(directory, name), text)
      chmodSync(join(directory, name), 0o755)
    }
    await use(directory)
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}
