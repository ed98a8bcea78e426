import { decodeText } from '../bytes.js'
import { LiftError } from '../errors.js'
import { follow } from '../rootfs/follow.js'
import type { RootFs } from '../rootfs/rootfs.js'

/** Whose rights a program has, in numbers. */
export interface Account {
  readonly uid: number
  /** The first one is the group itself, the others are supplementary. */
  readonly gids: readonly number[]
  readonly home: string
}

/**
 * What a USER line means in a root: `user[:group]`, as numbers or as names of its own passwd and group files.
 * Throws LiftError 'file-not-found' for a name that is in neither.
 */
export async function accountOf(rootfs: RootFs, user: string | undefined): Promise<Account> {
  const [name, group] = (user || '0').split(':')
  const [passwd, groups] = await Promise.all(
    (['/etc/passwd', '/etc/group'] as const).map((path) => recordsOf(rootfs, path)),
  )
  const record = passwd!.find(([own, , id]) => own === name || id === name)
  const uid = numberOf(name) ?? numberOf(record?.[2]) ?? unknown('user', name!)
  const home = record?.[5] || '/'
  if (group) {
    const other = groups!.find(([own]) => own === group)
    return { uid, gids: [numberOf(group) ?? numberOf(other?.[2]) ?? unknown('group', group)], home }
  }
  const memberships = groups!.filter(([, , , members = '']) => isListed(record?.[0], members))
  const gids = [numberOf(record?.[3]) ?? 0, ...memberships.map(([, , gid]) => numberOf(gid) ?? 0)]
  return { uid, gids: [...new Set(gids)], home }
}

function isListed(name: string | undefined, members: string): boolean {
  return name !== undefined && members.split(',').includes(name)
}

/** Most bytes of such a file that are read. */
const LONGEST = 1 << 20

async function recordsOf(rootfs: RootFs, path: string): Promise<readonly (readonly string[])[]> {
  const { end } = await follow(rootfs, path)
  if (end?.kind !== 'file') return []
  const text = decodeText(await rootfs.open(end).read(0, LONGEST))
  return text
    .split('\n')
    .map((line) => line.split(':'))
    .filter(([name, , id]) => name !== '' && id !== undefined)
}

function numberOf(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,10}$/.test(text) && Number(text) < 2 ** 32 - 1
    ? Number(text)
    : undefined
}

function unknown(kind: 'user' | 'group', name: string): never {
  throw new LiftError('file-not-found', `there is no ${kind} ${JSON.stringify(name)} in the root`, {
    hint: `Use its number, or lift /etc/${kind === 'user' ? 'passwd' : 'group'} along by --include.`,
  })
}
