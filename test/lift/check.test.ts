import assert from 'node:assert/strict'
import { test } from 'node:test'
import { EMPTY_CONFIG } from '../../src/image/config.js'
import { checkPlan } from '../../src/lift/check.js'
import { environmentOf } from '../../src/lift/environment.js'
import { examine } from '../../src/lift/examine.js'
import { type Opened, planTree } from '../../src/lift/plan.js'
import { rootFiles } from '../../src/loader/files.js'
import { loadersOf } from '../../src/loader/index.js'
import { memoryRootFs } from '../../src/rootfs/memory.js'
import type { RootPath } from '../../src/rootfs/path.js'
import { debianTree, GLIBC, library, program } from '../support/small-image.js'

const OPEN = '/lib/x86_64-linux-gnu'
const tree = debianTree({
  '/usr/bin/x': program(['liba.so', 'libgone.so'], { runpath: '/first:/second' }),
  '/first/libother.so': library('libother.so'),
  '/second/liba.so': library('liba.so', ['libc.so.6']),
})

/** What the check says of a plan that puts files of the image at places of the test's choice. */
async function checked(places: Readonly<Record<string, string>>): Promise<string[]> {
  const files = rootFiles(memoryRootFs(tree))
  const environment = environmentOf(EMPTY_CONFIG)
  const trail = await files.trail('/usr/bin/x', '/')
  assert.ok(trail.end?.kind === 'file')
  const { elf } = await files.read(trail.end)
  const examination = await examine({ files, loaders: loadersOf(files), environment }, trail, trail.end, elf!)
  const opened: Opened[] = []
  for (const [to, source] of Object.entries(places)) {
    const { end } = await files.trail(source, '/')
    assert.ok(end?.kind === 'file', source)
    opened.push({ path: to as RootPath, file: end, role: 'library' })
  }
  const plan = await planTree(files, opened)
  const findings = await checkPlan(plan, files, environment, [{ examination, at: '/usr/bin/x' }])
  return findings.map((one) =>
    one.kind === 'lift-differs' ? `${one.name}: ${one.expected}, ${one.actual}` : '',
  )
}

const whole = Object.fromEntries(
  ['/usr/bin/x', GLIBC, '/second/liba.so', `${OPEN}/libc.so.6`].map((path) => [path, path]),
)
const without = (path: string) => Object.fromEntries(Object.entries(whole).filter(([to]) => to !== path))

test('a whole tree gives the same answers, what is missing in the image included', async () => {
  assert.deepEqual(await checked(whole), [])
})

test('each request that is answered otherwise is told', async () => {
  assert.deepEqual(await checked({ ...whole, '/first/liba.so': '/first/libother.so' }), [
    'liba.so: /second/liba.so, /first/libother.so',
    'libc.so.6: /usr/lib/x86_64-linux-gnu/libc.so.6, nothing',
    'ld-linux-x86-64.so.2: /usr/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2, nothing',
  ])
})

test('a copy of the same file at an earlier place is the same answer', async () => {
  assert.deepEqual(await checked({ ...whole, '/first/liba.so': '/second/liba.so' }), [])
})

test('a library, a loader and a program that are not there are told', async () => {
  assert.deepEqual(await checked(without(`${OPEN}/libc.so.6`)), [
    'libc.so.6: /usr/lib/x86_64-linux-gnu/libc.so.6, nothing',
    'ld-linux-x86-64.so.2: /usr/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2, nothing',
  ])
  assert.equal((await checked(without(GLIBC))).length, 3)
  assert.deepEqual(await checked(without('/usr/bin/x')), ['/usr/bin/x: a file, nothing'])
})
