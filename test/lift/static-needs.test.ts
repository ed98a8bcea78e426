import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type LiftOptions, lift } from '../../src/lift/lift-image.js'
import { buildElf } from '../support/elf-builder.js'
import { debianTree, type ImageParts, program, smallImage, type Tree } from '../support/small-image.js'

/** A static program with a text behind its headers, between other bytes and without an end of its own. */
function holding(text: string, distance = 10): Uint8Array {
  const elf = buildElf({ type: 'exec', dynamic: false })
  return Buffer.concat([elf, Buffer.alloc(distance, 0xff), Buffer.from(`x${text}y`)])
}

const FILES: Tree = {
  '/etc/ssl/certs/ca-certificates.crt': 'c',
  '/etc/localtime': 'l',
  '/usr/share/zoneinfo/Europe/Paris': 'z',
}

async function lifted(x: Uint8Array, options: LiftOptions = { needs: 'likely' }, parts: ImageParts = {}) {
  const answer = await lift(smallImage(debianTree({ ...FILES, '/usr/bin/x': x }), parts), ['x'], options)
  return {
    paths: answer.copies.map(({ to }) => to as string).filter((path) => path in FILES),
    kinds: answer.findings.map(({ kind }) => kind),
  }
}

test('a static program with the path of certificates among its bytes needs them', async () => {
  const [bundle = ''] = Object.keys(FILES)
  assert.deepEqual((await lifted(holding(bundle))).paths, [bundle])
  assert.deepEqual((await lifted(holding(bundle), {})).paths, [])
  assert.deepEqual((await lifted(holding(bundle.slice(0, -1)))).paths, [])
  assert.deepEqual((await lifted(holding('/etc/localtime'))).paths, ['/etc/localtime'])
})

test('a path is found across the pieces in which a file is read', async () => {
  for (const back of [1, 10, 20]) {
    const start = holding('').length - 12
    const distance = (1 << 20) - start - back
    assert.deepEqual((await lifted(holding('/etc/localtime', distance))).paths, ['/etc/localtime'], `${back}`)
  }
})

test('a static program needs the zone that TZ names, and all others are possible', async () => {
  const zones = holding('/usr/share/zoneinfo')
  const config = { env: ['TZ=Europe/Paris'] }
  const paris = '/usr/share/zoneinfo/Europe/Paris'
  assert.deepEqual((await lifted(zones, { needs: 'likely' }, { config })).paths, [paris])
  for (const zone of ['../../../etc/localtime', '/etc/localtime', ''])
    assert.deepEqual(
      (await lifted(zones, { needs: 'likely' }, { config: { env: [`TZ=${zone}`] } })).paths,
      [],
    )
})

test('a program that is not static is known by its imports alone', async () => {
  const dynamic = Buffer.concat([program(['libc.so.6']), Buffer.from('/etc/localtime')])
  assert.deepEqual((await lifted(dynamic)).paths, [])
})

test("name services of glibc in a static program are told, since their modules have to be its own glibc's", async () => {
  assert.deepEqual((await lifted(holding('libnss_%s.so%s'))).kinds, ['need-unclear'])
  assert.deepEqual((await lifted(holding('libnss_files.so.2'))).kinds, [])
})
