import assert from 'node:assert/strict'
import { test } from 'node:test'
import { allNeedsOf, needsOf } from '../support/need-subject.js'

const defines = ['php_module_startup']
const DEBIAN = {
  defines,
  texts: ['/etc/php/8.2/cli', '/etc/php/8.2/cli/conf.d', '/usr/lib/php/20220829', '/usr/lib/php'],
  tree: {
    '/etc/php/8.2/cli/php.ini': '; extension=none\n  zend_extension = "/usr/lib/php/20220829/opcache.so"\n',
    '/etc/php/8.2/cli/conf.d/20-a.ini': { link: '/etc/php/8.2/mods-available/a.ini' },
    '/etc/php/8.2/mods-available/a.ini': 'extension=a.so\r\nextension_dir=/b\nextension=absent\n',
    '/usr/lib/php/20220829/a.so': '',
    '/usr/lib/php/20220829/none.so': '',
    '/usr/lib/php/20220829/opcache.so': '',
  },
}

test('settings are likely, and the extensions that they name', async () => {
  assert.deepEqual(await needsOf('php', 'likely', DEBIAN), [
    '/etc/php/8.2/cli/php.ini',
    '/etc/php/8.2/cli/conf.d',
    '/usr/lib/php/20220829/a.so',
    '/usr/lib/php/20220829/opcache.so',
  ])
})

test('other extensions are possible', async () => {
  assert.ok((await needsOf('php', 'possible', DEBIAN)).includes('/usr/lib/php/20220829'))
})

test('the file of settings may lie in /etc, which is nothing else of PHP', async () => {
  const tree = { '/etc/php.ini': 'extension=a', '/etc/a.so': '', '/etc/php.d/a.ini': '' }
  const texts = ['/etc', '/etc/php.d']
  assert.deepEqual(await needsOf('php', 'likely', { defines, texts, tree }), ['/etc/php.ini', '/etc/php.d'])
  assert.ok(!(await needsOf('php', 'possible', { defines, texts, tree })).includes('/etc'))
})

test("the system's time zones are needed by a PHP that names them", async () => {
  const zones = (texts: readonly string[]) => needsOf('php', 'likely', { defines, texts })
  assert.deepEqual(await zones(['/usr/share/zoneinfo/zone.tab']), ['/usr/share/zoneinfo'])
  assert.deepEqual(await zones(['/usr/share/zoneinfo']), [])
})

test('what is no PHP has no such needs', async () => {
  assert.deepEqual(await allNeedsOf('php', { ...DEBIAN, defines: ['php_info'] }), [])
})
