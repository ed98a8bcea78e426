import assert from 'node:assert/strict'
import { test } from 'node:test'
import { dlopened } from '../../src/closure/closure.js'
import { EMPTY_CONFIG } from '../../src/image/config.js'
import { checkPlan } from '../../src/lift/check.js'
import { environmentOf } from '../../src/lift/environment.js'
import { type Examination, examine } from '../../src/lift/examine.js'
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

test('what a need opens is resolved again as well, with what that opens in turn', async () => {
  const parts = {
    '/usr/bin/y': program([], { runpath: '/opt' }),
    '/opt/libopened.so': library('libopened.so', ['libfar.so'], { runpath: '/far' }),
    '/far/libfar.so': library('libfar.so'),
    '/far/libnext.so': library('libnext.so'),
  }
  const files = rootFiles(memoryRootFs(debianTree(parts)))
  const environment = environmentOf(EMPTY_CONFIG)
  const trail = await files.trail('/usr/bin/y', '/')
  assert.ok(trail.end?.kind === 'file')
  const { elf } = await files.read(trail.end)
  const root = await examine({ files, loaders: loadersOf(files), environment }, trail, trail.end, elf!)
  const first = await openedIn(root, 'libopened.so', '/usr/bin/y')
  const second = await openedIn(first, 'libnext.so', '/opt/libopened.so')
  const told = async (...left: readonly string[]) => {
    const opened: Opened[] = []
    for (const path of [...Object.keys(parts), GLIBC].filter((path) => !left.includes(path))) {
      const { end } = await files.trail(path, '/')
      if (end?.kind === 'file') opened.push({ path: path as RootPath, file: end, role: 'library' })
    }
    const plan = await planTree(files, opened)
    const placed = [{ examination: root, at: '/usr/bin/y' }] as const
    const findings = await checkPlan(plan, files, environment, placed, [first, second])
    return findings.map((one) => (one.kind === 'lift-differs' ? `${one.name}: ${one.actual}` : one.kind))
  }
  assert.deepEqual(await told(), [])
  assert.deepEqual(await told('/opt/libopened.so'), ['libopened.so: nothing', 'libfar.so: nothing'])
  assert.deepEqual(await told('/far/libnext.so'), ['libnext.so: nothing'])
})

/** What one object of an examination opens by a name. */
async function openedIn(after: Examination, name: string, path: string): Promise<Examination> {
  const from = after.baseline!.objects.find(({ file }) => file.path === path)!
  const baseline = await dlopened(after.baseline!, after.loader!, [name], from)
  return { ...after, baseline, opening: { names: [name], from, after } }
}
