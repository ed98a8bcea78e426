import { envOf } from '../image/config.js'
import type { Image } from '../image/image.js'
import type { RootFs } from '../rootfs/rootfs.js'
import { accountOf } from './account.js'
import { type Finding, finding } from './finding.js'
import type { LiftedImage } from './lift.js'

/** How a new image keeps its source's user, and what of that one it cannot keep. */
export interface KeptUser extends Pick<LiftedImage, 'userNumbers' | 'userHome'> {
  readonly findings: readonly Finding[]
}

/** The user of an image in a lifted root, whose files may say of it all, something, or nothing. */
export async function keptUser({ config, rootfs }: Image, lifted: RootFs): Promise<KeptUser> {
  const { user = '' } = config
  if (user === '') return { findings: [] }
  const account = await accountOf(rootfs, user)
  if ('unknown' in account) return { findings: [finding({ kind: 'user-unknown', user })] }
  const { uid, gids, home } = account
  const [gid, ...groups] = gids
  const byNumber = await accountOf(lifted, `${uid}`)
  const isAtHome = 'home' in byNumber && byNumber.home === home
  // Whoever names a group is in no others.
  const isAlone = groups.length === 0
  const isInAll = 'gids' in byNumber && byNumber.gids.join() === gids.join()
  return {
    userNumbers: isAlone || !isInAll ? `${uid}:${gid}` : `${uid}`,
    ...(isAtHome || envOf(config, 'HOME') ? {} : { userHome: home }),
    findings: isAlone || isInAll ? [] : [finding({ kind: 'groups-lost', user, groups })],
  }
}
