import assert from 'node:assert/strict'
import { test } from 'node:test'
import { allNeedsOf, needsOf } from '../support/need-subject.js'

const defines = ['ruby_setup']
const ARCH = '/usr/lib/x86_64-linux-gnu'
const DEBIAN = {
  defines,
  texts: [
    '/usr/lib/ruby/vendor_ruby',
    '/usr/lib/ruby/3.1.0',
    `${ARCH}/ruby/3.1.0`,
    '/usr/local/lib/site_ruby',
  ],
  tree: {
    '/usr/lib/ruby/vendor_ruby/rubygems.rb': '',
    '/usr/lib/ruby/vendor_ruby/rubygems/a.rb': '',
    '/usr/lib/ruby/vendor_ruby/other.rb': '',
    '/usr/lib/ruby/3.1.0/set.rb': '',
    [`${ARCH}/ruby/3.1.0/rbconfig.rb`]: '',
    '/usr/share/rubygems-integration/all/specifications/a.gemspec': '',
  },
}

test("Ruby's library, what it starts with and its lists of packages are likely", async () => {
  const found = await needsOf('ruby', 'likely', DEBIAN)
  for (const path of [
    '/usr/lib/ruby/3.1.0',
    `${ARCH}/ruby/3.1.0`,
    '/usr/lib/ruby/gems/3.1.0/specifications',
    '/usr/lib/ruby/gems/3.1.0/extensions',
    '/usr/lib/ruby/vendor_ruby/rubygems.rb',
    '/usr/lib/ruby/vendor_ruby/rubygems',
    '/usr/share/rubygems-integration/all/specifications',
  ])
    assert.ok(found.includes(path), `${path} in ${found.join(' ')}`)
  assert.ok(!found.includes('/usr/lib/ruby/vendor_ruby') && !found.includes('/usr/local/lib/site_ruby'))
})

test('packages are possible', async () => {
  const found = await needsOf('ruby', 'possible', DEBIAN)
  for (const path of ['/usr/lib/ruby/vendor_ruby', '/usr/lib/ruby/gems/3.1.0/gems'])
    assert.ok(found.includes(path), `${path} in ${found.join(' ')}`)
})

test('what is no Ruby has no such needs, and GEM_HOME names some of one', async () => {
  assert.deepEqual(await allNeedsOf('ruby', { ...DEBIAN, defines: [], imports: ['ruby_setup'] }), [])
  const config = { env: ['GEM_HOME=/usr/local/bundle'] }
  assert.deepEqual(await needsOf('ruby', 'likely', { defines, config }), ['/usr/local/bundle'])
})
