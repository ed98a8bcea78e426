# Lifted by liftbin from registry:debian
#   linux/amd64, sha256:1111111111111111111111111111111111111111111111111111111111111111
#   linux/arm/v7, sha256:7777777777777777777777777777777777777777777777777777777777777777
#   /usr/bin/ls
# For the end of a Dockerfile, below the stage build; FROM scratch is among these lines
# Only BuildKit builds it: it says by TARGETARCH what is built for.
# There may be no ARG TARGETARCH above the first FROM: some versions take it for empty then.

FROM scratch AS liftbin-amd64
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

FROM scratch AS liftbin-arm-v7
# the loader
COPY --from=build ["/lib/ld-linux-armhf.so.3", "/lib/ld-linux-armhf.so.3"]
# a library
COPY --from=build ["/lib/arm-linux-gnueabihf/libc.so.6", "/lib/arm-linux-gnueabihf/libc.so.6"]
# the program
COPY --from=build ["/usr/bin/ls", "/usr/bin/ls"]

ENV LD_LIBRARY_PATH="/opt/arm"
ENTRYPOINT ["/usr/bin/ls"]

# the stage of the platform that is built for
FROM liftbin-${TARGETARCH}${TARGETVARIANT:+-$TARGETVARIANT}
