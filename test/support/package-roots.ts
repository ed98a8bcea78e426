import assert from 'node:assert/strict'
import { packageDatabase } from '../../src/packages/database.js'
import type { GeneratedFile, Ownership, PackageDatabase } from '../../src/packages/package.js'
import { type MemoryNode, memoryRootFs } from '../../src/rootfs/memory.js'
import type { RootPath } from '../../src/rootfs/path.js'
import type { Entry, RootFs } from '../../src/rootfs/rootfs.js'

/** A paragraph of dpkg's status; fields that are given as undefined are left out. */
export function paragraph(name: string, fields: Readonly<Record<string, string | undefined>> = {}): string {
  const all = {
    Package: name,
    Status: 'install ok installed',
    Architecture: 'amd64',
    Version: '1.0-1',
    ...fields,
  }
  const lines = Object.entries(all).filter(([, value]) => value !== undefined)
  return `${lines.map(([field, value]) => `${field}: ${value}`).join('\n')}\n`
}

/** A dpkg database of packages with their lists, by the names of these. */
export function dpkgTree(
  paragraphs: readonly string[],
  lists: Readonly<Record<string, readonly string[]>>,
): Record<string, MemoryNode> {
  const tree: Record<string, MemoryNode> = { '/var/lib/dpkg/status': paragraphs.join('\n') }
  for (const [name, paths] of Object.entries(lists)) {
    tree[`/var/lib/dpkg/info/${name}.list`] = ['/.', ...paths].map((path) => `${path}\n`).join('')
  }
  return tree
}

/** An image with a database. */
export interface PackageCase {
  readonly rootfs: RootFs
  readonly database: PackageDatabase
}

/** Opens the database of a tree, which must have one. */
export async function opened(tree: Readonly<Record<string, MemoryNode>>): Promise<PackageCase> {
  const rootfs = memoryRootFs(tree)
  const database = await packageDatabase(rootfs)
  assert.ok(database !== undefined, 'no database is found')
  return { rootfs, database }
}

/** The entries at some places, each of which must have one. */
export async function entriesAt(rootfs: RootFs, paths: readonly string[]): Promise<readonly Entry[]> {
  const found = await Promise.all(paths.map((path) => rootfs.lstat(path as RootPath)))
  return found.map((entry, index) => entry ?? assert.fail(`nothing lies at ${paths[index]}`))
}

/** What has each of these places, in their order. */
export async function owned(one: PackageCase, paths: readonly string[]): Promise<readonly Ownership[]> {
  const owners = await one.database.owners(await entriesAt(one.rootfs, paths))
  return paths.map((path) => owners.get(path as RootPath)).filter((ownership) => ownership !== undefined)
}

/** The label of the package of each place; undefined for those without one. */
export async function labels(
  tree: Readonly<Record<string, MemoryNode>>,
  ...paths: readonly string[]
): Promise<readonly (string | undefined)[]> {
  const { rootfs, database } = await opened(tree)
  const owners = await database.owners(await entriesAt(rootfs, paths))
  return paths.map((path) => owners.get(path as RootPath)?.package.label)
}

/** The reduced database of a tree for the packages of some places: text by path. */
export async function reduced(
  tree: Readonly<Record<string, MemoryNode>>,
  ...paths: readonly string[]
): Promise<Readonly<Record<string, string>>> {
  const one = await opened(tree)
  return textsOf((await one.database.reduced?.(await owned(one, paths))) ?? [])
}

function textsOf(files: readonly GeneratedFile[]): Readonly<Record<string, string>> {
  return Object.fromEntries(files.map(({ path, bytes }) => [path, Buffer.from(bytes).toString('latin1')]))
}
