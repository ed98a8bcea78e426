import assert from 'node:assert/strict'
import { test } from 'node:test'
import { scriptNeeds } from '../support/script-needs.js'
import type { Tree } from '../support/small-image.js'

const PROGRAM: Tree[string] = { file: '', mode: 0o755 }
const TREE: Tree = {
  '/usr/bin/sed': PROGRAM,
  '/opt/own/sed': PROGRAM,
  '/usr/bin/readme': { file: 'no program', mode: 0o644 },
  '/usr/lib/x/tool': PROGRAM,
  '/usr/share/x/functions': 'true',
  '/etc/x.conf': { file: 'a=b', mode: 0o644 },
  '/etc/x.key': { file: 'secret', mode: 0o640 },
}

const needs = (text: string, env: readonly string[] = []) =>
  scriptNeeds('commands', { language: 'shell', text }, TREE, { env })

test('a program that a shell script starts is likely, as PATH finds it', async () => {
  assert.deepEqual(await needs('sed p'), ['program likely /usr/bin/sed'])
  assert.deepEqual(await needs('sed p', ['PATH=/opt/own']), ['program likely /opt/own/sed'])
  assert.deepEqual(await needs('/usr/lib/x/tool'), ['program likely /usr/lib/x/tool'])
})

test('a name that is none of a program, and one that nothing has, is no need', async () => {
  assert.deepEqual(await needs('readme; absent; ./sed; /usr/lib/x/; /usr/lib/x'), [])
})

test('a word that is no command is no need, though a program has that name', async () => {
  assert.deepEqual(await needs('echo sed; x=sed'), [])
})

test('what is read in is code of the same language', async () => {
  assert.deepEqual(await needs('. /usr/share/x/functions'), ['source likely /usr/share/x/functions'])
})

test('a file that is named is likely, unless not everybody may read it', async () => {
  assert.deepEqual(await needs('cat </etc/x.conf >/etc/x.key'), [
    'path likely /etc/x.conf',
    'path possible /etc/x.key',
  ])
})

test('a program that is named without being started is possible', async () => {
  assert.deepEqual(await needs('[ -x /usr/lib/x/tool ]'), ['program possible /usr/lib/x/tool'])
})

test('of scripts in other languages, the files are known whose whole paths stand in quotes', async () => {
  const other = (text: string) => scriptNeeds('commands', { language: 'perl', text }, TREE)
  assert.deepEqual(await other('open(my $file, "<", "/etc/x.conf"); -x \'/usr/lib/x/tool\''), [
    'path likely /etc/x.conf',
    'program possible /usr/lib/x/tool',
  ])
  assert.deepEqual(await other('sed p; "/etc/x.conf or so" /etc/x.conf "$dir/etc/x.conf" "/etc/x.conf\''), [])
})

test('a script that names the home of its user needs that directory', async () => {
  const home = 'bare-directory likely /root'
  assert.deepEqual(await needs('touch ~/x'), [home])
  assert.deepEqual(await needs('x="$HOME/x"'), [home])
  assert.deepEqual(await needs(`x=\${HOME}/x`, ['HOME=/srv/x']), ['bare-directory likely /srv/x'])
  assert.deepEqual(await needs('x=a~/b; y=$HOMER; z=x~'), [])
})
