import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Need } from '../../src/needs/finder.js'
import { allNeedsOf, needsOf, type SubjectParts } from '../support/need-subject.js'

const defines = ['Py_Initialize']
const DEBIAN = {
  '/usr/lib/python3.11/os.py': '',
  '/usr/lib/python3.11/lib-dynload/a.so': '',
  '/usr/lib/python3.11/test/a.py': '',
  '/usr/lib/python3.11/config-3.11-x86_64-linux-gnu/Makefile': '',
  '/usr/lib/python3.11/dist-packages/p.py': '',
  '/usr/lib/python3/dist-packages/p.py': '',
}
const own = { defines, path: '/usr/bin/python3.11', tree: DEBIAN } as const

const likely = async (parts: SubjectParts) => {
  const present = Object.keys(parts.tree ?? {})
  const found = await needsOf('python', 'likely', parts)
  return found.filter((path) => present.some((one) => one === path || one.startsWith(`${path}/`)))
}

test('the standard library is that beside the nearest directory above the interpreter', async () => {
  assert.deepEqual(await likely(own), ['/usr/lib/python3.11'])
  const tree = { ...DEBIAN, '/usr/local/lib/python3.12/os.py': '', '/usr/local/lib/python3.11/os.py': '' }
  assert.deepEqual(await likely({ ...own, tree }), ['/usr/lib/python3.11'])
  assert.deepEqual(await likely({ defines, path: '/usr/local/bin/python3.12', tree }), [
    '/usr/local/lib/python3.12',
  ])
})

test('a shared library of Python looks beside itself too, and its name tells the version', async () => {
  const library = { path: '/opt/py/lib/libpython3.12.so.1.0', soname: 'libpython3.12.so.1.0' } as const
  const tree = { '/opt/py/lib/python3.12/os.py': '', '/opt/py/lib/python3.11/os.py': '' }
  assert.deepEqual(await likely({ defines, path: '/usr/bin/gdb', library, tree }), ['/opt/py/lib/python3.12'])
})

test('both halves are found where one is for this machine alone', async () => {
  const tree = { '/usr/lib64/python3.13/os.py': '', '/usr/lib/python3.13/site-packages/p.py': '' }
  assert.deepEqual(await likely({ defines, path: '/usr/bin/python3.13', tree }), ['/usr/lib64/python3.13'])
  const halves = { '/usr/lib/python3.6/os.py': '', '/usr/lib64/python3.6/lib-dynload/a.so': '' }
  assert.deepEqual(await likely({ defines, path: '/usr/bin/python3.6', tree: halves }), [
    '/usr/lib/python3.6',
    '/usr/lib64/python3.6',
  ])
})

test('packages, tests and what modules are built with are no part of the library; packages are possible', async () => {
  const isLibrary = (need: Need) => need.kind === 'path' && need.path === '/usr/lib/python3.11'
  const library = (await allNeedsOf('python', own)).find(isLibrary)
  assert.deepEqual(library?.kind === 'path' && library.except, [
    'dist-packages',
    'config-3.11-x86_64-linux-gnu',
    'test',
  ])
  const possible = await needsOf('python', 'possible', own)
  for (const path of ['/usr/lib/python3/dist-packages', '/usr/lib/python3.11/dist-packages'])
    assert.ok(possible.includes(path), path)
  assert.ok(!possible.includes('/usr/lib/python3.11/test'))
})

test('a virtual environment comes with its packages', async () => {
  const tree = {
    ...DEBIAN,
    '/opt/venv/pyvenv.cfg': 'home = /usr/bin',
    '/opt/venv/lib/python3.11/site-packages/p.py': '',
  }
  assert.deepEqual(await likely({ defines, path: '/opt/venv/bin/python3.11', tree }), [
    '/opt/venv/pyvenv.cfg',
    '/opt/venv/lib/python3.11/site-packages',
  ])
})

test('where the image sets PYTHONPATH, what it names is likely', async () => {
  const config = { env: ['PYTHONPATH=/app/lib::lib:/:/srv'] }
  assert.deepEqual((await needsOf('python', 'likely', { ...own, config })).slice(-2), ['/app/lib', '/srv'])
})

test('what is no Python has no such needs, whatever it is called', async () => {
  assert.deepEqual(await allNeedsOf('python', { ...own, defines: [], imports: ['Py_Initialize'] }), [])
})

test('a directory of that name without a landmark is not the library', async () => {
  const tree = { '/usr/lib/python3.11/posix.py': '', '/usr/lib/python3.1/os.py': '' }
  assert.deepEqual(await likely({ ...own, tree }), [])
})
