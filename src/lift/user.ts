import { decodeText } from '../bytes.js'
import type { RootFiles } from '../loader/files.js'

/**
 * The user of an image as `UID:GID`, which needs no files where it is used; undefined where the image's own
 * `/etc/passwd` and `/etc/group` do not say who it is. A number needs no line there; its group is then 0, as engines
 * have it (opencontainers/runc, libcontainer/user, GetExecUser).
 */
export async function numericUser(files: RootFiles, user: string): Promise<string | undefined> {
  const [name = '', group] = user.split(':')
  const account = findLine(await linesOf(files, '/etc/passwd'), name)
  const uid = account === undefined ? numberOf(name) : numberOf(account[2])
  const gid =
    group === undefined || group === ''
      ? (numberOf(account?.[3]) ?? '0')
      : (numberOf(findLine(await linesOf(files, '/etc/group'), group)?.[2]) ?? numberOf(group))
  return uid === undefined || gid === undefined ? undefined : `${uid}:${gid}`
}

/** What can be a number is one, even where a line has it for a name: engines take it so. */
function findLine(lines: readonly Line[], wanted: string): Line | undefined {
  const number = numberOf(wanted)
  return lines.find((line) => (number === undefined ? line[0] === wanted : numberOf(line[2]) === number))
}

type Line = readonly string[]

async function linesOf(files: RootFiles, path: string): Promise<readonly Line[]> {
  const { end } = await files.trail(path, '/')
  if (end?.kind !== 'file' || end.size > MOST_BYTES) return []
  const text = decodeText(await files.content(end))
  return text.split('\n').map((line) => line.split(':'))
}

/** Thousands of accounts; more is no list of accounts. */
const MOST_BYTES = 1 << 20

function numberOf(text: string | undefined): string | undefined {
  return text !== undefined && /^[0-9]{1,10}$/.test(text) && Number(text) < 2 ** 32
    ? `${Number(text)}`
    : undefined
}
