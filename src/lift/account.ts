import { decodeText } from '../bytes.js'
import { follow } from '../rootfs/follow.js'
import type { RootPath } from '../rootfs/path.js'
import type { RootFs } from '../rootfs/rootfs.js'

/** Whose rights a program has, in numbers. */
export interface Account {
  readonly uid: number
  /** The first one is the group itself, the others are supplementary. */
  readonly gids: readonly number[]
  readonly home: string
}

/** What neither a root's files know nor is a number. */
export interface Stranger {
  readonly unknown: 'user' | 'group'
  readonly name: string
}

/**
 * What a USER line, `user[:group]`, means in a root; nothing said is root. As engines have it (moby/sys/user,
 * GetExecUser): what can be a number is one and never a name; of several lines the first counts; a number needs no
 * line, and its group is then 0; only who names no group has supplementary ones. The home is that of the first line
 * with the same number, since by that runc looks it up.
 */
export async function accountOf(rootfs: RootFs, user: string | undefined): Promise<Account | Stranger> {
  const [name = '', group = ''] = (user || '0').split(':')
  const [users, groups] = await Promise.all([linesOf(rootfs, '/etc/passwd'), linesOf(rootfs, '/etc/group')])
  const line = findLine(users, name)
  const uid = numberOf(line === undefined ? name : line[2])
  if (uid === undefined) return { unknown: 'user', name }
  const home = findLine(users, String(uid))?.[5] || '/'
  if (group === '') return { uid, gids: groupsOf(line, groups), home }
  const gid = numberOf(findLine(groups, group)?.[2]) ?? numberOf(group)
  return gid === undefined ? { unknown: 'group', name: group } : { uid, gids: [gid], home }
}

/** A line of such a file; the number is its third field. */
type Line = readonly string[]

function findLine(lines: readonly Line[], wanted: string): Line | undefined {
  const number = numberOf(wanted)
  return lines.find((line) => (number === undefined ? line[0] === wanted : numberOf(line[2]) === number))
}

/** That of the line itself, and those that have its name among their members. */
function groupsOf([name = '', , , gid]: Line = [], groups: readonly Line[]): readonly number[] {
  const isMember = ([, , , members = '']: Line) => name !== '' && members.split(',').includes(name)
  const ids = [gid, ...groups.filter(isMember).map((group) => group[2])]
  return [...new Set(ids.map((id) => numberOf(id) ?? 0))]
}

/** Ten thousands of accounts; more is no list of accounts. */
const MOST_BYTES = 1 << 20

async function linesOf(rootfs: RootFs, path: RootPath): Promise<readonly Line[]> {
  const { end } = await follow(rootfs, path)
  if (end?.kind !== 'file' || end.size > MOST_BYTES) return []
  const text = decodeText(await rootfs.open(end).read(0, end.size))
  return text.split('\n').map((line) => line.trim().split(':'))
}

/** The highest number stands for no user at all (chown(2)). */
const NOBODY = 2 ** 32 - 1

function numberOf(text: string | undefined): number | undefined {
  return text !== undefined && /^[0-9]{1,10}$/.test(text) && Number(text) < NOBODY ? Number(text) : undefined
}
