import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type LaidOutImage, nameOfLaidOut, nameOfSaved } from '../../src/source/archive-copy-source.js'

const DIGEST = `sha256:${'0123456789abcdef'.repeat(4)}` as const
const MADE = 'liftbin-src:0123456789ab'
const LOAD = ['docker', 'load', '-i', 'a.tar']

test('a saved image is named by a tag that loading gives it', () => {
  const saved = { path: 'a.tar', asked: undefined, tags: ['mine:1', 'mine:2'], config: DIGEST }
  assert.deepEqual(nameOfSaved(saved), { kind: 'image', from: 'mine:1', pinned: false, madeBy: [LOAD] })
})

test('a saved image that was asked for by one of its tags is named by that', () => {
  const saved = { path: 'a.tar', asked: 'mine:2', tags: ['mine:1', 'mine:2'], config: DIGEST }
  assert.equal(fromOf(nameOfSaved(saved)), 'mine:2')
})

test('an archive that came by standard input is left for the reader to name', () => {
  const saved = nameOfSaved({ path: 'standard input', asked: undefined, tags: ['mine:1'], config: DIGEST })
  assert.deepEqual(commandOf(saved), ['docker', 'load', '-i', 'ARCHIVE'])
  assert.ok(commandOf(nameOfLaidOut(laidOut({ path: 'standard input' }))).includes('oci-archive:ARCHIVE'))
})

test('a saved image without a tag that is one gets a tag made from its ID', () => {
  for (const tags of [[], ['no tag'], ['x\nRUN y'], [`mine@${DIGEST}`]]) {
    assert.deepEqual(nameOfSaved({ path: 'a.tar', asked: undefined, tags, config: DIGEST }), {
      kind: 'image',
      from: MADE,
      pinned: false,
      madeBy: [LOAD, ['docker', 'tag', DIGEST, MADE]],
    })
  }
})

test('an image of a layout is copied into the engine under a name made from its digest', () => {
  assert.deepEqual(nameOfLaidOut(laidOut({})), {
    kind: 'image',
    from: MADE,
    pinned: false,
    madeBy: [['skopeo', 'copy', 'oci-archive:a.tar', `docker-daemon:${MADE}`]],
  })
})

test('an image of a layout is chosen by its name there', () => {
  const named = nameOfLaidOut(laidOut({ scheme: 'oci-dir', path: 'a', refName: 'one' }))
  assert.deepEqual(commandOf(named), ['skopeo', 'copy', 'oci:a:one', `docker-daemon:${MADE}`])
})

test('an image of several platforms is copied for the one that was lifted', () => {
  const chosen = { os: 'linux', architecture: 'arm', variant: 'v7' }
  assert.deepEqual(commandOf(nameOfLaidOut(laidOut({ chosen }))).slice(0, 5), [
    'skopeo',
    '--override-os=linux',
    '--override-arch=arm',
    '--override-variant=v7',
    'copy',
  ])
})

function laidOut(parts: Partial<LaidOutImage>): LaidOutImage {
  return {
    scheme: 'oci-archive',
    path: 'a.tar',
    refName: undefined,
    digest: DIGEST,
    chosen: undefined,
    ...parts,
  }
}

type Named = ReturnType<typeof nameOfSaved>

function fromOf(named: Named): string | undefined {
  return named.kind === 'image' ? named.from : undefined
}

function commandOf(named: Named): readonly string[] {
  return (named.kind === 'image' && named.madeBy?.[0]) || []
}
