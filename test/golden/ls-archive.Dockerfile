# Lifted by liftbin from docker-archive:/srv/it's one.tar
#   linux/amd64, sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef
#   /usr/bin/ls
# First: docker load -i '/srv/it'\''s one.tar' && docker tag sha256:0000000000000000000000000000000000000000000000000000000000000000 liftbin-src:0123456789ab
# Build: docker build --platform linux/amd64 - < Dockerfile

FROM liftbin-src:0123456789ab AS liftbin-source

FROM scratch
# the loader of /usr/bin/ls
COPY --from=liftbin-source ["/lib64/ld-linux-x86-64.so.2", "/lib64/ld-linux-x86-64.so.2"]
# 3 libraries of /usr/bin/ls, found in ld.so.cache
COPY --from=liftbin-source [ \
  "/lib/x86_64-linux-gnu/libc.so.6", \
  "/lib/x86_64-linux-gnu/libpcre2-8.so.0", \
  "/lib/x86_64-linux-gnu/libselinux.so.1", \
  "/lib/x86_64-linux-gnu/" \
]
# the program
COPY --from=liftbin-source ["/usr/bin/ls", "/usr/bin/ls"]

ENTRYPOINT ["/usr/bin/ls"]
