import { decodeText } from '../bytes.js'
import { LiftError } from '../errors.js'
import type { ConfinedCommand, ConfinedResult } from '../image/image.js'
import { oneLine } from './engine-errors.js'

/** How long a command may run in milliseconds, and how much it may print in bytes. */
export const CONFINED_TIME = 30_000
export const CONFINED_OUTPUT = 1 << 20

/**
 * Runs a program in a directory as its root: as nobody, without a way to more rights, on a read-only mount, with
 * namespaces of its own (an empty network, no other processes). Needs root. Throws LiftError 'unsupported',
 * 'limit', 'interrupted'.
 */
export async function runInChroot(directory: string, command: ConfinedCommand): Promise<ConfinedResult> {
  const { argv, env, user, signal } = command
  if (process.getuid?.() !== 0) {
    throw new LiftError('unsupported', 'running a program of a directory takes chroot, which needs root')
  }
  if (user === 'superuser') {
    throw new LiftError(
      'unsupported',
      'in a chroot it runs as nobody (65534), who may not read or start all it takes',
    )
  }
  const { execa } = await import('execa')
  const inner = [...Object.entries(env).map(([name, value]) => `${name}=${value}`), '--', ...argv]
  const result = await execa(
    CONFINEMENT[0],
    [...CONFINEMENT.slice(1), PREPARE, directory, ENTER, directory, ...inner],
    {
      env: { PATH, LC_ALL: 'C' },
      extendEnv: false,
      stdin: 'ignore',
      encoding: 'buffer',
      reject: false,
      timeout: CONFINED_TIME,
      maxBuffer: CONFINED_OUTPUT,
      // unshare waits through gentler signals; its death is that of everything inside.
      killSignal: 'SIGKILL',
      ...(signal === undefined ? {} : { cancelSignal: signal }),
    },
  )
  if (signal?.aborted) throw new LiftError('interrupted', 'interrupted while a program of the image ran')
  if (result.timedOut) throw new LiftError('limit', `${argv[0]} did not end within ${CONFINED_TIME / 1000} s`)
  if (result.isMaxBuffer) throw new LiftError('limit', `${argv[0]} prints without end`)
  if (result.code === 'ENOENT') throw unprepared(`${CONFINEMENT[0]} is not installed`)
  const stderr = decodeText(result.stderr)
  const status = result.exitCode ?? 128
  if (TROUBLE.test(stderr) && status !== 0) throw unprepared(oneLine(stderr))
  return { stdout: decodeText(result.stdout), stderr, status }
}

function unprepared(reason: string): LiftError {
  return new LiftError('unsupported', `the chroot cannot be prepared: ${reason}`)
}

const PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'

const CONFINEMENT = [
  ...['prlimit', '--core=0', '--nproc=256', '--data=1073741824', '--cpu=30', '--'],
  ...['setpriv', '--no-new-privs', '--'],
  ...['unshare', '--net', '--ipc', '--uts', '--pid', '--fork', '--kill-child', '--mount', '--'],
  ...['sh', '-c'],
] as const

/** The shell stays, as root and first process inside, so that nothing else is left when it is killed. */
const PREPARE = `mount --bind -- "$0" "$0" &&
mount -o remount,bind,ro,nosuid,nodev -- "$0" &&
perl -e "$@"
exit $?`

/**
 * Perl, because LD_TRACE_LOADED_OBJECTS makes a program like chroot(1) list its own libraries instead: what sets
 * the variables has to be the one that changes the root and the user.
 */
const ENTER = `use POSIX (); my $root = shift; %ENV = ();
while (($_ = shift) ne '--') { my ($name, $value) = split /=/, $_, 2; $ENV{$name} = $value }
chroot $root && chdir '/' or die "chroot: $!\\n";
$) = '65534 65534'; POSIX::setgid(65534); POSIX::setuid(65534);
die "chroot: still privileged\\n" unless "$< $> $( $)" eq '65534 65534 65534 65534 65534 65534';
exec { $ARGV[0] } @ARGV; print STDERR "$ARGV[0]: $!\\n"; exit 126`

/** The words of those who prepare the confinement, not of the program in it. */
const TROUBLE = /^(prlimit|setpriv|unshare|mount|sh|chroot): /
