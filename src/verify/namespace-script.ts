/**
 * The first process in the new namespaces: puts a layer of its own over the root, which takes all that is written,
 * and what engines put into each container; then it starts the program by way of ENTER. It stays, so that nothing is left
 * when it is killed: the kernel forgets whom a process dies with when that changes its user or gains capabilities.
 * Arguments: the root, an empty directory, the size of the layer in bytes, ENTER, CAPABILITIES, and those of ENTER.
 */
export const PREPARE = `set -e
exec 4>&2 2>&3
root=$1 over=$2 size=$3 enter=$4 capabilities=$5; shift 5
mount -t tmpfs -o "mode=755,size=$size" tmpfs "$over"
cd "$over"
mkdir upper work root
cd "$root"
for options in "" userxattr,; do
  mount -t overlay -o "\${options}lowerdir=.,upperdir=$over/upper,workdir=$over/work" overlay "$over/root" && break
  [ -z "$options" ] || exit 1
done
cd "$over/root"
for name in proc dev etc; do
  [ ! -L $name ] || { echo "/$name of the root is a link" >&3; exit 1; }
  mkdir -p $name
done
# Without root, what belongs to others stays as it is.
if rm -f etc/hosts etc/hostname etc/resolv.conf; then
  printf '127.0.0.1\\tlocalhost\\n::1\\tlocalhost\\n127.0.0.1\\tverify\\n' > etc/hosts || :
  echo verify > etc/hostname || :
  : > etc/resolv.conf || :
fi
hostname verify 2>/dev/null || :
mount -t proc -o ro,nosuid,nodev,noexec proc proc
mount -t tmpfs -o mode=755,nosuid,size=64k tmpfs dev
for name in null zero full random urandom tty; do
  : > dev/$name
  mount --bind /dev/$name dev/$name
done
ln -s /proc/self/fd dev/fd
ln -s fd/0 dev/stdin
ln -s fd/1 dev/stdout
ln -s fd/2 dev/stderr
mkdir dev/shm
mount -t tmpfs -o mode=1777,nosuid,nodev,size=64m tmpfs dev/shm
perl -e 'use Socket; socket my $s, AF_INET, SOCK_DGRAM, 0; my $up = pack "a16 s x14", "lo", 1; ioctl $s, 0x8914, $up' || :
mount -n --move . /
setpriv --inh-caps=-all --bounding-set="-all,$capabilities" perl -e "$enter" "$@" 2>&4 4>&-
exit $?`

/**
 * Perl, because what sets the variables of the image has to be what changes root and user: a program of the host
 * would heed them. Arguments: user ID, group IDs, working directory, number of variables, variables, the command.
 */
export const ENTER = `use Fcntl; use POSIX ();
open my $say, '>&=', 3 or die; fcntl $say, F_SETFD, FD_CLOEXEC; $say->autoflush(1);
opendir my $open, '/proc/self/fd' or die; my @open = readdir $open; closedir $open;
for (@open) { POSIX::close($_) if /^\\d+$/ && $_ > 3 }
sub fail { print $say "$_[0]\\n"; exit 125 }
my ($uid, $groups, $workdir, $count) = splice @ARGV, 0, 4;
my @env = splice @ARGV, 0, $count;
chroot '.' and chdir '/' or fail "chroot: $!";
my $here = '';
for (split '/', $workdir) { next if $_ eq ''; $here .= "/$_"; mkdir $here, 0755 }
chdir $workdir or fail "the working directory: $!";
my ($gid) = split ' ', $groups;
if ($uid ne '') {
  $) = "$gid $groups"; POSIX::setgid($gid); POSIX::setuid($uid);
  fail 'cannot become the user' unless "$< $>" eq "$uid $uid";
}
%ENV = (); for (@env) { my ($name, $value) = split /=/, $_, 2; $ENV{$name} = $value }
print $say "ready\\n";
exec { $ARGV[0] } @ARGV; print $say "failed: $!\\n"; POSIX::_exit(127)`

/**
 * What Docker leaves to the superuser of a container, but for CAP_MKNOD, since no control group forbids the devices
 * here. Programs with the setuid bit and with capabilities keep their effect.
 */
export const CAPABILITIES = [
  ...['chown', 'dac_override', 'fowner', 'fsetid', 'kill', 'setgid', 'setuid', 'setpcap'],
  ...['net_bind_service', 'net_raw', 'sys_chroot', 'audit_write', 'setfcap'],
]
  .map((name) => `+${name}`)
  .join(',')
