# Lifted by liftbin from docker:debian:bookworm
#   linux/amd64, sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef
#   /usr/bin/ls
# For a FROM scratch below the stage build

# the loader of /usr/bin/ls
COPY --from=build ["/lib64/ld-linux-x86-64.so.2", "/lib64/ld-linux-x86-64.so.2"]
# 3 libraries of /usr/bin/ls, found in ld.so.cache
COPY --from=build [ \
  "/lib/x86_64-linux-gnu/libc.so.6", \
  "/lib/x86_64-linux-gnu/libpcre2-8.so.0", \
  "/lib/x86_64-linux-gnu/libselinux.so.1", \
  "/lib/x86_64-linux-gnu/" \
]
# the program
COPY --from=build ["/usr/bin/ls", "/usr/bin/ls"]

ENTRYPOINT ["/usr/bin/ls"]
