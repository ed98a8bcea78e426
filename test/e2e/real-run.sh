#!/usr/bin/env bash
# Runs commands in a root file system, with servers and clients of another root beside it:
#   real-run.sh ROOT IMAGE FOLDER STEPS
# STEPS is a text of bash: `here COMMAND...` runs in ROOT, `there COMMAND...` in IMAGE, both with a loopback network and
# what engines mount: /proc, /dev, resolv.conf, hosts. Both roots can be written to; what is written is gone at the
# end, and so are all processes. Where TRACED is set, strace writes what happens `here` to FOLDER/trace.
set -euo pipefail

if [ "$1" != --inside ]; then
  exec unshare --mount --pid --net --ipc --uts --fork --kill-child --mount-proc bash "$0" --inside "$@"
fi
shift
root=$1 image=$2 folder=$3 steps=$4
space=$folder/space

prepare() {
  ip link set lo up
  # Names have addresses only where an interface has one that is not of the loopback network.
  ip address add 192.0.2.1/32 dev lo
  hostname loopback
  mkdir -p "$space"
  mount -t tmpfs tmpfs "$space"
  view "$root" here
  view "$image" there
}

# view ROOT NAME
view() {
  local at=$space/$2
  mkdir -p "$at"/{upper,work,root}
  mount -t overlay overlay -o "lowerdir=$1,upperdir=$at/upper,workdir=$at/work" "$at/root"
  mkdir -p "$at"/root/{proc,dev,etc}
  mount -t proc proc "$at/root/proc"
  mount --rbind /dev "$at/root/dev"
  rm -f "$at"/root/etc/{resolv.conf,hosts}
  echo 'nameserver 127.0.0.1' >"$at/root/etc/resolv.conf"
  echo '127.0.0.1 localhost loopback' >"$at/root/etc/hosts"
}

here() { "${trace[@]}" chroot "${as[@]}" "$space/here/root" "$@"; }
there() { chroot "$space/there/root" "$@"; }

# as USER-ID COMMAND... : `here` as another user.
as() {
  local as=("--userspec=$1:$1" --groups=)
  shift
  here "$@"
}
as=()
trace=()
[ -z "${TRACED:-}" ] || trace=(strace -qq -f -y -A -o "$folder/trace" -e trace=%file -e signal=none)

# lend PATH... : the image's files as an operator's mounts.
lend() {
  local path
  for path in "$@"; do
    mkdir -p "$space/here/root$path"
    mount --bind "$space/there/root$path" "$space/here/root$path"
  done
}

# room OWNER PATH... : empty directories in memory, as an operator's mounts.
room() {
  local owner=$1 path
  shift
  for path in "$@"; do
    mkdir -p "$space/here/root$path"
    mount -t tmpfs -o "uid=$owner,gid=$owner,mode=755" tmpfs "$space/here/root$path"
  done
}

# serve PROTOCOL PORT COMMAND... : in the background for as long as the steps go on; waits until it listens.
serve() {
  local protocol=$1 port state=0A server
  port=$(printf ':%04X' "$2")
  [ "$protocol" = tcp ] || state=07
  shift 2
  "$@" </dev/null >>"$folder/servers.log" 2>&1 &
  server=$!
  until grep -Eq "$port 0+:0000 $state" "/proc/net/$protocol" "/proc/net/${protocol}6"; do
    kill -0 "$server" 2>/dev/null || exit 99
    sleep 0.02
  done
}

# terminal COMMAND... : `here` on a terminal at which nobody types; gives what it shows. TERMINAL is terminal.c.
terminal() { "$TERMINAL" "${trace[@]}" chroot "$space/here/root" "$@"; }

prepare
eval "$steps"
