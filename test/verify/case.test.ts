import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseCases } from '../../src/verify/case.js'

test('a JSON array holds a case in each element', () => {
  const full = {
    name: 'n',
    program: 'ls',
    args: ['-l'],
    stdin: 'in',
    env: { A: 'b' },
    workdir: '/tmp',
    user: '1:2',
    timeout: 0.5,
  }
  assert.deepEqual(parseCases(JSON.stringify([full, {}]), 'f'), [full, {}])
})

test('a line holds a case as JSON or as a command line', () => {
  const text = `# comment\r\n\n{"args": ["a b"]}\n  ls -l 'x y'\n`
  assert.deepEqual(parseCases(text, 'f'), [
    { args: ['a b'] },
    { name: "ls -l 'x y'", program: 'ls', args: ['-l', 'x y'] },
  ])
})

test('what is no case is wrong usage that says where', () => {
  for (const [text, said] of [
    ['', /^f: it holds no case/],
    ['[]', /^f: it holds no case/],
    ['[1]', /^f, case 1: it is no JSON object/],
    ['[{', /^f: it is no JSON/],
    ['ls\n{"args": "x"}', /^f, line 2: args is not an array of texts/],
    ['{"argv": []}', /^f, line 1: there is no field "argv"/],
    ['{"toString": []}', /^f, line 1: there is no field "toString"/],
    ['{"timeout": 0}', /timeout is not a number of seconds/],
    ['{"timeout": 1e9}', /timeout is not a number of seconds/],
    ['{"workdir": "tmp"}', /workdir is not an absolute path/],
    ['{"args": ["\\u0000"]}', /args is not/],
    ["ls 'x", /line 1: a quote is not closed/],
    ['ls\n'.repeat(10_001), /more than 10000 cases/],
  ] as const)
    assert.throws(() => parseCases(text, 'f'), { code: 'usage', message: said }, text.slice(0, 40))
})
