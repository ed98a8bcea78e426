import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseEnvArgument, parseShebang } from '../../src/lift/shebang.js'

const parse = (text: string) => parseShebang(Buffer.from(text))

test('blanks around the interpreter are dropped, and the rest of the line is one argument', () => {
  assert.deepEqual(parse('#! \t/bin/sh \t-e  -u \t\nexit\n'), { interpreter: '/bin/sh', argument: '-e  -u' })
  assert.deepEqual(parse('#!/bin/sh\n'), { interpreter: '/bin/sh', argument: undefined })
  assert.deepEqual(parse('#!/bin/sh   \n'), { interpreter: '/bin/sh', argument: undefined })
})

test('a line needs no line end when the file ends first', () => {
  assert.deepEqual(parse('#!/bin/sh'), { interpreter: '/bin/sh', argument: undefined })
})

test('a carriage return is part of the name', () => {
  assert.equal(parse('#!/bin/sh\r\n')?.interpreter, '/bin/sh\r')
  assert.equal(parse('#!/bin/sh -e\r\n')?.argument, '-e\r')
})

test('a NUL ends the name and the argument', () => {
  assert.deepEqual(parse('#!/bin/sh\0junk\n'), { interpreter: '/bin/sh', argument: undefined })
  assert.deepEqual(parse('#!/bin/sh -e\0junk\n'), { interpreter: '/bin/sh', argument: '-e' })
})

test('a line without an interpreter is none, and other files are no scripts', () => {
  for (const text of ['#!\n', '#! \t \n', '', '#', ' #!/bin/sh\n', 'exit\n']) {
    assert.equal(parse(text), undefined, JSON.stringify(text))
  }
})

test('an interpreter that does not end within 256 bytes is refused', () => {
  const longest = `/${'a'.repeat(252)}`
  for (const end of ['\n', '', ' -e\n']) assert.equal(parse(`#!${longest}${end}`)?.interpreter, longest)
  for (const end of ['\n', ' -e\n']) assert.equal(parse(`#!${longest}a${end}`), undefined)
})

test('an argument is cut off silently where the kernel stops to look', () => {
  const { argument } = parse(`#!/bin/sh ${'a'.repeat(300)}\n`)!
  assert.equal(argument, 'a'.repeat(255 - '#!/bin/sh '.length))
})

test('env starts the first word that is neither an option nor a variable', () => {
  assert.deepEqual(parseEnvArgument('python3'), { program: 'python3' })
  assert.deepEqual(parseEnvArgument('-S A=1 -u HOME -C /srv python3 -u'), { program: 'python3' })
  assert.deepEqual(parseEnvArgument('-iS -i perl -w'), { program: 'perl' })
  assert.deepEqual(parseEnvArgument('-vSruby'), { program: 'ruby' })
  assert.deepEqual(parseEnvArgument('--split-string=node --test'), { program: 'node' })
})

test('without -S the whole argument is one word', () => {
  assert.deepEqual(parseEnvArgument('python3 -u'), { program: 'python3 -u' })
})

test('env looks in the PATH that its own line sets', () => {
  assert.deepEqual(parseEnvArgument('-S PATH=/opt/bin:/bin tool'), {
    program: 'tool',
    searchPath: ['/opt/bin', '/bin'],
  })
})

test('quotes group words and a backslash keeps the next character', () => {
  assert.deepEqual(parseEnvArgument(`-S 'my tool' x`), { program: 'my tool' })
  assert.deepEqual(parseEnvArgument(`-S "my \\"tool\\"" x`), { program: 'my "tool"' })
  assert.deepEqual(parseEnvArgument('-S my\\_tool'), { program: 'my tool' })
})

test('a line of options alone starts nothing that could be told', () => {
  assert.equal(parseEnvArgument('-S -i A=1'), undefined)
})
