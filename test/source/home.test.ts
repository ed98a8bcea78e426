import assert from 'node:assert/strict'
import { homedir } from 'node:os'
import { test } from 'node:test'
import { homeDirectory } from '../../src/source/home.js'

test('HOME is the home, if it is an absolute path', () => {
  assert.equal(homeDirectory({ HOME: '/somewhere' }), '/somewhere')
})

test('a HOME that is empty or relative is none: nothing is looked for in the working directory', () => {
  for (const HOME of ['', 'here', './x', undefined]) assert.equal(homeDirectory({ HOME }), homedir())
})
