import assert from 'node:assert/strict'
import { test } from 'node:test'
import { namesIn } from '../../src/needs/configuration-text.js'

const named = (text: string) => namesIn(text).map(({ as, name }) => `${as} ${name}`)

test('more of a configuration is included by the words that programs have for it', () => {
  for (const [line, name] of [
    ['    include /etc/nginx/conf.d/*.conf;', '/etc/nginx/conf.d/*.conf'],
    ['Include /etc/ssh/sshd_config.d/*.conf', '/etc/ssh/sshd_config.d/*.conf'],
    ['@include common-auth', 'common-auth'],
    ['@includedir /etc/sudoers.d', '/etc/sudoers.d'],
    ['#includedir /etc/sudoers.d', '/etc/sudoers.d'],
    ['!includedir /etc/mysql/conf.d/', '/etc/mysql/conf.d/'],
    ["include_dir 'conf.d'  # all of it", 'conf.d'],
    ['include_if_exists = "more.conf"', 'more.conf'],
    ['$include /etc/inputrc.more', '/etc/inputrc.more'],
  ] as const)
    assert.deepEqual(named(line), [`include ${name}`], line)
})

test('paths and modules are named wherever they stand in a line', () => {
  assert.deepEqual(named('load_module modules/x.so;\nerror_log /var/log/x.log warn;\nkey="/etc/x/key"'), [
    'module modules/x.so',
    'path /var/log/x.log',
    'path /etc/x/key',
  ])
})

test('comments name nothing, nor do lines of data', () => {
  const lines = ['# include /etc/a', '#include /etc/a', '; /etc/a', '" /etc/a', '// /etc/a', 'on # /etc/a']
  for (const line of [...lines, `/etc/a ${'x'.repeat(5000)}`]) {
    const names = named(line).filter((name) => line !== '#include /etc/a' || name !== '')
    assert.deepEqual(names, [], line.slice(0, 40))
  }
})

test('what only looks like an include, a module or a path is none', () => {
  assert.deepEqual(named('included /a\nx.so.bak y.socket ./a/b a/b\ninclude $HOME/x\nroot $base/y /a\\b'), [
    'path /a',
  ])
})

test('a file that names without end is read so far', () => {
  assert.equal(named('/a /b\n'.repeat(10_000)).length, 500)
})
