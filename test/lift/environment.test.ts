import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DEFAULT_PATH, EMPTY_CONFIG } from '../../src/image/config.js'
import { baselineSettings, environmentOf } from '../../src/lift/environment.js'

const environment = (env: readonly string[], workingDir?: string) =>
  environmentOf({ ...EMPTY_CONFIG, env, ...(workingDir === undefined ? {} : { workingDir }) })

test('an image without PATH has the one an engine gives it', () => {
  assert.deepEqual(environment([]).searchPath, DEFAULT_PATH.split(':'))
})

test('the last value of a variable counts, and an empty PATH element is kept', () => {
  assert.deepEqual(environment(['PATH=/a', 'PATH=/b::/c']).searchPath, ['/b', '', '/c'])
})

test('the working directory is the root where the image names none', () => {
  assert.equal(environment([]).workingDir, '/')
  assert.equal(environment([], 'srv//app/').workingDir, '/srv/app')
})

test('LD_LIBRARY_PATH and LD_PRELOAD come from the image and never from the host', () => {
  const before = { ...process.env }
  Object.assign(process.env, { LD_LIBRARY_PATH: '/host', LD_PRELOAD: '/host.so', PATH: '/host' })
  try {
    const { libraryPath, preload, searchPath } = environment(['LD_LIBRARY_PATH=/img'])
    assert.deepEqual([libraryPath, preload, searchPath.includes('/host')], ['/img', undefined, false])
  } finally {
    for (const name of ['LD_LIBRARY_PATH', 'LD_PRELOAD', 'PATH']) {
      if (before[name] === undefined) delete process.env[name]
      else process.env[name] = before[name]
    }
  }
})

test('a plain start has the portable CPU level and no raised privilege', () => {
  assert.deepEqual(baselineSettings(environment(['LD_PRELOAD=a.so'], '/srv')), {
    workingDir: '/srv',
    hwcaps: [],
    secure: false,
    preload: 'a.so',
  })
})
