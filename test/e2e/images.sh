#!/usr/bin/env bash
# Imports the root file systems of roots.sh as images into the engine that DOCKER_HOST names.
set -euo pipefail
roots=${LIFTBIN_E2E_ROOTS:?names the folder that roots.sh has filled}
path=PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin

contents() { tar --numeric-owner --xattrs -C "$roots/$1" -c .; }

# import NAME OPTION...
import() {
  local name=$1
  shift
  contents "$name" | docker import "$@" - "liftbin-e2e/$name:latest" >/dev/null
  echo "image liftbin-e2e/$name"
}

# build_foreign ARCHITECTURE: an import records the engine's own architecture, a build the one it is told.
build_foreign() {
  local context
  context=$(mktemp -d)
  contents "$1" >"$context/root.tar"
  printf '%s\n' 'FROM scratch' 'ADD root.tar /' "ENV $path" 'CMD ["bash"]' >"$context/Dockerfile"
  DOCKER_BUILDKIT=1 docker build --quiet --platform "linux/$1" --tag "liftbin-e2e/$1:latest" "$context" >/dev/null
  rm -rf "$context"
  echo "image liftbin-e2e/$1"
}

# build_compiler: Debian's image with the C compiler that this machine has installed, as its packages list it.
build_compiler() {
  local context
  context=$(mktemp -d)
  comm -23 <(compiler_packages) <(packages_of_root) | xargs dpkg-query -L | grep '^/usr/' | grep -v '^/usr/share/' |
    while read -r path; do if [ -f "$path" ]; then echo "$path"; fi; done |
    tar --numeric-owner -C / -c -P -T - -f "$context/compiler.tar"
  printf '%s\n' 'FROM liftbin-e2e/bookworm' 'ADD compiler.tar /' >"$context/Dockerfile"
  DOCKER_BUILDKIT=1 docker build --quiet --tag liftbin-e2e/gcc:latest "$context" >/dev/null
  rm -rf "$context"
  echo "image liftbin-e2e/gcc"
}

compiler_packages() {
  apt-cache depends --recurse --installed --important gcc libc6-dev | grep '^[a-z0-9]' | sort -u
}

packages_of_root() {
  dpkg-query --admindir="$roots/bookworm/var/lib/dpkg" -W -f '${Package}\n' | sort -u
}

import bookworm -c "ENV $path" -c 'CMD ["bash"]'
import musl -c "ENV $path" -c 'CMD ["/usr/bin/hello"]'
build_foreign arm64
build_compiler
