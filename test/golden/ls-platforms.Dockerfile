# Lifted by liftbin from registry:debian
#   linux/amd64, sha256:1111111111111111111111111111111111111111111111111111111111111111
#   linux/s390x, sha256:1111111111111111111111111111111111111111111111111111111111111111
#   /usr/bin/ls
# Build for one: DOCKER_BUILDKIT=1 docker build --platform linux/amd64 - < Dockerfile
# Build for all: docker buildx build --platform linux/amd64,linux/s390x - < Dockerfile
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

FROM --platform=linux/s390x debian@sha256:1111111111111111111111111111111111111111111111111111111111111111 AS liftbin-source-s390x

FROM scratch AS liftbin-s390x
# the loader of /usr/bin/ls
COPY --from=liftbin-source-s390x ["/lib64/ld-linux-x86-64.so.2", "/lib64/ld-linux-x86-64.so.2"]
# 3 libraries of /usr/bin/ls, found in ld.so.cache
COPY --from=liftbin-source-s390x [ \
  "/lib/x86_64-linux-gnu/libc.so.6", \
  "/lib/x86_64-linux-gnu/libpcre2-8.so.0", \
  "/lib/x86_64-linux-gnu/libselinux.so.1", \
  "/lib/x86_64-linux-gnu/" \
]
# the program
COPY --from=liftbin-source-s390x ["/usr/bin/ls", "/usr/bin/ls"]

ENTRYPOINT ["/usr/bin/ls"]

# the stage of the platform that is built for
FROM liftbin-${TARGETARCH}
