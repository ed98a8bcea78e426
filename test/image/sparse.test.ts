import assert from 'node:assert/strict'
import { test } from 'node:test'
import { gunzipSync } from 'node:zlib'
import { bufferReader } from '../../src/bytes.js'
import { sparseReader } from '../../src/image/sparse.js'
import { readTar, type TarEntry, tarScanner } from '../../src/image/tar-index.js'
import { layeredRootFs } from '../support/layered-rootfs.js'
import { fileAt } from '../support/rootfs-contract.js'
import { paxOf, type TarMember, tarOf } from '../support/tar-builder.js'

/** What GNU tar made of the files `few` and `many` below, compressed. */
const ARCHIVES = {
  'old GNU headers':
    'H4sIAAAAAAACA+3bS24TURAF0M5OvISu/o6BJbAC58c3MXEcQlg9kRHCSbpggAhScc6kn15fuaW6ntb52W3zt7X3pmHYP+89evaH' +
    'd9/PXYzj1KxeN8/g5nq33q5WzXaz2f0q97v3fzSdtu0OphA/z+PyfXTL913X9fOjaT548cQLAAAAoLyXAAAAQHmvAAAAgPIu1pd3' +
    '/3T/o5+W9j/mrvu/9j/a5f2Pdli+jyQfT/NH++O83yZJvt4lv9YlX++TfJ/khyQ/JPkxyY9JfkryU5Kfk/y8nI+knUjaiaSdiCSf' +
    'zD+S+Ucy/0jmHwvzPzroP5IeIukhkh4i6SGSHn78KR9sK/Gs1gAAAEB5xwAAAEB5JwAAAEB5pwAAAEB5ZwAAAEB55wAAAEB5bwAA' +
    'AIDy3gIAAADlvQMAAADKew8AAACU9wEAAAAo7yMAAABQ3gUAAABQ3iUAAABQ3gYAAAAo7xMAAABQ3hUAAABQ3hYAAAAo7xoAAAAo' +
    'bwcAAACUdwMAAACU9xkAAAAo7xYAAAAo7wsAAABQ3h0AAABQ3lcAAACgvDUAAABQ3jEAAABQ3gkAAABQ3ikAAABQXgMAAAAAAJTz' +
    'DV9GizIAMAIA',
  'pax 0.0':
    'H4sIAAAAAAACA+3by27bRhgGUK31FH4Ch3PhbeFF20W7CrLJA8i23KaJrVSSEztPX1pNi0YQkmgAu+j4nA0FDX8I/IgRuflOX7xa' +
    '3P2yXFwu15sXV8uPs0fQTLqcd8fJ/rHJof/n8+770PTT6Sd3sydwu9ku1tPPz56n2J38/PL16eb9Yr1Znm7efFqedbu7MP9y5eb2' +
    '+vzd6uLt5izvrayurjbL7dkQxjiPw/7M/XY5jTRjt7f2eSr0sUkFcym1Q18w9/e1tQfnmvmzu/+PtOWP2P/pi/+Cv/Z/aEOcnTRP' +
    'uf/Xq9X2a+d9a33/4v4nfgAAAACq9yMAAABQvZ8AAACA6p3+u/91vbi5f/r+V0rtfv8rhNTqf/1H/a88hja289gf7n+lMI/pQLWq' +
    '+Xobqz/U/urSkI8fS7HvhuPHdtd1/FjXtqk7fuyhD1cQyTikJhf06ELuhqFgLoWmpEcXcp/brmDu4Y43BXNDE2NJLmPXNQW5xBDH' +
    'kj5jjGPqC3KJue27glxiF0MuyCX2QxtLchmnXVTS1wxToAW57LZ6QS4p5+mRUzDXNTkX5DLd9KGoxzqmGApyeVhpCnLJsR2Hglxy' +
    'jqkryCW3Q98W5JL7NqSSXD4/u/R7v9MjvfJ9//tf6g71f/sm6f8+hQUAAABQvXMAAACgehcAAABA9S4BAACA6i0BAACA6l0BAAAA' +
    '1fsVAAAAqN5vAAAAQPXeAAAAANX7HQAAAKjeWwAAAKB67wAAAIDqXQMAAADVuwEAAACqtwIAAACq9x4AAACo3h8AAABA9dYAAABA' +
    '9TYAAABA9bYAAABA9W4BAACA6n0AAAAAqvcRAAAAqN4dAAAAUL17AAAAoHqfAAAAgOotAAAAgOqdAwAAANW7AAAAAKp3CQAAAFRv' +
    'BgAAwLPwJ4on1mwAMAIA',
  'pax 0.1':
    'H4sIAAAAAAACA+3bz1IbNxwHcJ/9FDwAY1Z/Vrt74NB2pu2p05lOH8CAk9JgoDY0JE9fY9YpEIYcmsJU/XwOXs3KP8srrXT7zg5+' +
    'nt/8uJifLFbrgzeL95N/QbNRct5eNx5fmxj+bm/vh6ZLabJ3M3kB1+ur+Woz/OT/KZa9H376dba+nK/Wi9n69OPisGxXYfqw5/x6' +
    'eXR2cfxufZinMT3omS8Xh5s3Z1rC/dvL+eVhH4a4n5uh7IcuNmlsp9T23di+G2u/mU54FbODzZr9sl2y70/PFrNQuqH7ygfB8/s/' +
    'PTgL7vZ/7to42Wtecv+vLi6unvvel/ofP9x/xDcAAABA9b4FAAAAqvcdAAAAUL3Z/fzXcn7+4RXyX11THuU/QkiN/Ncr5b/yENrY' +
    'TmP3dP4rhWnMnwXAbl+daeq6xxGwZsx/ldTnMf4Vu9LfNbcjjUGwtk3lrnmbGhvLhj41Y1kIufRjXUih2SXIQu5yW+6Nshuxb2Lc' +
    '1Q6lNGNtDHHYpdJiHFI31sbcdmWsjSWGPNbGrm/jrnbY/ONdii1sfqjce6SxNuW8ednHdmlyHms3A/WfEnBDimGsvf1oxtoc22E3' +
    'TTnH9Gme2r7bTVTu2rCbqbuV+kfpuafzX1/3IHh2/6fyRP6rDTnJf72EOQAAAFC9IwAAAKB6xwAAAED1TgAAAIDqLQAAAIDqvQEA' +
    'AACq9xYAAACo3m8AAABA9U4BAACA6v0OAAAAVO8dAAAAUL0zAAAAoHpLAAAAoHrnAAAAQPUuAAAAgOpdAgAAANX7AwAAAKjeCgAA' +
    'AKjeGgAAAKjeFQAAAFC9awAAAKB6fwIAAADVew8AAABU7wYAAACo3gcAAACgeh8BAACA6s0BAACA6h0BAAAA1TsGAAAAqncCAAAA' +
    'VG8CAAAAAFTrLxwiJ1oAMAIA',
  'pax 1.0':
    'H4sIAAAAAAACA+3by3LbNhgGUK31FH4CmQDB28KLtjNtV53OdPoATMw0Tn1JJadx8vSlZdCjcVN3kzoOes5CxED6ByJAgKtvc/zz' +
    'ePPjNJ5O293xq+n96j9QzdqU9tfZw2sVUrhv7/tD1dXt6uhm9QTe7a7H7Tz86v8pxqMffvp1s3s7bnfT5mJ8c7U9CesHvWeXc2+1' +
    'jvVh7+V4MZ3MT8y6rg67t9N4vjv7OJ20+8Vcr3jONsfz2v2yX7rvz86nTWi7YfjMB8Hj+78Oh2fB3f5PXdOsjqqn3P/bq6vrx373' +
    'b98/vLmvRFr3YYjrVA3tOnSxqnO7rpu+y+28k+3lAn0DAAAAFO9bAAAAoHjfAQAAAMXbHOb/LsbLD18k/xcf5H9CiFH+79nl/9Lf' +
    '8n+3T8w/BQDTEJrYCA19hfm/z3sQPLr/6/YT+b8mpFb+7ynUYV3l9F9b9ymH/2LX9nfN/SbOMcCmqdu75m1mMJcNfV3lsjCvWp/r' +
    'Qh2qJT8YUpea9mCUZcS+inGpHdq2yrUxxGHJJMY41F2ujanp2lwb2xhSro1d38Sldpj/8ZJhnF8jQ3twS7m2Tml+HnO7rVLKtfNA' +
    '/X3+cahjyLW3H1WuTbEZlmlKKdb389T03TJRqWvCMlP5EHy22ckRAAAAKN4LAAAAoHgvAQAAgOKdAgAAAMWbAAAAgOK9AgAAAIr3' +
    'GwAAAFC81wAAAEDxzgAAAIDivQEAAACK9zsAAABQvHMAAACgeBcAAABA8S4BAACA4l0BAAAAxXsLAAAAFO8PAAAAoHhbAAAAoHg7' +
    'AAAAoHjXAAAAQPHeAQAAAMX7EwAAACjeewAAAKB4NwAAAEDxPgAAAADF+wgAAAAUbwQAAACK9wIAAAAo3ksAAACgeKcAAABA8VYA' +
    'AABA8f4CFODWfwAwAgA=',
}

/** Three pieces with holes before, between and after them. */
function few(): Buffer {
  const out = Buffer.alloc(600_000)
  for (let index = 0; index < 3; index++) {
    const at = index * 40 * 4096 + 8192
    out.fill(65 + index, at, at + 4096)
  }
  return out
}

/** More pieces than one header holds. */
function many(): Buffer {
  const out = Buffer.alloc(30 * 16384 + 5)
  for (let index = 0; index < 30; index++) out.fill(97 + (index % 26), index * 16384, index * 16384 + 4096)
  return out
}

for (const [format, packed] of Object.entries(ARCHIVES)) {
  test(`sparse files of ${format} read as they are unpacked`, async () => {
    const content = bufferReader(gunzipSync(Buffer.from(packed, 'base64')))
    const rootfs = layeredRootFs([{ members: await membersOf(content), content }])
    for (const [path, wanted] of [
      ['/few', few()],
      ['/many', many()],
    ] as const) {
      const entry = await fileAt(rootfs, path)
      assert.equal(entry.size, wanted.length)
      const reader = rootfs.open(entry)
      assert.ok(Buffer.from(await reader.read(0, entry.size)).equals(wanted))
      for (const [at, length] of [
        [8190, 10],
        [12_280, 20],
        [4096, 1],
        [entry.size - 3, 10],
        [entry.size, 5],
      ] as const)
        assert.deepEqual(Buffer.from(await reader.read(at, length)), wanted.subarray(at, at + length))
    }
  })

  test(`sparse files of ${format} are known as they arrive`, async () => {
    const tar = gunzipSync(Buffer.from(packed, 'base64'))
    const scanner = tarScanner()
    const members: TarEntry[] = []
    for (let at = 0; at < tar.length; at += 777) members.push(...scanner.push(tar.subarray(at, at + 777)))
    scanner.finish()
    assert.deepEqual(members, await membersOf(bufferReader(tar)))
  })
}

async function membersOf(content: ReturnType<typeof bufferReader>): Promise<TarEntry[]> {
  const members: TarEntry[] = []
  for await (const member of readTar(content)) members.push(member)
  return members
}

async function readOnly(...members: TarMember[]): Promise<Uint8Array> {
  const content = bufferReader(tarOf(members))
  const [member] = await membersOf(content)
  assert.ok(member?.sparse)
  const stored = bufferReader(await content.read(member.offset, member.size))
  return sparseReader(stored, member.sparse).read(0, 100)
}

const damaged = { code: 'unreadable', message: /sparse file in it is (malformed|cut off)/ }

test('a list of pieces that do not ascend within the size is refused', async () => {
  for (const map of ['10,5,12,5', '0,200', '5,5,0,5', '99,2'])
    await assert.rejects(
      readOnly(paxOf({ 'GNU.sparse.size': '100', 'GNU.sparse.map': map }), {
        path: 'a',
        content: 'x'.repeat(300),
      }),
      damaged,
    )
})

test('pieces that are longer than what is stored are refused', async () => {
  const pax = paxOf({ 'GNU.sparse.size': '100', 'GNU.sparse.map': '0,50' })
  await assert.rejects(readOnly(pax, { path: 'a', content: 'x'.repeat(49) }), damaged)
})

test('a list in the content that is none is refused', async () => {
  const pax = paxOf({ 'GNU.sparse.major': '1', 'GNU.sparse.minor': '0', 'GNU.sparse.realsize': '100' })
  for (const list of ['', 'x\n', '2\n0\n5\n', '1\n0\n500\n', '1\n-1\n5\n', '9999999\n', '1\n0\n5'])
    await assert.rejects(
      readOnly(pax, { path: 'a', content: list.padEnd(512, '\0') }),
      damaged,
      JSON.stringify(list),
    )
})

const TOO_MANY = 100_001

/** A list that goes on in blocks of 21 pieces each, as the old GNU format has it. */
function oldGnu(pieces: number): TarMember {
  const block = Buffer.alloc(512)
  for (let piece = 0; piece < 21; piece++) block[piece * 24] = block[piece * 24 + 12] = 0x30
  block[504] = 1
  const raw = { 482: Buffer.from([1]), 483: Buffer.from('0') }
  const blocks = Buffer.concat(Array(Math.ceil(pieces / 21)).fill(block))
  return { path: 'a', type: 'S', gnu: true, raw, size: 0, content: blocks }
}

test('the number of pieces is bounded in every format', async () => {
  const lists: readonly TarMember[][] = [
    [
      paxOf({
        'GNU.sparse.size': '0',
        'GNU.sparse.map': Array(2 * TOO_MANY)
          .fill('0')
          .join(),
      }),
      { path: 'a' },
    ],
    [oldGnu(TOO_MANY)],
    [
      paxOf({ 'GNU.sparse.major': '1', 'GNU.sparse.realsize': '0' }),
      { path: 'a', content: `${TOO_MANY}\n${'0\n'.repeat(2 * TOO_MANY)}` },
    ],
  ]
  for (const members of lists)
    await assert.rejects(readOnly(...members), { code: 'unreadable', message: /too many pieces/ })
})

test('a sparse file without pieces is all zeros', async () => {
  const pax = paxOf({ 'GNU.sparse.major': '1', 'GNU.sparse.minor': '0', 'GNU.sparse.realsize': '7' })
  assert.deepEqual(await readOnly(pax, { path: 'a', content: '0\n'.padEnd(512, '\0') }), new Uint8Array(7))
})
