# Lifted by liftbin from dir:/srv/my root
#   linux/amd64, sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef
#   /usr/bin/ls
# Build: docker build -f Dockerfile '/srv/my root'
# COPY from a build context gives all files to root; the legacy builder drops setuid bits as well.

FROM scratch
# the loader of /usr/bin/ls
COPY ["/usr/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2", "/lib64/ld-linux-x86-64.so.2"]
# 3 libraries of /usr/bin/ls, found in ld.so.cache
COPY [ \
  "/usr/lib/x86_64-linux-gnu/libc.so.6", \
  "/usr/lib/x86_64-linux-gnu/libpcre2-8.so.0", \
  "/usr/lib/x86_64-linux-gnu/libselinux.so.1", \
  "/lib/x86_64-linux-gnu/" \
]
# the program
COPY ["/usr/bin/ls", "/usr/bin/ls"]

ENTRYPOINT ["/usr/bin/ls"]
