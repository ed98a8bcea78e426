import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Packing } from '../../src/pack/packing.js'
import { memoryRootFs } from '../../src/rootfs/memory.js'
import { leaveOutEach } from '../../src/verify/minimal.js'
import { planCases } from '../../src/verify/run-cases.js'
import type { Runner } from '../../src/verify/runner.js'
import { chooseRunner } from '../../src/verify/runners.js'
import { verify } from '../../src/verify/verify.js'
import { programOf } from '../support/lift-literal.js'
import { outcomeOf, sideOf } from '../support/sides.js'
import { debianTree, program, smallImage } from '../support/small-image.js'

const NOWHERE = { DOCKER_HOST: 'unix:///nowhere/engine.sock', PATH: '' }
const foreign = { platform: { os: 'linux', architecture: 'sparc64' } }

function imageCalled(reference: string) {
  return { ...smallImage(debianTree(), foreign), reference }
}

test('where no runner works, nothing is run, and each says why', async () => {
  const { runner, used } = await chooseRunner('auto', { image: imageCalled('dir:/srv'), env: NOWHERE })
  assert.equal(runner, undefined)
  assert.deepEqual(
    [used.name, used.passedOver.map(({ name }) => name)],
    ['static', ['namespace', 'bubblewrap', 'docker', 'podman']],
  )
  for (const { reason } of used.passedOver)
    assert.match(reason, /do not run on this machine|cannot reach Docker|not installed/)
})

test('an engine of this machine cannot start what its kernel cannot; another machine has a kernel of its own', async () => {
  const reasonWith = async (env: Record<string, string>) => {
    const { used } = await chooseRunner('auto', { image: imageCalled('dir:/srv'), env: { PATH: '', ...env } })
    return used.passedOver.find(({ name }) => name === 'docker')?.reason ?? ''
  }
  assert.match(await reasonWith(NOWHERE), /linux\/sparc64 do not run on this machine/)
  const elsewhere = await reasonWith({ DOCKER_HOST: 'tcp://127.0.0.1:1' })
  assert.notEqual(elsewhere, '')
  assert.doesNotMatch(elsewhere, /do not run on this machine/)
})

test('a runner that was asked for and does not work is no answer', async () => {
  for (const name of ['namespace', 'bubblewrap', 'docker', 'podman'] as const)
    await assert.rejects(chooseRunner(name, { image: imageCalled('dir:/srv'), env: NOWHERE }), {
      code: 'unsupported',
      message: new RegExp(`by ${name} here`),
    })
})

test('with static the lift is resolved alone and nothing is run', async () => {
  const image = smallImage(debianTree({ '/usr/bin/x': program(['libc.so.6']) }))
  const { verdict, runner, cases, programs } = await verify(image, ['x'], { runner: 'static', env: NOWHERE })
  assert.deepEqual([verdict, runner.name, cases, programs], ['not run', 'static', [], ['/usr/bin/x']])
})

test('a case of a program that is not lifted is wrong usage', async () => {
  const image = smallImage(debianTree({ '/usr/bin/x': program(['libc.so.6']) }))
  const cases = [{ program: 'y', args: [] }]
  await assert.rejects(verify(image, ['x'], { runner: 'static', cases }), { code: 'usage' })
})

test('a library is needed if a case fares worse without it', async () => {
  const tree = ['/lib/needed.so', '/lib/idle.so', '/usr/bin/x'].map((path) => ({
    entry: { kind: 'file', path: path as '/', mode: 0o755, uid: 0, gid: 0, size: 0, identity: path } as const,
    role: path.endsWith('.so') ? ('library' as const) : ('program' as const),
  }))
  const disposed: number[] = []
  const runner: Runner = {
    name: 'docker',
    describe: '',
    notes: [],
    original: async () => sideOf(() => outcomeOf('fine')),
    lifted: async (packing) => ({
      ...sideOf(() =>
        outcomeOf(packing.tree.some(({ entry }) => entry.path === '/lib/needed.so') ? 'fine' : ''),
      ),
      [Symbol.asyncDispose]: async () => void disposed.push(packing.tree.length),
    }),
    [Symbol.asyncDispose]: async () => {},
  }
  const packing = { tree } as unknown as Packing
  const roots = { original: memoryRootFs({}), lifted: memoryRootFs({}), libraryDirectories: [] }
  const sides = { original: await runner.original(), lifted: await runner.lifted(packing) }
  const comparing = { ...sides, roots, ignore: [], timeouts: 'inconclusive' } as const
  const planned = planCases([{ args: [] }], [programOf('/usr/bin/x')], 30)
  const results = [{ verdict: 'same' }] as never
  assert.deepEqual(await leaveOutEach({ runner, packing, planned, comparing, results }), [
    { path: '/lib/needed.so', isNeeded: true },
    { path: '/lib/idle.so', isNeeded: false },
  ])
  assert.deepEqual(disposed, [2, 2])
})
