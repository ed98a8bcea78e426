#!/usr/bin/env bash
# Builds the root file systems that the end-to-end tests look at, one folder each, from Debian packages and a
# few small C programs:  roots.sh FOLDER [NAME...]
# Needs root, mmdebstrap, gcc, musl-gcc and a Debian mirror (LIFTBIN_E2E_MIRROR). A root that exists is kept.
set -euo pipefail

mirror=${LIFTBIN_E2E_MIRROR:-http://deb.debian.org/debian}
all=(many runs bookworm bullseye trixie arm64 armhf riscv64 s390x musl musl-path)

# Debian as images have it: installed and configured, with the programs the tests lift.
build_bookworm() {
  debian bookworm "$1" --variant=minbase --include=curl,git,perl,python3,ca-certificates
  add_cached_library "$1"
  add_origin_program "$1"
  add_setuid_program "$1"
  add_scripts "$1"
  compile gcc -static -o "$1/usr/local/bin/static-hello" <<<"$(hello 'static hello')"
}

# Some hundreds of packages, only unpacked: links that a maintainer script would make are missing, which is
# what the comparison with the real loader wants to see as well.
build_many() {
  debian bookworm "$1" --variant=extract --hook-dir=/usr/share/mmdebstrap/hooks/merged-usr \
    --include="$(printf '%s\n' "${many[@]}" | paste -sd,)"
  chroot "$1" /sbin/ldconfig
}

many=(
  bash coreutils util-linux procps e2fsprogs mount passwd login libpam-modules systemd udev dbus
  git perl python3 curl wget openssh-client openssh-server rsync strace ltrace tmux htop xorriso
  postgresql-15 postgresql-client-15 postgresql-plpython3-15 postgresql-plperl-15 sqlite3 mariadb-client-core
  nginx-core libnginx-mod-http-lua apache2-bin libapache2-mod-php8.2
  php8.2-cli php8.2-gd php8.2-mysql php8.2-intl php8.2-curl php8.2-xml
  ffmpeg vim-nox imagemagick-6.q16 libmagickcore-6.q16-6-extra gdb gdbserver
  samba samba-libs smbclient samba-vfs-modules
  openjdk-17-jre-headless ruby3.1 erlang-base tcl8.6 tk8.6 lua5.4 nodejs r-base-core r-cran-matrix
  python3-numpy python3-scipy python3-lxml python3-cryptography python3-pil
  gstreamer1.0-plugins-base gstreamer1.0-plugins-good gstreamer1.0-plugins-bad gstreamer1.0-plugins-ugly
  vlc-plugin-base netpbm postfix dovecot-core bind9 bind9-dnsutils iptables nftables collectd-core rsyslog squid
  swh-plugins cmt uwsgi-core uwsgi-plugin-python3 libsane1 libgphoto2-6 cups-filters cups-daemon ghostscript
  libgtk-3-bin libgtk-3-0 gimp libgl1-mesa-dri mesa-utils texlive-binaries graphviz
  binutils gcc-12 make libc6-i386 lib32stdc++6 libc6-x32 qemu-utils
  libqt5gui5 libqt5sql5-sqlite krb5-user libsasl2-modules slapd ldap-utils openvswitch-switch
  libreoffice-core libnss3 lvm2 btrfs-progs xfsprogs
)

# Several hundred programs as somebody would run them: installed, configured, with locales. The database has no
# cluster, since it takes long to make.
build_runs() {
  local without_cluster='mkdir -p "$1/etc/postgresql-common" &&
    echo create_main_cluster = false >"$1/etc/postgresql-common/createcluster.conf"'
  debian bookworm "$1" --variant=minbase --essential-hook="$without_cluster" \
    --include="$(printf '%s\n' "${runs[@]}" | paste -sd,)"
  chroot "$1" localedef -i en_US -f UTF-8 en_US.UTF-8
  chroot "$1" localedef -i de_DE -f ISO-8859-1 de_DE.ISO-8859-1
  add_services "$1"
}

runs=(
  bash coreutils util-linux procps e2fsprogs mount passwd login libpam-modules libpam-runtime systemd udev dbus
  less vim-nox nano tmux ncurses-bin ncurses-term file gawk bsdextrautils bsdmainutils tree
  tar gzip bzip2 xz-utils zstd zip unzip cpio rsync
  git perl python3 ruby nodejs lua5.4 tcl8.6
  curl wget ca-certificates openssl gnupg gnutls-bin openssh-client openssh-server sudo
  nginx-light postgresql-15 postgresql-client-15 sqlite3 jq
  iproute2 iputils-ping bind9-dnsutils bind9-host netcat-openbsd socat tcpdump nftables
  krb5-user ldap-utils libsasl2-modules imagemagick-6.q16 alsa-utils
  locales tzdata netbase libc-bin make gettext-base
)

# Another glibc, before and after the one above.
build_bullseye() { build_small bullseye "$1" && chroot "$1" /sbin/ldconfig; }
build_trixie() { build_small trixie "$1" && chroot "$1" /sbin/ldconfig; }

# Nothing in these is ever run natively; they have no ld.so.cache.
build_arm64() { build_small bookworm "$1" --architectures=arm64; }
build_armhf() { build_small bookworm "$1" --architectures=armhf; }
build_s390x() { build_small bookworm "$1" --architectures=s390x; }
build_riscv64() { build_small trixie "$1" --architectures=riscv64 || build_from_cross_packages riscv64 "$1"; }

# Mirrors carry some architectures late or out of step for a while. The cross compiler's libraries are the same
# files in a package for every architecture: fewer of them, but the loader and what it loads.
build_from_cross_packages() {
  local arch=$1 root=$2 triplet=$1-linux-gnu scratch=$2.cross
  echo "note: $arch comes from the packages of the cross compiler"
  rm -rf "$root" "$scratch"
  debian bookworm "$scratch" --variant=extract --include="libc6-$arch-cross,libstdc++6-$arch-cross"
  mkdir -p "$root/lib"
  mv "$scratch/usr/$triplet/lib" "$root/lib/$triplet"
  mv "$root/lib/$triplet"/ld-linux-*.so.* "$root/lib/"
  rm -rf "$scratch"
}

build_small() {
  local suite=$1 root=$2
  shift 2
  debian "$suite" "$root" --variant=extract --include=bash,coreutils,curl,git,perl,libc-bin,ca-certificates "$@"
}

# musl as Alpine lays it out: the loader is the libc, and there is no path file.
build_musl() {
  install -D "$(musl_libc)" "$1/lib/ld-musl-x86_64.so.1"
  ln -s ld-musl-x86_64.so.1 "$1/lib/libc.musl-x86_64.so.1"
  ln -s ld-musl-x86_64.so.1 "$1/lib/libc.so"
  add_musl_programs "$1" /usr/lib
}

# musl as Debian lays it out: the loader is a link, and a path file replaces the default directories.
build_musl-path() {
  local libraries=/usr/lib/x86_64-linux-musl
  install -D "$(musl_libc)" "$1$libraries/libc.so"
  mkdir -p "$1/lib" "$1/etc"
  ln -s "$libraries/libc.so" "$1/lib/ld-musl-x86_64.so.1"
  printf '%s\n' /lib/x86_64-linux-musl "$libraries" >"$1/etc/ld-musl-x86_64.path"
  add_musl_programs "$1" "$libraries"
  compile musl-gcc -shared -fPIC -Wl,-soname,libunreachable.so.1 -o "$1/usr/lib/libunreachable.so.1" \
    <<<'int unreachable(void) { return 0; }'
  compile musl-gcc -o "$1/usr/bin/unreachable" "$1/usr/lib/libunreachable.so.1" \
    <<<'int unreachable(void); int main(void) { return unreachable(); }'
}

# debian SUITE FOLDER OPTION...
debian() {
  local suite=$1 root=$2
  shift 2
  mmdebstrap --quiet --mode=root "$@" "$suite" "$root" "$mirror" || return
  rm -rf "$root"/usr/share/{doc,locale,man,info} "$root"/dev/*
}

# A library in a directory that nothing but ld.so.cache names.
add_cached_library() {
  mkdir -p "$1"/opt/cached/{bin,lib}
  compile gcc -shared -fPIC -Wl,-soname,libgreeting.so.1 -o "$1/opt/cached/lib/libgreeting.so.1" \
    <<<'const char *greeting(void) { return "found by the cache"; }'
  compile gcc -o "$1/opt/cached/bin/cached" "$1/opt/cached/lib/libgreeting.so.1" \
    <<<'#include <stdio.h>
const char *greeting(void); int main(void) { puts(greeting()); return 0; }'
  echo /opt/cached/lib >"$1/etc/ld.so.conf.d/cached.conf"
  chroot "$1" /sbin/ldconfig
}

# A private library next to the program, and a link by which the program is started.
add_origin_program() {
  mkdir -p "$1"/opt/origin/{bin,lib}
  compile gcc -shared -fPIC -Wl,-soname,liborigin.so.1 -o "$1/opt/origin/lib/liborigin.so.1" \
    <<<'const char *origin(void) { return "found beside the program"; }'
  compile gcc -o "$1/opt/origin/bin/origin" '-Wl,--enable-new-dtags,-rpath,$ORIGIN/../lib' \
    "$1/opt/origin/lib/liborigin.so.1" \
    <<<'#include <stdio.h>
const char *origin(void); int main(void) { puts(origin()); return 0; }'
  ln -s ../../../opt/origin/bin/origin "$1/usr/local/bin/origin"
}

add_setuid_program() {
  compile gcc -o "$1/usr/local/bin/whoruns" \
    <<<'#include <stdio.h>
#include <unistd.h>
int main(void) { printf("uid %d euid %d\n", (int)getuid(), (int)geteuid()); return 0; }'
  chmod 4755 "$1/usr/local/bin/whoruns"
}

# What whoever runs services adds to such a system: an authority of their own, someone who may log in, a site on a
# port for everyone, a time zone, a locale. In /srv lies what servers and their clients are given at the start.
add_services() {
  unshare --mount sh -euc 'mount --bind /dev "$1/dev" && exec chroot "$1" bash -euo pipefail' sh "$1" <<'SH'
localedef -i de_DE -f UTF-8 de_DE.UTF-8
ln -sf /usr/share/zoneinfo/Europe/Berlin /etc/localtime
useradd --create-home --shell /bin/sh someone
echo someone:open-sesame | chpasswd
sed -i 's/listen 80 /listen 8080 /; /listen \[::\]/d' /etc/nginx/sites-available/default
sed -i 's,^pid .*,pid /tmp/nginx.pid;,' /etc/nginx/nginx.conf
mkdir -p /srv/{tls,www,ssh,source}
echo 'served as asked' | tee /srv/www/page.txt >/var/www/html/page.txt
cd /srv/tls
openssl req -x509 -newkey rsa:2048 -nodes -days 36500 -subj '/CN=an authority of tests' \
  -addext 'basicConstraints=critical,CA:TRUE' -keyout authority.key -out authority.crt 2>/dev/null
openssl req -x509 -newkey rsa:2048 -nodes -days 36500 -subj '/CN=localhost' -CA authority.crt -CAkey authority.key \
  -addext 'basicConstraints=critical,CA:FALSE' -addext 'subjectAltName=DNS:localhost' \
  -keyout server.key -out server.crt 2>/dev/null
cp authority.crt /usr/local/share/ca-certificates/
update-ca-certificates >/dev/null 2>&1
ssh-keygen -q -t ed25519 -N '' -f /srv/ssh/host_key
printf '#!/bin/sh\necho open-sesame\n' >/srv/ssh/password
chmod 755 /srv/ssh/password
cd /srv/source
git init --quiet --initial-branch=main
seq 1000 >numbers
git add .
git -c user.name=Someone -c user.email=someone@localhost commit --quiet --message=count
install -d -o postgres /srv/database
/sbin/runuser -u postgres -- /usr/lib/postgresql/15/bin/initdb --no-sync --auth=trust /srv/database >/dev/null
SH
  compile gcc -o "$1/usr/local/bin/weekday" <<<'#include <langinfo.h>
#include <locale.h>
#include <stdio.h>
#include <time.h>
int main(void) {
  char day[64];
  time_t then = 0;
  const char *name = setlocale(LC_ALL, "");
  strftime(day, sizeof day, "%A, %B", gmtime(&then));
  printf("%s %s %s %.1f\n", name ? name : "no locale", nl_langinfo(CODESET), day, 0.5);
  return !name;
}'
}

add_scripts() {
  cat >"$1/usr/local/bin/hello.py" <<'PY'
#!/usr/bin/env python3
import sys
print("hello from python", sys.version_info.major, *sys.argv[1:])
PY
  cat >"$1/usr/local/bin/hello.sh" <<'SH'
#!/bin/sh -e
echo "hello from sh" "$@"
case $- in *e*) echo "with -e" ;; esac
SH
  chmod 755 "$1"/usr/local/bin/hello.{py,sh}
}

# add_musl_programs FOLDER DIRECTORY-OF-SYSTEM-LIBRARIES
# `chain` has a search path, the library in it has none and needs one from the same place: musl inherits.
add_musl_programs() {
  local root=$1 system=$2 private=/opt/chain/lib
  mkdir -p "$root/usr/bin" "$root$system" "$root$private"
  compile musl-gcc -o "$root/usr/bin/hello" <<<"$(hello 'hello from musl')"
  compile musl-gcc -static -o "$root/usr/bin/static-hello" <<<"$(hello 'static hello from musl')"
  compile musl-gcc -shared -fPIC -Wl,-soname,libfar.so.1 -o "$root$private/libfar.so.1" \
    <<<'const char *far(void) { return "far"; }'
  compile musl-gcc -shared -fPIC -Wl,-soname,libnear.so.1 -o "$root$private/libnear.so.1" "$root$private/libfar.so.1" \
    <<<'const char *far(void); const char *near(void) { return far(); }'
  compile musl-gcc -shared -fPIC -Wl,-soname,libsystem.so.1 -o "$root$system/libsystem.so.1" \
    <<<'const char *system_wide(void) { return "system"; }'
  compile musl-gcc -o "$root/usr/bin/chain" "-Wl,--enable-new-dtags,-rpath,$private" "-Wl,-rpath-link,$root$private" \
    "$root$private/libnear.so.1" "$root$system/libsystem.so.1" \
    <<<'#include <stdio.h>
const char *near(void); const char *system_wide(void);
int main(void) { printf("%s %s\n", near(), system_wide()); return 0; }'
  compile musl-gcc -o "$root/usr/bin/lost" "-Wl,-rpath-link,$root$private" "$root$private/libnear.so.1" \
    <<<'const char *near(void); int main(void) { return near()[0]; }'
}

musl_libc() { echo /usr/lib/x86_64-linux-musl/libc.so; }

hello() { printf '#include <stdio.h>\nint main(int argc, char **argv) { puts("%s"); return argc > 9; }\n' "$1"; }

# compile COMPILER OPTION... reads C from stdin; libraries given by path are recorded by their soname.
compile() {
  local compiler=$1
  shift
  "$compiler" -O1 -w -Wl,--no-as-needed -x c - -x none "$@"
}

build_one() {
  local folder=$1 name=$2
  [ ! -e "$folder/$name" ] || return 0
  local started=$SECONDS
  # A download can fail for a moment, so there is a second try.
  for try in 1 2; do
    rm -rf "$folder/$name.part"
    mkdir -p "$folder/$name.part"
    if (build "$folder" "$name") >"$folder/$name.log" 2>&1; then
      mv "$folder/$name.part" "$folder/$name"
      echo "root $name: $((SECONDS - started)) s"
      grep '^note:' "$folder/$name.log" || true
      return 0
    fi
  done
  echo "root $name cannot be built:" >&2
  tail -n 20 "$folder/$name.log" >&2
  return 1
}

# A shell of its own, because -e does not count inside of a condition.
build() { bash -euo pipefail "${BASH_SOURCE[0]}" --build "$2" "$1/$2.part"; }

case ${1:-} in
  '') echo "usage: roots.sh FOLDER [NAME...]" >&2 && exit 2 ;;
  --build) "build_$2" "$3" ;;
  --one) build_one "$2" "$3" ;;
  *)
    folder=$(mkdir -p "$1" && cd "$1" && pwd)
    shift
    [ $# -gt 0 ] || set -- "${all[@]}"
    printf '%s\n' "$@" | xargs -P 2 -I NAME "${BASH_SOURCE[0]}" --one "$folder" NAME
    ;;
esac
