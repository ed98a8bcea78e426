#!/bin/sh
# Runs a program of a root file system where it can do no harm, once for each argument:
#   confine.sh ROOT DEVICES RESULTS PROGRAM ARGUMENT...
# The root is seen as it is, with /proc and the few devices of the folder DEVICES; what is written to it is gone at
# the end. Processes, mounts, network and host name are its own. Leaves NUMBER.status, .stdout and .stderr in
# RESULTS; where TRACED is set, also NUMBER.trace, in which strace wrote down what was opened and started.
set -eu

if [ "$1" != --inside ]; then
  exec unshare --mount --pid --net --ipc --uts --fork --kill-child sh "$0" --inside "$@"
fi
shift
lower=$1 devices=$2 results=$3 program=$4
shift 4

scratch=$results/mounted
mkdir "$scratch"
mount -t tmpfs tmpfs "$scratch"
mkdir "$scratch/upper" "$scratch/work" "$scratch/root"
root=$scratch/root
mount -t overlay -o "lowerdir=$lower,upperdir=$scratch/upper,workdir=$scratch/work" overlay "$root"
mkdir -p "$root/proc" "$root/dev"
mount -t proc -o ro proc "$root/proc"
mount --bind "$devices" "$root/dev"
hostname confined

# What engines leave to a container's root, without making devices; and no file of more than a megabyte.
capabilities=-all,+chown,+dac_override,+fowner,+fsetid,+kill,+setgid,+setuid,+setpcap,+sys_chroot,+net_bind_service
ulimit -f 2048
ulimit -c 0

# Nothing of the caller's environment is there, and hashes have the same order each time.
confined() {
  $tracer env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 TERM=xterm \
    PERL_HASH_SEED=0 PYTHONHASHSEED=0 \
    timeout --kill-after=1 10 /usr/bin/setpriv --bounding-set="$capabilities" --inh-caps=-all \
    /usr/sbin/chroot "$root" "$@"
}

number=0
for argument in "$@"; do
  number=$((number + 1)) status=0
  result=$results/$number tracer=
  if [ -n "${TRACED:-}" ]; then
    tracer="strace --follow-forks --decode-fds=path --trace=open,openat,openat2,execve,execveat,chroot
      --status=successful --string-limit=4096 --quiet=all --output=$result.trace"
  fi
  confined "$program" "$argument" </dev/null >"$result.stdout" 2>"$result.stderr" || status=$?
  echo "$status" >"$result.status"
done
