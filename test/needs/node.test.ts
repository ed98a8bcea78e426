import assert from 'node:assert/strict'
import { test } from 'node:test'
import { allNeedsOf, needsOf } from '../support/need-subject.js'

const defines = ['_ZN4node5StartEiPPc']
const texts = [
  '/usr/share/nodejs/acorn/dist/acorn.js',
  '/usr/share/nodejs/absent.js',
  '/usr/share/nodejs',
  '/x.txt',
]
const tree = { '/usr/share/nodejs/acorn/dist/acorn.js': '', '/usr/share/nodejs/other.js': '', '/x.txt': '' }

test('parts of the library of Node that are named as files are likely', async () => {
  assert.deepEqual(await needsOf('node', 'likely', { defines, texts, tree }), [
    '/usr/share/nodejs/acorn/dist/acorn.js',
  ])
})

test('packages are possible, and likely where NODE_PATH names them', async () => {
  assert.ok((await needsOf('node', 'possible', { defines })).includes('/usr/lib/node_modules'))
  const config = { env: ['NODE_PATH=/app/node_modules'] }
  assert.deepEqual(await needsOf('node', 'likely', { defines, config }), ['/app/node_modules'])
})

test('what is no Node has no such needs', async () => {
  assert.deepEqual(await allNeedsOf('node', { defines: ['_ZN4node4StopE'], texts, tree }), [])
})
