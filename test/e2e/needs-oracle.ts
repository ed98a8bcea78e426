import { mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import {
  type Image,
  type LiftOptions,
  liftTree,
  newImage,
  type RootPath,
  type TreeLift,
  writeImage,
} from '../../src/index.js'
import { type ConfinedRun, runConfined } from './confined.js'
import { touched } from './touched.js'

/** The root, and where there is room for lifts. */
export interface Bench {
  readonly image: Image
  readonly root: string
  readonly folder: string
  readonly devices: string
}

/** What a program did in its own root and, lifted with what is likely, in one that was empty. */
export interface Verdict {
  readonly path: RootPath
  /** `varies` is one that says something else each time; `endless` one that had to be ended in its own root. */
  readonly outcome: 'equal' | 'differs' | 'varies' | 'endless'
  /** Of the runs that were not equal, what the first one said in both roots. */
  readonly original?: ConfinedRun
  readonly lifted?: ConfinedRun
  /** Bytes of the files that are there because they are likely, and of those of them that no run opened. */
  readonly added: number
  readonly untouched: number
  /** Bytes of all files of the lift. */
  readonly total: number
}

const ARGUMENTS = ['--version', '--help']
/** What confine.sh runs programs with and an image would say: what is likely follows from it. */
const LIKELY: LiftOptions = { needs: 'likely', variables: ['LANG=C.UTF-8', 'TERM=xterm', 'HOME=/root'] }
/** What `timeout` says of a program that it had to end, by either signal. */
const ENDED = [124, 137]

/** Runs one program in its own root, lifts it, and runs it in the lift. */
export async function judge(bench: Bench, path: RootPath): Promise<Verdict> {
  const { root, devices } = bench
  const original = await runConfined(root, devices, path, ARGUMENTS)
  const nothing = { path, added: 0, untouched: 0, total: 0 }
  if (original.some(({ status }) => ENDED.includes(status))) return { ...nothing, outcome: 'endless' }
  return lifted(bench, path, async (folder, lift) => {
    const runs = await runConfined(folder, devices, path, ARGUMENTS, 'traced')
    const bytes = await likelyBytes(bench.image, path, lift, runs)
    if (differing(original, runs) === undefined) return { ...nothing, ...bytes, outcome: 'equal' }
    // Some programs do something else when they are watched, so this is looked at once more.
    const alone = await runConfined(folder, devices, path, ARGUMENTS)
    const index = differing(original, alone)
    if (index === undefined) return { ...nothing, ...bytes, outcome: 'equal' }
    const again = await runConfined(root, devices, path, ARGUMENTS)
    const varies = differing(original, again) !== undefined && haveSameStatus(original, alone)
    const shown = { original: original[index]!, lifted: alone[index]! }
    return { ...nothing, ...bytes, ...shown, outcome: varies ? 'varies' : 'differs' }
  })
}

async function lifted<T>(
  { image, folder }: Bench,
  path: RootPath,
  use: (folder: string, lift: TreeLift) => Promise<T>,
): Promise<T> {
  const lift = await liftTree(image, [path], LIKELY)
  const place = mkdtempSync(join(folder, 'lift-'))
  try {
    await writeImage(`dir:${place}`, [newImage(lift, image, {})])
    return await use(place, lift)
  } finally {
    rmSync(place, { recursive: true, force: true })
  }
}

/** The first run that is not the same. */
function differing(some: readonly ConfinedRun[], others: readonly ConfinedRun[]): number | undefined {
  const index = some.findIndex(({ status, stdout, stderr }, at) => {
    const other = others[at]!
    return status !== other.status || stdout !== other.stdout || stderr !== other.stderr
  })
  return index < 0 ? undefined : index
}

function haveSameStatus(some: readonly ConfinedRun[], others: readonly ConfinedRun[]): boolean {
  return some.every(({ status }, at) => status === others[at]!.status)
}

/** What the lift has more than one with what is certain, and how much of that was for nothing. */
async function likelyBytes(
  image: Image,
  path: RootPath,
  lift: TreeLift,
  runs: readonly ConfinedRun[],
): Promise<Pick<Verdict, 'added' | 'untouched' | 'total'>> {
  const plain = sizes(await liftTree(image, [path], { ...LIKELY, needs: 'certain', tell: 'taken' }))
  const opened = await touched(
    image,
    runs.map(({ trace }) => trace),
  )
  const all = [...sizes(lift)]
  const more = all.filter(([file]) => !plain.has(file))
  return {
    total: sum(all),
    added: sum(more),
    untouched: sum(more.filter(([file]) => !opened.has(file))),
  }
}

function sizes({ tree }: TreeLift): ReadonlyMap<RootPath, number> {
  return new Map(
    tree.flatMap(({ entry }) => (entry.kind === 'file' ? [[entry.path, entry.size] as const] : [])),
  )
}

function sum(files: readonly (readonly [RootPath, number])[]): number {
  return files.reduce((total, [, size]) => total + size, 0)
}
