import assert from 'node:assert/strict'
import { test } from 'node:test'
import { allNeedsOf, needsOf, type SubjectParts } from '../support/need-subject.js'
import type { Tree } from '../support/small-image.js'

const SU: SubjectParts = { imports: ['pam_start'], path: '/usr/bin/su' }
const DIRECTORY = '/usr/lib/security'

async function likely(tree: Tree, parts: SubjectParts = SU) {
  return (await needsOf('pam', 'likely', { ...parts, tree })).filter((path) => !path.startsWith('/lib/'))
}

test('a service is that of the program, with the modules that it names', async () => {
  const tree = {
    '/etc/pam.d/su': 'auth required pam_a.so\n-account [success=1 default=ignore] pam_b.so x\n',
    '/etc/pam.d/other': 'auth required pam_deny.so',
    '/etc/pam.d/sshd': 'auth required pam_c.so',
  }
  assert.deepEqual(await likely(tree), [
    '/etc/pam.d/su',
    '/etc/pam.d/other',
    `${DIRECTORY}/pam_a.so`,
    `${DIRECTORY}/pam_b.so`,
    `${DIRECTORY}/pam_deny.so`,
  ])
})

test('what a service includes is needed, by each of the three ways to say so', async () => {
  const tree = {
    '/etc/pam.d/su': '@include one\nauth include two\nauth substack three # four\n#@include five',
    '/etc/pam.d/one': 'auth required pam_1.so',
    '/etc/pam.d/two': 'session optional pam_2.so\nauth include su',
    '/etc/pam.d/three': 'PASSWORD required \\\n pam_3.so',
    '/etc/pam.d/five': 'auth required pam_5.so',
  }
  const found = await likely(tree)
  for (const name of ['one', 'two', 'three']) assert.ok(found.includes(`/etc/pam.d/${name}`), name)
  for (const number of [1, 2, 3]) assert.ok(found.includes(`${DIRECTORY}/pam_${number}.so`), `${number}`)
  assert.ok(!found.some((path) => path.includes('five') || path.includes('pam_5')))
})

test('a service with the name of the program and more is of it too, and one that only starts so is not', async () => {
  const tree = { '/etc/pam.d/su-l': '', '/etc/pam.d/sudo': '', '/etc/pam.d/cron': '' }
  assert.deepEqual(await likely(tree), ['/etc/pam.d/su-l'])
  assert.deepEqual(await likely(tree, { ...SU, path: '/usr/sbin/crond' }), ['/etc/pam.d/cron'])
})

test('services of other names are possible', async () => {
  const tree = { '/etc/pam.d/x': 'auth required pam_x.so', '/etc/pam.d/other': '' }
  const possible = await needsOf('pam', 'possible', { ...SU, tree })
  assert.ok(possible.includes('/etc/pam.d/x') && possible.includes(`${DIRECTORY}/pam_x.so`))
  assert.ok(!possible.includes('/etc/pam.d/other'), 'what is likely is not said to be possible too')
})

test('a module is a path only where it says so, and a name never leads out of the directory', async () => {
  const tree = {
    '/etc/pam.d/su': 'auth required /opt/pam_o.so\nauth required ../../x.so\nauth required /etc/shadow',
  }
  assert.deepEqual(await likely(tree), ['/etc/pam.d/su', '/opt/pam_o.so'])
})

test('the vendor has services too, of which the administrator has the last word', async () => {
  const tree = {
    '/usr/lib/pam.d/su': 'auth required pam_v.so',
    '/usr/lib/pam.d/other': 'auth required pam_w.so',
    '/etc/pam.d/su': 'auth required pam_e.so',
  }
  assert.deepEqual(await likely(tree), [
    '/etc/pam.d/su',
    '/usr/lib/pam.d/other',
    `${DIRECTORY}/pam_e.so`,
    `${DIRECTORY}/pam_w.so`,
  ])
})

test('one file may have the lines of all services', async () => {
  const tree = {
    '/etc/pam.conf': 'SU auth required pam_1.so\nother auth required pam_2.so\nsudo auth required pam_3.so',
    '/etc/pam.d/su': '',
  }
  const found = await likely(tree)
  assert.ok(found.includes('/etc/pam.conf') && found.includes(`${DIRECTORY}/pam_1.so`), found.join(' '))
  assert.ok(found.includes(`${DIRECTORY}/pam_2.so`) && !found.includes(`${DIRECTORY}/pam_3.so`))
})

test('a module needs what it reads, and one of nearly its name does not', async () => {
  const of = (path: `/${string}`) => needsOf('pam', 'likely', { path })
  assert.deepEqual(await of('/lib/security/pam_limits.so'), [
    '/etc/security/limits.conf',
    '/etc/security/limits.d',
  ])
  assert.deepEqual(await of('/lib/security/my_pam_limits.so'), [])
})

test('a program that does not authenticate needs no service', async () => {
  const tree = { '/etc/pam.d/su': 'auth required pam_a.so' }
  assert.deepEqual(await allNeedsOf('pam', { ...SU, imports: ['pam_end', 'pam_started'], tree }), [])
})
