#!/usr/bin/env bash
# Builds the root file systems that the benchmark looks at from Debian packages:  roots.sh FOLDER
# Needs root, mmdebstrap and a Debian mirror (LIFTBIN_BENCH_MIRROR). A root that exists is kept.
set -euo pipefail
folder=${1:?names the folder to fill}
mirror=${LIFTBIN_BENCH_MIRROR:-http://deb.debian.org/debian}

# build NAME PACKAGES: installed and configured, since some libraries are reached by links that packages make.
build() {
  local root=$folder/$1
  [ ! -e "$root" ] || return 0
  rm -rf "$root.part"
  mmdebstrap --quiet --mode=root --variant=minbase --include="$2" bookworm "$root.part" "$mirror"
  rm -rf "$root.part"/dev/*
  mv "$root.part" "$root"
}

mkdir -p "$folder"
build curl curl
build ffmpeg curl,ffmpeg
# Some 5 GB, which take a quarter of an hour.
[ -z "${LIFTBIN_BENCH_LARGE:-}" ] || build large "curl,libreoffice-writer,libreoffice-calc,chromium,ghc,\
openjdk-17-jdk-headless,golang-go,rustc,clang,lldb,gcc-aarch64-linux-gnu,g++-arm-linux-gnueabihf,inkscape,blender,\
krita,r-base-core,octave,thunderbird,firefox-esr,mono-complete"
