import { LiftError } from '../errors.js'
import { type Account, accountOf } from '../lift/account.js'
import type { RootFs } from '../rootfs/rootfs.js'

/** Whose rights a program of a root has. Throws LiftError 'file-not-found' for a name that its files do not know. */
export async function knownAccount(rootfs: RootFs, user: string | undefined): Promise<Account> {
  const account = await accountOf(rootfs, user)
  if (!('unknown' in account)) return account
  const { unknown, name } = account
  throw new LiftError('file-not-found', `there is no ${unknown} ${JSON.stringify(name)} in the root`, {
    hint: `Use its number, or lift /etc/${unknown === 'user' ? 'passwd' : 'group'} along by --include.`,
  })
}
