import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { auditJson, buildJson, liftJson } from '../../src/emit/json.js'
import { PLAIN } from '../../src/emit/paint.js'
import { finding } from '../../src/lift/finding.js'
import type { Missing } from '../../src/lift/lift.js'
import { matchesGolden } from '../support/golden.js'
import { auditOf, binaryOf, entryOf, liftOf, lsLift } from '../support/lift-literal.js'

const missing: Missing = {
  name: 'libx.so',
  neededBy: '/usr/bin/ls',
  attempts: [{ rule: 'rpath', path: '/a/libx.so', outcome: 'absent', listOf: '/usr/bin/ls' }],
}
const findings = [
  finding({ kind: 'library-missing', ...missing }),
  finding({ kind: 'unpinned', from: 'a:b' }),
]

const fullLift = lsLift({
  image: { platform: { os: 'linux', architecture: 'arm', variant: 'v7' } },
  entries: [
    ...lsLift().entries,
    entryOf('/lib', {
      role: 'symlink',
      entry: { kind: 'symlink', path: '/lib', mode: 0o777, uid: 0, gid: 0, target: 'usr/lib' },
      why: [{ neededBy: '/usr/bin/ls', name: '/lib/x', rule: 'link' }],
    }),
    entryOf('/opt', {
      role: 'directory',
      entry: { kind: 'directory', path: '/opt', mode: 0o1777, uid: 1, gid: 2 },
    }),
  ],
  missing: [missing],
  findings,
})

const fullAudit = auditOf([
  binaryOf('/usr/bin/ls', {
    interpreter: '/lib/ld.so',
    loader: { path: '/lib/ld.so', realPath: '/usr/lib/ld-2.so' },
    libraries: [
      {
        name: 'a.so',
        path: '/lib/a.so',
        realPath: '/usr/lib/a.so',
        rule: 'runpath',
        neededBy: ['/usr/bin/ls'],
      },
    ],
    missing: [missing],
    findings,
  }),
  binaryOf('/usr/bin/none', { kind: 'unknown', machine: 'unknown (258)' }),
])

function problems(schema: string, text: string): unknown {
  const ajv = new Ajv2020({ allErrors: true })
  for (const name of ['lift.json', 'audit.json', 'build.json']) ajv.addSchema(schemaIn(name), name)
  const validate = ajv.getSchema(schema)!
  return validate(JSON.parse(text)) ? [] : validate.errors
}

function schemaIn(name: string): object {
  return JSON.parse(readFileSync(new URL(`../../src/emit/schema/${name}`, import.meta.url), 'utf8'))
}

test('a build is what its schema says, with a digest and without', () => {
  const digest = `sha256:${'1'.repeat(64)}`
  const built = { reference: 'oci-dir:x', digest, imageId: digest }
  assert.deepEqual(problems('build.json', buildJson(built, [fullLift, liftOf()])), [])
  assert.deepEqual(problems('build.json', buildJson({ reference: 'dir:x' }, [liftOf()])), [])
  assert.notDeepEqual(problems('build.json', buildJson(built, [])), [])
})

test('a lift is what its schema says', () => {
  assert.deepEqual(problems('lift.json', liftJson.emit(fullLift, {})), [])
  assert.deepEqual(problems('lift.json', liftJson.emit(liftOf(), {})), [])
})

test('an audit is what its schema says', () => {
  assert.deepEqual(problems('audit.json', auditJson.emit(fullAudit, PLAIN)), [])
  assert.deepEqual(problems('audit.json', auditJson.emit(auditOf([]), PLAIN)), [])
})

test('the schemas refuse a field that is absent, unknown or of another type', () => {
  const document = JSON.parse(liftJson.emit(fullLift, {})) as { files: Record<string, unknown>[] }
  for (const change of [
    { mode: '0755' },
    { kind: 'file' },
    { path: 'relative' },
    { more: 1 },
    { why: undefined },
  ]) {
    const text = JSON.stringify({ ...document, files: [{ ...document.files[0], ...change }] })
    assert.notDeepEqual(problems('lift.json', text), [], JSON.stringify(change))
  }
})

const several = [
  { platform: { os: 'linux', architecture: 'arm', variant: 'v7' }, lift: fullLift },
  { platform: { os: 'linux', architecture: 'amd64' }, lift: lsLift() },
]

test('the lifts of several platforms are what the schema says', () => {
  assert.deepEqual(problems('lift.json', liftJson.emitMany(several, {})), [])
  const document = JSON.parse(liftJson.emitMany(several, {})) as { images: object[] }
  for (const change of [{ images: [{}] }, { files: [] }, { images: undefined }])
    assert.notDeepEqual(problems('lift.json', JSON.stringify({ ...document, ...change })), [])
})

test('the lifts of several platforms are the documents of each, sorted, with what was asked for', () => {
  const { images } = JSON.parse(liftJson.emitMany(several, {})) as {
    images: { image: { askedPlatform?: string } }[]
  }
  assert.deepEqual(
    images.map(({ image }) => image.askedPlatform),
    ['linux/amd64', 'linux/arm/v7'],
  )
  for (const { image } of images) delete image.askedPlatform
  assert.deepEqual(
    images,
    [lsLift(), fullLift].map((lift) => JSON.parse(liftJson.emit(lift, {}))),
  )
  assert.equal(liftJson.emitMany(several.toReversed(), {}), liftJson.emitMany(several, {}))
})

test('a lift as JSON', () => matchesGolden('lift.json', liftJson.emit(fullLift, {})))

test('an audit as JSON', () => matchesGolden('audit.json', auditJson.emit(fullAudit, PLAIN)))

test('the real path is there only where it differs', () => {
  const { files } = JSON.parse(liftJson.emit(lsLift(), {})) as {
    files: { path: string; realPath?: string }[]
  }
  assert.equal(files.find(({ path }) => path === '/usr/bin/ls')?.realPath, undefined)
  assert.equal(
    files.find(({ path }) => path === '/lib/x86_64-linux-gnu/libc.so.6')?.realPath,
    '/usr/lib/x86_64-linux-gnu/libc.so.6',
  )
})

test('names that a terminal would obey are escaped and come back unchanged', () => {
  const name = '/a\u001b[31m\u202eb\u009b😀\ud800"'
  const text = liftJson.emit(liftOf({ entries: [entryOf(name)] }), {})
  assert.doesNotMatch(text, /[\u001b\u202e\u009b]/)
  const { files } = JSON.parse(text) as { files: { path: string }[] }
  assert.equal(files[0]?.path, name)
})
