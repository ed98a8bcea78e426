import type { Verdict } from './needs-oracle.js'

/** Why some programs may do something else when they are lifted; one that does as in its own root needs none. */
interface NamedCause {
  readonly cause: string
  readonly programs?: readonly string[]
  readonly outcome?: Verdict['outcome']
}

const NAMED_CAUSES: readonly NamedCause[] = [
  { cause: 'wait for a terminal or for others, and were ended in their own root', outcome: 'endless' },
  { cause: 'tell the time or a number that is new each time', outcome: 'varies' },
  {
    cause: 'put the names of what they start or read together as they run, from the directories of the root',
    programs: [
      '/usr/bin/clusterdb',
      '/usr/bin/debconf-communicate',
      '/usr/bin/pg_config',
      '/usr/bin/typeprof3.1',
      '/usr/sbin/dpkg-preconfigure',
      '/usr/sbin/make-ssl-cert',
    ],
  },
  {
    cause: 'are written in Perl and start other programs, which is known of shell scripts alone',
    programs: [
      '/usr/bin/encguess',
      '/usr/bin/ptargrep',
      '/usr/sbin/pam-auth-update',
      '/usr/sbin/pg_updatedicts',
      '/usr/sbin/update-locale',
    ],
  },
  { cause: 'read the choices that update-alternatives keeps', programs: ['/usr/bin/select-editor'] },
  { cause: 'keep what they write at the home of their user', programs: ['/usr/bin/gpgcompose'] },
  {
    cause: 'read and change a file whose name stands behind a variable that is empty',
    programs: ['/usr/sbin/add-shell', '/usr/sbin/remove-shell'],
  },
  {
    cause: 'start programs that wait for a terminal or tell of hardware',
    programs: ['/usr/bin/vimtutor', '/usr/sbin/alsa-info', '/usr/sbin/alsabat-test'],
  },
]

/** The cause of a difference; undefined for one that nobody has looked at. */
export function causeOf({ path, outcome }: Verdict): string | undefined {
  const found = NAMED_CAUSES.find(
    ({ programs, outcome: known }) => known === outcome || programs?.includes(path),
  )
  return found?.cause
}
