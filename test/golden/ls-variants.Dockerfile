# Lifted by liftbin from registry:debian
#   linux/amd64, sha256:1111111111111111111111111111111111111111111111111111111111111111
#   linux/arm/v7, sha256:7777777777777777777777777777777777777777777777777777777777777777
#   /usr/bin/ls
# Build for one: DOCKER_BUILDKIT=1 docker build --platform linux/amd64 - < Dockerfile
# Build for all: docker buildx build --platform linux/amd64,linux/arm/v7 - < Dockerfile
# Only BuildKit builds it: it says by TARGETARCH what is built for. Nothing is run, so nothing is emulated.

FROM --platform=linux/amd64 debian@sha256:1111111111111111111111111111111111111111111111111111111111111111 AS liftbin-source-amd64

FROM scratch AS liftbin-amd64
# the loader of /usr/bin/ls
COPY --from=liftbin-source-amd64 ["/lib64/ld-linux-x86-64.so.2", "/lib64/ld-linux-x86-64.so.2"]
# 3 libraries of /usr/bin/ls, found in ld.so.cache
COPY --from=liftbin-source-amd64 [ \
  "/lib/x86_64-linux-gnu/libc.so.6", \
  "/lib/x86_64-linux-gnu/libpcre2-8.so.0", \
  "/lib/x86_64-linux-gnu/libselinux.so.1", \
  "/lib/x86_64-linux-gnu/" \
]
# the program
COPY --from=liftbin-source-amd64 ["/usr/bin/ls", "/usr/bin/ls"]

ENTRYPOINT ["/usr/bin/ls"]

FROM --platform=linux/arm/v7 debian@sha256:7777777777777777777777777777777777777777777777777777777777777777 AS liftbin-source-arm-v7

FROM scratch AS liftbin-arm-v7
# the loader
COPY --from=liftbin-source-arm-v7 ["/lib/ld-linux-armhf.so.3", "/lib/ld-linux-armhf.so.3"]
# a library
COPY --from=liftbin-source-arm-v7 ["/lib/arm-linux-gnueabihf/libc.so.6", "/lib/arm-linux-gnueabihf/libc.so.6"]
# the program
COPY --from=liftbin-source-arm-v7 ["/usr/bin/ls", "/usr/bin/ls"]

ENV LD_LIBRARY_PATH="/opt/arm"
ENTRYPOINT ["/usr/bin/ls"]

# the stage of the platform that is built for
FROM liftbin-${TARGETARCH}${TARGETVARIANT:+-$TARGETVARIANT}
