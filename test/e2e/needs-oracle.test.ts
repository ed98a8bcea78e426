import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import { openImage } from '../../src/index.js'
import { makeDevices } from './confined.js'
import { executables } from './executables.js'
import { causeOf } from './named-causes.js'
import { type Bench, judge, type Verdict } from './needs-oracle.js'
import { root, withFolder } from './surroundings.js'

// Every program of a system, ELF file or script, is lifted by itself with what is likely, as `build --to dir:` does it,
// and run with --version and with --help. What a program needs besides its libraries is in the lift, or it says so.

let verdicts: readonly Verdict[] = []

before(async () => {
  verdicts = await withFolder(async (folder) => {
    await using image = await openImage(`dir:${root('runs')}`)
    return judgeAll({ image, root: root('runs'), folder, devices: makeDevices(folder) })
  })
})

/** Two at a time, as most of it is waiting for other processes. */
async function judgeAll(bench: Bench): Promise<readonly Verdict[]> {
  const left = [...(await executables(bench.image))].reverse()
  const found: Verdict[] = []
  const work = async () => {
    for (let path = left.pop(); path !== undefined; path = left.pop()) found.push(await judge(bench, path))
  }
  await Promise.all([work(), work()])
  return found.sort((a, b) => (a.path < b.path ? -1 : 1))
}

test('a program lifted with what is likely says of itself what it says in its own root', (t) => {
  const others = verdicts.filter(({ outcome }) => outcome !== 'equal')
  t.diagnostic(`${verdicts.length - others.length} of ${verdicts.length} programs are equal`)
  for (const [cause, programs] of byCause(others))
    t.diagnostic(`${programs.length} ${cause}: ${programs.join(' ')}`)
  assert.ok(verdicts.length > 600, 'there are not many programs')
  assert.deepEqual(others.filter((verdict) => causeOf(verdict) === undefined).map(shown), [])
})

function byCause(others: readonly Verdict[]): ReadonlyMap<string, readonly string[]> {
  const causes = new Map<string, string[]>()
  for (const verdict of others) {
    const cause = causeOf(verdict) ?? 'differ for no known reason'
    causes.set(cause, [...(causes.get(cause) ?? []), verdict.path])
  }
  return causes
}

function shown({ path, original, lifted }: Verdict) {
  const said = (run: Verdict['original']) =>
    run &&
    `${run.argument}: ${run.status} ${JSON.stringify(run.stdout.slice(0, 200))} ${JSON.stringify(run.stderr.slice(0, 300))}`
  return { path, original: said(original), lifted: said(lifted) }
}

// These runs do little: what `--help` has no use for, such as certificates, counts as added for nothing.
test('of what is added because it is likely, runs open more than half in the median', (t) => {
  const more = verdicts.filter(({ added }) => added > 0)
  const ofAdded = median(more.map(({ added, untouched }) => untouched / added))
  const ofAll = median(more.map(({ total, untouched }) => untouched / total))
  t.diagnostic(
    `${more.length} programs have files that are likely, ${median(more.map(({ added }) => added))} bytes in the median`,
  )
  t.diagnostic(
    `never opened: ${ofAdded.toFixed(3)} of these bytes, ${ofAll.toFixed(3)} of the whole lift, in the median`,
  )
  assert.ok(more.length > 100, 'next to nothing was added')
  assert.ok(ofAdded < 0.5, `${ofAdded} of what was added is not opened`)
})

function median(numbers: readonly number[]): number {
  return [...numbers].sort((a, b) => a - b)[numbers.length >> 1] ?? 0
}
