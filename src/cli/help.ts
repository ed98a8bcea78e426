/** The first lines of `--help`, after the name of the program. */
export const USAGE = `[lift] <image> <binary...> [options]
       liftbin <image> --include <path> [options]
       liftbin why <image> <binary> <file>
       liftbin audit <image> [binary...]
       liftbin build <image> <binary...> --to <destination>
       liftbin verify <image> <binary...> [-- args]
       liftbin trace <image> <binary> [-- args]
       liftbin cache [clear]`

/** What an image argument may look like; a test holds it to the library's table of sources. */
export const IMAGES = `
Images:
  docker:NAME[:TAG]          an image of the Docker daemon, pulled if not there
  podman:NAME[:TAG]          an image of Podman's storage, pulled if not there
  registry:NAME[:TAG]        an image of a registry, read without a daemon
  docker-archive:FILE[:NAME] what \`docker save\` writes, compressed or not
  oci-archive:FILE[:TAG]     an OCI image layout in a tar
  oci-dir:DIR[:TAG]          an OCI image layout in a directory
  dir:DIR                    a root file system in a directory
  NAME[:TAG]                 of Docker, else of Podman, else of its registry`

/** What `liftbin --help` ends with. */
export const EXAMPLES = `
Examples:
  liftbin debian:bookworm /usr/bin/echo > Dockerfile
  docker build -t echo - < Dockerfile && docker run --rm echo hi

  liftbin dir:/srv/root ls > Dockerfile    the files are from the build context:
  docker build -f Dockerfile /srv/root

  liftbin why debian:bookworm ls libpcre2-8.so.0
  liftbin audit debian:bookworm /usr/bin/ls

Exit status:
  0 answer, 1 answer with errors in it (a library is missing), 2 wrong usage,
  3 no answer (image, file, engine, registry), 4 verify: the lift differs,
  130 interrupted`

/** The names of finders; a test holds them to the library's table. */
const FINDERS = `
Finders, for --with and --without:
  dlopen, libgcc, nss, timezones, base, alsa, certificates, databases, fonts,
  gconv, geo, gio, gpu, gtk, hardware, imagemagick, java, krb5, ldap, locales,
  magic, media, network, odbc, openssl, packages, pam, pixbuf, pkcs11, qt,
  sasl, security, spelling, terminfo, x11, xml, shell, programs, dlopen-names,
  files, static, commands, modules, git, node, perl, php, python, ruby, tcl,
  configuration`

/** What `liftbin help lift` ends with. */
export const LIFT_EXAMPLES = `
A binary is a path in the image, or a name to look up in the image's PATH.
Without any, --include makes an image that starts nothing and only shares files.
${FINDERS}

Examples:
  liftbin lift debian:bookworm bash -o Dockerfile
  liftbin lift debian:bookworm /usr/bin/id --include /etc/passwd --user 65534
  liftbin lift debian:bookworm curl --needs likely --without locales
  strace -f -y -s 4096 -o run.txt chroot /srv/root app
  liftbin dir:/srv/root app --trace run.txt
  liftbin lift build-image /app/server --stage build >> Dockerfile
  liftbin lift app-build --include /app/public      files alone, for COPY --from
  liftbin lift dir:/srv/root ls --format json
  liftbin lift registry:debian:bookworm echo --platform linux/amd64,linux/arm64`

/** What `liftbin help why` ends with. */
export const WHY_EXAMPLES = `
Examples:
  liftbin why debian:bookworm /usr/bin/ls libpcre2-8.so.0
  liftbin why debian:bookworm curl /etc/ssl/certs/ca-certificates.crt`

/** What `liftbin help audit` ends with. */
export const AUDIT_EXAMPLES = `
Examples:
  liftbin audit debian:bookworm
  liftbin audit dir:/srv/root bash ls --format json`

/** What `liftbin help build` ends with; a test holds it to the library's table of destinations. */
export const BUILD_EXAMPLES = `
Destinations:
  docker:NAME[:TAG]          an image of the Docker daemon
  podman:NAME[:TAG]          an image of Podman's storage
  registry:NAME[:TAG]        an image of a registry, pushed without a daemon
  oci-archive:FILE[:TAG]     an OCI image layout in a tar
  oci-dir:DIR[:TAG]          an OCI image layout in a directory; others stay
  docker-archive:FILE[:NAME] what \`docker save\` writes and \`docker load\` takes
  tar:FILE                   the root file system alone; - is standard output
  dir:DIR                    the root file system in an empty or new directory

The first binary becomes the ENTRYPOINT. The same source and options give the
same image; SOURCE_DATE_EPOCH is its time of creation, and no file in it is
younger.
${FINDERS}

Examples:
  liftbin build debian:bookworm curl --to docker:curl
  liftbin build registry:debian:bookworm curl \\
    --to registry:localhost:5000/curl:8 --platform linux/amd64,linux/arm64
  liftbin build app-build --include '/app/*/public' --to oci-dir:files
  liftbin build dir:/srv/root ls --to oci-archive:ls.tar:ls`

/** What `liftbin help trace` ends with. */
export const TRACE_EXAMPLES = `
The program runs as with verify: without a network, within limits, as the image
starts it, by the same runners, and nothing of it is left. glibc's loader writes
what it loads for LD_DEBUG=files,libs, and that text is the answer; --trace of
lift, build, verify and why takes it. It knows of programs and libraries alone;
strace knows of all files. What the program itself prints is shown with
--verbose, or when it fails.

musl's loader and static programs tell nothing, nor do programs with setuid bits
or capabilities that give them more rights: use strace for these.

Exit status:
  0 a trace, whatever the program's own exit code is; 1 a trace up to where the
  program was ended, by the time limit (but for --timeout-ok) or for printing
  too much; 3 none

Examples:
  liftbin trace debian:bookworm perl -- -MPOSIX -e 1 > run.txt
  liftbin debian:bookworm perl --trace run.txt > Dockerfile
  liftbin trace app /app/server --timeout 5 --timeout-ok |
    liftbin app /app/server --trace -`

/** What `liftbin help verify` ends with. */
export const VERIFY_EXAMPLES = `
Both are run without a network, within limits, and with the same arguments,
input and environment; exit code, stdout and stderr are compared. Without
arguments a program is started with the words that its image starts it with.

A file of cases is a JSON array, or has a line for each case: a command line, or
  {"program": "/app/server", "args": ["--check"], "stdin": "text",
   "env": {"A": "b"}, "workdir": "/tmp", "user": "65534", "timeout": 5,
   "name": "check"}
of which every field may be left out.

Runners: the engine that has the image; else namespace (Linux namespaces),
bubblewrap, docker, podman, the first that works. With static nothing is run.

Exit status:
  0 all the same, 4 something differs, 1 nothing differs but not all is proven
  (the original does not run, is still running at the time limit, or varies by
  itself; no runner works) or the lift has errors
${FINDERS}

Examples:
  liftbin verify debian:bookworm ls -- -l /
  liftbin verify dir:/srv/root git --case cases.txt --format junit -o report.xml
  liftbin verify app /app/server --timeout 5 --timeout-ok --ignore '[0-9:.]+'
  liftbin verify app /app/tool --include /app/plugins --minimal -- --self-test
  liftbin verify debian:bookworm curl --needs likely -- --version`
