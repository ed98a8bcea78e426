import assert from 'node:assert/strict'
import { test } from 'node:test'
import { allNeedsOf, needsOf } from '../support/need-subject.js'

const defines = ['perl_parse']
const ARCH = '/usr/lib/x86_64-linux-gnu'
const DEBIAN = {
  defines,
  texts: [
    '/etc/perl',
    `${ARCH}/perl-base`,
    `${ARCH}/perl/5.36`,
    '/usr/share/perl/5.36',
    '/usr/share/perl5',
    '/usr/local/share/perl/5.36.0',
    '/usr/bin',
  ],
  tree: {
    '/etc/perl/CPAN/Config.pm': '',
    [`${ARCH}/perl-base/strict.pm`]: '',
    [`${ARCH}/perl/5.36`]: { link: '5.36.0' },
    [`${ARCH}/perl/5.36.0/Config.pm`]: '',
    [`${ARCH}/perl/5.36.0/CORE/perl.h`]: '',
    '/usr/share/perl/5.36/strict.pm': '',
    '/usr/share/perl5/Git.pm': '',
    '/usr/bin/strict.pm': '',
  },
}

test('directories that are compiled in and have modules of Perl itself are its library', async () => {
  assert.deepEqual(await needsOf('perl', 'likely', DEBIAN), [
    `${ARCH}/perl-base`,
    `${ARCH}/perl/5.36`,
    '/usr/share/perl/5.36',
  ])
})

test('other directories that are compiled in are possible, and what builds modules is', async () => {
  assert.deepEqual(await needsOf('perl', 'possible', DEBIAN), [
    '/etc/perl',
    `${ARCH}/perl/5.36/CORE`,
    '/usr/share/perl5',
  ])
})

test('packages within the library are no part of it', async () => {
  const texts = ['/usr/share/perl5', '/usr/share/perl5/vendor_perl', '/usr/lib64/perl5']
  const tree = {
    '/usr/share/perl5/strict.pm': '',
    '/usr/share/perl5/vendor_perl/Git.pm': '',
    '/usr/lib64/perl5/Config.pm': '',
  }
  const found = await allNeedsOf('perl', { defines, texts, tree })
  const told = found.map((need) => need.kind === 'path' && [need.confidence, need.path, need.except])
  assert.deepEqual(told, [
    ['likely', '/usr/share/perl5', ['vendor_perl']],
    ['possible', '/usr/share/perl5/vendor_perl', undefined],
    ['possible', '/usr/share/perl5/vendor_perl', undefined],
    ['likely', '/usr/lib64/perl5', undefined],
  ])
})

test('what is no Perl has no such needs, and PERL5LIB names some of one', async () => {
  assert.deepEqual(await allNeedsOf('perl', { ...DEBIAN, defines: [], imports: ['perl_parse'] }), [])
  const config = { env: ['PERL5LIB=/app/lib'] }
  assert.deepEqual(await needsOf('perl', 'likely', { defines, config }), ['/app/lib'])
})
