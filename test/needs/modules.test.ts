import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Script } from '../../src/needs/script.js'
import { scriptNeeds } from '../support/script-needs.js'
import type { Tree } from '../support/small-image.js'

const needs = (language: Script['language'], text: string, tree: Tree, path: Script['path'] = '/usr/bin/x') =>
  scriptNeeds('modules', { language, text, path }, tree)

const PERL: Tree = {
  '/usr/share/perl5/Foo/Bar.pm': '1;',
  '/usr/share/perl5/Foo/Bar/Plugin.pm': '1;',
  '/usr/lib/x86_64-linux-gnu/perl5/5.36/Fast.pm': '1;',
  '/usr/lib/x86_64-linux-gnu/perl5/5.36/auto/Fast/Fast.so': '',
  '/usr/share/perl/5.36.0/strict.pm': '1;',
  '/opt/lib/Own.pm': '1;',
}

test('a module that Perl code uses or requires is likely, with what belongs to it', async () => {
  assert.deepEqual(await needs('perl', 'use strict;\nuse Foo::Bar qw(x);\n  require Fast;', PERL), [
    'source likely /usr/share/perl5/Foo/Bar.pm',
    'source likely /usr/share/perl5/Foo/Bar',
    'source likely /usr/lib/x86_64-linux-gnu/perl5/5.36/Fast.pm',
    'source likely /usr/lib/x86_64-linux-gnu/perl5/5.36/auto/Fast',
  ])
})

test('the classes that a class of Perl is made from are modules', async () => {
  assert.deepEqual(await needs('perl', 'use parent -norequire, qw(\n  Foo::Bar\n);', PERL), [
    'source likely /usr/share/perl5/Foo/Bar.pm',
    'source likely /usr/share/perl5/Foo/Bar',
  ])
})

test('a directory that Perl code adds is looked in first', async () => {
  assert.deepEqual(await needs('perl', "use lib '/opt/lib';\nuse Own;", PERL), [
    'source likely /opt/lib/Own.pm',
  ])
  assert.deepEqual(await needs('perl', 'use Own;', PERL), [])
})

test('text about code is no code of Perl', async () => {
  for (const text of [
    '=head1 USE\n\nuse Foo::Bar;\n\n=cut\n',
    '1;\n__END__\nuse Foo::Bar;',
    '# use Foo::Bar;',
  ])
    assert.deepEqual(await needs('perl', text, PERL), [])
})

const PYTHON: Tree = {
  '/usr/lib/python3/dist-packages/pack/__init__.py': '',
  '/usr/lib/python3/dist-packages/single.py': '',
  '/usr/lib/python3/dist-packages/fast.cpython-311-x86_64-linux-gnu.so': '',
  '/usr/share/own/part/__init__.py': '',
  '/usr/bin/beside.py': '',
}

test('a package that Python code imports is likely as a whole, wherever Python looks', async () => {
  assert.deepEqual(
    await needs('python', 'import os, pack.sub as p\nfrom single import x\nimport fast', PYTHON),
    [
      'source likely /usr/lib/python3/dist-packages/pack',
      'source likely /usr/lib/python3/dist-packages/fast.cpython-311-x86_64-linux-gnu.so',
      'source likely /usr/lib/python3/dist-packages/single.py',
    ],
  )
  assert.deepEqual(await needs('python', 'if x:\n    import beside', PYTHON), [
    'source likely /usr/bin/beside.py',
  ])
})

test('a directory that Python code adds is looked in first', async () => {
  assert.deepEqual(
    await needs('python', "sys.path.insert(1, '/usr/share/own/')\nfrom part.x import y", PYTHON),
    ['source likely /usr/share/own/part'],
  )
})

test('a word that is no import is no module of Python', async () => {
  assert.deepEqual(await needs('python', 'important = "pack"\nprint("import pack")', PYTHON), [])
})

const GEMS: Tree = {
  '/usr/share/rubygems-integration/all/specifications/tool-1.2.gemspec': '',
  '/usr/share/rubygems-integration/all/gems/tool-1.2/bin/tool': '',
}

test('a gem that a program of RubyGems starts is likely, with its specification', async () => {
  assert.deepEqual(await needs('ruby', "load Gem.activate_bin_path('tool', 'tool', version)", GEMS), [
    'source likely /usr/share/rubygems-integration/all/specifications/tool-1.2.gemspec',
    'source likely /usr/share/rubygems-integration/all/gems/tool-1.2',
  ])
  assert.deepEqual(await needs('ruby', "gem 'other'\nputs 'tool'", GEMS), [])
})

const NODE: Tree = {
  '/usr/share/nodejs/pack/index.js': '',
  '/opt/app/dist/part.js': '',
  '/opt/app/node_modules/@own/pack/index.js': '',
}

test('packages of Node are likely as a whole, single files by their place', async () => {
  const text = "const a = require('pack/sub'), b = require('../dist/part')\nimport c from '@own/pack/x'"
  assert.deepEqual(await needs('node', text, NODE, '/opt/app/bin/x'), [
    'source likely /usr/share/nodejs/pack',
    'source likely /opt/app/dist/part.js',
    'source likely /opt/app/node_modules/@own/pack',
  ])
  assert.deepEqual(await needs('node', "require(pack); const x = 'pack'", NODE), [])
})

test('shell scripts have no modules', async () => {
  assert.deepEqual(await needs('shell', 'import pack', PYTHON), [])
})

test('text without end, of whatever form, takes no time', async () => {
  for (const part of [
    'use Foo',
    '=a\n',
    '\n',
    'import ',
    'from ',
    'use parent ',
    'gem (',
    'require(',
    "require '",
  ])
    for (const language of ['perl', 'python', 'ruby', 'node'] as const)
      await needs(language, part.repeat((1 << 18) / part.length), PERL)
})

test('a package that Python code reads names from is one, however long its name is', async () => {
  const tree = { '/usr/lib/python3/dist-packages/foo/__init__.py': '' }
  const text = `from ${'a'.repeat(60_000)}\nfrom foo.${'bar.'.repeat(10_000)}baz import x`
  assert.deepEqual(await needs('python', text, tree), ['source likely /usr/lib/python3/dist-packages/foo'])
})
