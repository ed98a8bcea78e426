import { copyFileSync, linkSync, lstatSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { directoryRootFs } from '../../src/rootfs/directory.js'
import { follow } from '../../src/rootfs/follow.js'
import { buildElf, type ElfOptions } from '../support/elf-builder.js'
import { must } from './surroundings.js'

export interface Dialect {
  /** Whose loader is taken: a root of roots.sh. */
  readonly root: string
  readonly loader: string
  readonly musl?: boolean
  /** Directories the loader searches by itself. */
  readonly system: readonly string[]
}

/** Numbers from a seed, the same on every machine (mulberry32). */
export function numbersFrom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

export interface Wishes {
  readonly seed: number
  /** How many groups of files that need each other. */
  readonly worlds: number
  /**
   * Whether libraries are filters of others. No file then needs itself in the end: glibc's loader moves filters
   * about in its list, and with cycles among them it crashes or never ends.
   */
  readonly filters?: boolean
}

/**
 * Fills a folder with a loader and worlds, each a handful of programs and libraries that need each
 * other by every means loaders know: search paths with tokens and links in them, sonames that differ from file
 * names, copies and links of one file, files of another machine, and what is no library at all.
 */
export async function makeRandomRoot(
  folder: string,
  source: string,
  dialect: Dialect,
  wishes: Wishes,
): Promise<void> {
  const random = numbersFrom(wishes.seed)
  await putLoader(folder, source, dialect)
  for (const directory of dialect.system) mkdirSync(join(folder, directory), { recursive: true })
  const cached: string[] = []
  for (let index = 0; index < wishes.worlds; index++) {
    cached.push(...makeWorld(folder, `/w${index}`, dialect, wishes.filters ?? false, random))
  }
  if (dialect.musl) return
  writeFileSync(join(folder, 'etc/ld.so.conf'), cached.map((directory) => `${directory}\n`).join(''))
  must('chroot', [folder, '/sbin/ldconfig'])
}

async function putLoader(folder: string, source: string, { loader, musl }: Dialect): Promise<void> {
  const files = musl ? [loader] : [loader, '/sbin/ldconfig']
  for (const file of files) {
    mkdirSync(join(folder, dirname(file)), { recursive: true })
    copyFileSync(await realInside(source, file), join(folder, file))
  }
  mkdirSync(join(folder, 'etc'), { recursive: true })
}

/** Where a path of a root lies on this machine, its links taken from the root. */
async function realInside(source: string, path: string): Promise<string> {
  const { end } = await follow(directoryRootFs(source), path)
  return join(source, end?.path ?? path)
}

type Random = () => number

/** One group of files that need each other; gives the directories that ld.so.cache is to know. */
function makeWorld(
  folder: string,
  home: string,
  dialect: Dialect,
  filters: boolean,
  random: Random,
): string[] {
  const world: World = {
    folder,
    filters,
    home,
    dialect,
    chance: (probability) => random() < probability,
    pick: (choices) => choices[Math.floor(random() * choices.length)]!,
    names: Array.from(
      { length: 4 + Math.floor(random() * 5) },
      (_, index) => `lib${home.slice(1)}x${index}.so`,
    ),
  }
  for (const name of ['a', 'b', 'c/deep', 'cached', 'bin'])
    mkdirSync(join(folder, home, name), { recursive: true })
  symlinkSync('c/deep', join(folder, home, 'link'))
  symlinkSync(`${home}/b`, join(folder, home, 'absolute'))
  for (const name of world.names) {
    for (let copies = world.pick([0, 1, 1, 2, 3]); copies > 0; copies--) putLibrary(world, name)
  }
  for (let index = 0; index < 3; index++) {
    const program = { ...objectOptions(world, world.names), interp: dialect.loader, dtFlags1: 0x0800_0000 }
    write(world, `${home}/bin/p${index}`, buildElf(program))
  }
  return world.chance(0.7) ? [`${home}/cached`] : []
}

interface World {
  readonly folder: string
  readonly home: string
  readonly dialect: Dialect
  readonly filters: boolean
  chance(probability: number): boolean
  pick<T>(choices: readonly T[]): T
  readonly names: readonly string[]
}

/** Writes a library, or something in its place, unless the path is taken already. */
function putLibrary(world: World, name: string): void {
  const { home, dialect, folder, pick, chance } = world
  const path = `${pick([`${home}/a`, `${home}/b`, `${home}/c/deep`, `${home}/cached`, ...dialect.system])}/${name}`
  if (exists(world, path)) return
  const host = join(folder, path)
  const others = world.filters ? world.names.slice(world.names.indexOf(name) + 1) : world.names
  const other = `${pick([`${home}/a`, `${home}/b`, `${home}/c/deep`])}/${pick(others) ?? name}`
  const library = () => {
    const options = { ...objectOptions(world, others), ...sonameOf(world, name), ...machineOf(world) }
    write(world, path, buildElf(options))
  }
  const instead = [
    () => symlinkSync(other, host),
    () => symlinkSync(`../b/${name}`, host),
    () => symlinkSync('nowhere', host),
    () => symlinkSync(name, host),
    () => (isFile(join(folder, other)) ? linkSync(join(folder, other), host) : library()),
  ]
  const broken = [
    () => mkdirSync(host),
    () => write(world, path, Buffer.from('INPUT(-lsomething)\n'.repeat(8))),
    () => write(world, path, Buffer.alloc(0)),
  ]
  if (chance(0.75)) library()
  else pick(dialect.musl || chance(0.75) ? instead : broken)()
}

const isFile = (host: string) => lstatSync(host, { throwIfNoEntry: false })?.isFile() ?? false

function exists({ folder }: World, path: string): boolean {
  return lstatSync(join(folder, path), { throwIfNoEntry: false }) !== undefined
}

function sonameOf({ chance, pick, names, filters }: World, name: string): ElfOptions {
  if (chance(0.25)) return {}
  return { soname: chance(0.8) || filters ? name : pick(names) }
}

/** musl does not look at the machine, and would crash. */
function machineOf({ chance, dialect, pick }: World): ElfOptions {
  if (dialect.musl || chance(0.93)) return {}
  return pick<ElfOptions>([{ machine: 183 }, { class: 32, machine: 3 }, { class: 32 }])
}

const BRACED = '$' + '{ORIGIN}/../a'

/** An object that needs some of `others`. */
function objectOptions(world: World, others: readonly string[]): ElfOptions {
  const { chance, pick, filters } = world
  const dependencies = Array.from({ length: others.length === 0 ? 0 : pick([0, 1, 1, 2, 3]) }, () => ({
    // The program itself is none: a trace does not show what comes before the program.
    kind: filters && others !== world.names && chance(0.3) ? ('auxiliary' as const) : ('needed' as const),
    name: neededName(world, pick(others)),
  }))
  return {
    dependencies,
    ...(chance(0.35) ? { rpath: searchPath(world) } : {}),
    ...(chance(0.35) ? { runpath: searchPath(world) } : {}),
    ...(chance(0.05) ? { dtFlags1: 0x800 } : {}),
  }
}

function neededName({ home, pick, chance }: World, name: string): string {
  if (chance(0.88)) return name
  return pick([
    `${home}/a/${name}`,
    `${home}/link/${name}`,
    `$ORIGIN/../b/${name}`,
    `${home}/absolute/../a/${name}`,
  ])
}

function searchPath({ home, pick, dialect }: World): string {
  const elements = [
    ...[
      `${home}/a`,
      `${home}/b`,
      `${home}/link`,
      `${home}/absolute`,
      `${home}/a/../b`,
      `${home}/link/../deep/`,
    ],
    ...['$ORIGIN', '$ORIGIN/../b', BRACED, '$ORIGIN/../link', `${home}/absent`, `${home}//a//`],
    ...(dialect.musl ? [''] : ['', '/w$LIB', `$ORIGINX`, '$FOO/x', '$$ORIGIN', `${home}/a;${home}/b`]),
  ]
  return Array.from({ length: pick([0, 1, 1, 1, 2, 3]) }, () => pick(elements)).join(':')
}

function write({ folder }: World, path: string, bytes: Uint8Array): void {
  writeFileSync(join(folder, path), bytes, { mode: 0o755 })
}
