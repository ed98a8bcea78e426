import assert from 'node:assert/strict'
import { test } from 'node:test'
import { shellNames } from '../../src/needs/shell-names.js'
import { readShellScript } from '../../src/needs/shell-script.js'

function namesIn(text: string) {
  return shellNames(readShellScript(text))
}

function commandsIn(text: string): readonly string[] {
  return namesIn(text).commands
}

test('the first word of each command is one, its arguments are none', () => {
  assert.deepEqual(commandsIn('sed -n p file; cut -c1 <in | sort\nhead tail && uniq || wc & tee x'), [
    'sed',
    'cut',
    'sort',
    'head',
    'uniq',
    'wc',
    'tee',
  ])
})

test('keywords are followed by commands', () => {
  const text = 'if ! grep x; then rm a; elif id; then cp a b; else mv a b; fi\nwhile read x; do sleep 1; done'
  assert.deepEqual(commandsIn(text), ['grep', 'rm', 'id', 'cp', 'mv', 'sleep'])
})

test('a keyword in quotes is a command', () => {
  assert.deepEqual(commandsIn("'then' rm"), ['then'])
})

test('what is built into shells, and functions of the script, are no programs', () => {
  assert.deepEqual(
    commandsIn('echo a; cd /; [ -e x ]; fail() { cat >&2; }\nfunction other { wc; }\nfail x; other'),
    ['cat', 'wc'],
  )
})

test('substitutions hold commands, in quotes and in each other too', () => {
  assert.deepEqual(commandsIn('x=$(date +%s) y="$(basename "$(pwd -P | tr a b)")" `uname -s` "`id -u`"'), [
    'date',
    'basename',
    'tr',
    'uname',
    'id',
  ])
})

test('a backquoted command in a backquoted one is found', () => {
  assert.deepEqual(commandsIn('x=`basename \\`readlink y\\``'), ['basename', 'readlink'])
})

test('single quotes hold nothing but text', () => {
  assert.deepEqual(commandsIn("awk '{ print $(rm) }' 'a;b' `true`"), ['awk'])
})

test('patterns of a case are no commands, what follows them is', () => {
  const text = 'case $1 in\n  -h|--help) cat ;;\n  (a) sed p;;\n *) case $2 in x) tr;; esac; wc\nesac\nuniq'
  assert.deepEqual(commandsIn(text), ['cat', 'sed', 'tr', 'wc', 'uniq'])
})

test('a case in a substitution does not end it', () => {
  assert.deepEqual(commandsIn('x=$(case $1 in a) cat;; b) wc;; esac) sort\nuniq'), [
    'cat',
    'wc',
    'sort',
    'uniq',
  ])
})

test('a comment reaches to the end of its line and begins a word', () => {
  assert.deepEqual(commandsIn('#!/bin/sh -e\ncat a#b # rm x; mv\n# cp\nwc'), ['cat', 'wc'])
})

test('of here-documents only substitutions count, and not where the end is quoted', () => {
  assert.deepEqual(commandsIn('cat <<EOF\nrm $(date)\nEOF\nwc'), ['cat', 'date', 'wc'])
  assert.deepEqual(commandsIn("cat <<'EOF'\nrm $(date)\nEOF\nwc"), ['cat', 'wc'])
  assert.deepEqual(commandsIn('cat <<-EOF\n\trm\n\tEOF\nwc'), ['cat', 'wc'])
  assert.deepEqual(commandsIn('cat <<EOF\n\trm\n\tEOF\nwc\nEOF\nid'), ['cat', 'id'])
})

test('files of redirections are no commands, wherever they stand', () => {
  assert.deepEqual(commandsIn('>out 2>&1 cat <in\n{ wc; } >/x/file'), ['cat', 'wc'])
})

test('assignments stand in front of a command', () => {
  assert.deepEqual(commandsIn('LC_ALL=C X="a b" sort; LIST=(rm mv); wc'), ['sort', 'wc'])
})

test('a program that is given to another one to run is one as well', () => {
  const text = 'exec -c less a; find . | xargs -n 1 rm; env A=b sed x; command -v git'
  assert.deepEqual(commandsIn(text), ['find', 'xargs', 'env', 'git', 'less', 'rm', 'sed'])
})

test('a variable that is run is what the script assigns to it', () => {
  assert.deepEqual(commandsIn('PAGER="less -R"; $PAGER x'), ['less'])
  assert.deepEqual(commandsIn(`: \${AWK=awk}; "$AWK" p`), ['awk'])
  assert.deepEqual(commandsIn(`eval "\${PAGER-more}"`), ['more'])
  assert.deepEqual(commandsIn('for one in vi nano; do $one; done'), ['vi', 'nano'])
  assert.deepEqual(commandsIn('bin=/opt/bin; tool=$bin/tool; $tool'), ['/opt/bin/tool'])
})

test('a value of a variable that is not run is no command', () => {
  assert.deepEqual(commandsIn(`name=file; echo $name; kind=\${2:-link}`), [])
})

test('a loop over a list in a variable is one over its words', () => {
  assert.deepEqual(commandsIn('ALL="mktemp pgrep"; for one in $ALL; do which $one; done'), [
    'which',
    'mktemp',
    'pgrep',
  ])
})

test('what is started in place of the shell is a program though the shell has it built in', () => {
  assert.deepEqual(commandsIn('exec echo a'), ['echo'])
  assert.deepEqual(commandsIn('command echo a'), [])
})

test('a variable in front of a path is empty where the script does not set it', () => {
  assert.deepEqual(namesIn('cat "$DESTDIR/etc/shells" $1/etc/x $DESTDIR').paths, ['/etc/shells'])
})

test('a variable of whose value the script does not tell is nothing', () => {
  assert.deepEqual(commandsIn(`$EDITOR x; $1; "$@"; \${x%y}/z`), [])
})

test('text that is evaluated, now or at a signal, is read as a script', () => {
  assert.deepEqual(commandsIn("trap 'rm -f x; exit' 0 INT; eval 'cat y'"), ['rm', 'cat'])
})

test('files that are read in are told apart', () => {
  const { sourced, commands } = namesIn('lib=/usr/share/x\n. $lib/functions.sh\nsource /etc/default/y z')
  assert.deepEqual(sourced, ['/usr/share/x/functions.sh', '/etc/default/y'])
  assert.deepEqual(commands, [])
})

test('absolute paths are told wherever they stand', () => {
  const { paths } = namesIn(
    'conf=/etc/x.conf\nsed p </etc/passwd >/tmp/out; grep a "/srv/file" ./near /dir/ /a b',
  )
  assert.deepEqual(paths, ['/etc/passwd', '/tmp/out', '/srv/file', '/a', '/etc/x.conf'])
})

test('what is not closed ends with the script', () => {
  for (const text of [
    "cat 'x",
    'cat "x',
    'cat $(x',
    'cat `x',
    'cat ${x',
    'cat <<E\nx',
    'case x in y',
    'cat \\',
    'cat ((',
  ]) {
    assert.ok(commandsIn(text).length <= 2, text)
  }
})

test('nesting without end takes no stack, and values that name each other no time', () => {
  for (const open of ['$(', '`', '${a:-', '"$(', '(', '{ ', 'case x in ', "eval '"])
    commandsIn(open.repeat(100_000))
  const mutual = Array.from({ length: 200 }, (_, at) => `v${at}="$v${(at + 1) % 200}$v${(at + 7) % 200}x"`)
  commandsIn(`${mutual.join('\n')}\n$v1\n`)
})

test('variables made of variables may stand for more than any name has', () => {
  const grown = [1, 2, 3, 4, 5].map((level) => `a${level}=${`$a${level - 1}`.repeat(30)}`)
  const text = [`a0=${'x'.repeat(20_000)}`, ...grown, '$a5', 'sed'].join('\n')
  assert.deepEqual(commandsIn(text), ['sed'])
})
