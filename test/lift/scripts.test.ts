import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type LiftOptions, lift, liftTree } from '../../src/lift/lift-image.js'
import { why } from '../../src/lift/why.js'
import { debianTree, library, program, smallImage, type Tree } from '../support/small-image.js'

const LIB = '/usr/lib/x86_64-linux-gnu'
const C = ['libc.so.6']
const PERL = '/usr/share/perl5'

const TREE: Tree = {
  '/usr/bin/dash': program(C),
  '/usr/bin/sh': { link: 'dash' },
  '/usr/bin/env': program(C),
  '/usr/bin/perl': program(C),
  '/usr/bin/outer': { file: '#!/bin/sh\n. /usr/share/x/functions\ninner "$1"\n', mode: 0o755 },
  '/usr/bin/inner': { file: '#!/usr/bin/env perl\nuse Foo;\n', mode: 0o755 },
  '/usr/bin/tool': program(['libtool.so', ...C]),
  [`${LIB}/libtool.so`]: library('libtool.so'),
  '/usr/share/x/functions': 'f() { tool; }',
  [`${PERL}/Foo.pm`]: 'package Foo;',
  [`${PERL}/Foo/Plugin.pm`]: 'use Bar;',
  [`${PERL}/Bar.pm`]: 'package Bar;',
  [`${PERL}/Other.pm`]: 'package Other;',
}

async function lifted(options: LiftOptions, asked = 'outer') {
  const answer = await liftTree(smallImage(debianTree(TREE)), [asked], options)
  return { answer, paths: answer.tree.map(({ entry }) => entry.path as string) }
}

test('programs that a script starts are lifted with what they load, and with what they start in turn', async () => {
  const { paths } = await lifted({ needs: 'likely' })
  for (const path of ['/usr/bin/inner', '/usr/bin/perl', '/usr/bin/env'])
    assert.ok(paths.includes(path), path)
})

test('what a script reads in is read for its needs too', async () => {
  const { paths } = await lifted({ needs: 'likely' })
  for (const path of ['/usr/share/x/functions', '/usr/bin/tool', `${LIB}/libtool.so`])
    assert.ok(paths.includes(path), path)
})

test('a script that env starts is in the language of what env starts', async () => {
  const { paths } = await lifted({ needs: 'likely' }, 'inner')
  assert.ok(paths.includes(`${PERL}/Foo.pm`))
  assert.ok(!paths.includes(`${PERL}/Other.pm`))
})

test('all code in a directory that is read in is read for its needs', async () => {
  const { paths } = await lifted({ needs: 'likely' }, 'inner')
  assert.ok(paths.includes(`${PERL}/Bar.pm`))
})

test('what a script needs is told where it is not taken, with the option that takes it', async () => {
  const { answer, paths } = await lifted({})
  assert.ok(!paths.includes('/usr/bin/inner'))
  const told = answer.findings.filter(({ kind }) => kind === 'need-not-taken').map(({ message }) => message)
  assert.ok(
    told.some((text) => /\/usr\/bin\/inner.*\/usr\/bin\/outer starts it.*--needs likely/.test(text)),
    told.join('\n'),
  )
})

test('the reason for a file that a script needs names the script', async () => {
  const answer = await lift(smallImage(debianTree(TREE)), ['outer'], { needs: 'likely' })
  const [chain] = why(answer, 'libtool.so')
  assert.deepEqual(
    chain?.map(({ path, rule }) => [path, rule]),
    [
      ['/usr/bin/outer', 'asked'],
      ['/usr/share/x/functions', 'need:commands'],
      ['/usr/bin/tool', 'need:commands'],
      ['/lib/x86_64-linux-gnu/libtool.so', 'default'],
    ],
  )
})

test('a program without any script is asked for no code', async () => {
  const { paths } = await lifted({ needs: 'likely' }, 'tool')
  assert.ok(!paths.includes('/usr/bin/dash'))
})
