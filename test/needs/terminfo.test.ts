import assert from 'node:assert/strict'
import { test } from 'node:test'
import { allNeedsOf, needsOf } from '../support/need-subject.js'

const likely = (imports: readonly string[], config = {}) => needsOf('terminfo', 'likely', { imports, config })

test('what draws on a terminal needs the descriptions of the usual ones, wherever they lie', async () => {
  for (const symbol of [
    'initscr',
    'setupterm',
    'tgetent',
    'newterm',
    'readline',
    'el_init',
    '_nc_read_entry2',
  ]) {
    const found = await likely([symbol])
    for (const path of ['/lib/terminfo/x/xterm', '/usr/share/terminfo/l/linux', '/etc/terminfo/d/dumb'])
      assert.ok(found.includes(path), `${symbol} ${path}`)
  }
  assert.deepEqual(await allNeedsOf('terminfo', { imports: ['tgetstr', 'isatty', 'initscr_x'] }), [])
})

test('the terminal that the image names is needed as well', async () => {
  assert.ok((await likely(['tgetent'], { env: ['TERM=foot'] })).includes('/usr/share/terminfo/f/foot'))
  assert.ok(!(await likely(['tgetent'])).includes('/usr/share/terminfo/f/foot'))
})

test('a terminal whose name is none leads nowhere else', async () => {
  for (const term of ['', '../../etc/shadow', '/etc/shadow', '.hidden', `a${'b'.repeat(64)}`])
    assert.deepEqual(await likely(['tgetent'], { env: [`TERM=${term}`] }), await likely(['tgetent']))
})

test('what edits lines needs inputrc, and what only draws does not', async () => {
  assert.ok((await likely(['rl_initialize'])).includes('/etc/inputrc'))
  assert.ok(!(await likely(['initscr'])).includes('/etc/inputrc'))
})

test('all descriptions together are possible only', async () => {
  const possible = await needsOf('terminfo', 'possible', { imports: ['initscr'] })
  assert.deepEqual(possible, ['/etc/terminfo', '/lib/terminfo', '/usr/share/terminfo'])
})
