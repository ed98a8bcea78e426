export const BOOKWORM = 'liftbin-e2e/bookworm'
export const MUSL = 'liftbin-e2e/musl'

/** A program of an image, and how both it and its lift are run. */
export interface Case {
  readonly what: string
  readonly image: string
  /** The program first, as it is started in the source image. */
  readonly command: readonly [string, ...string[]]
  /** What `liftbin` is told besides image and program. */
  readonly options?: readonly string[]
  /** What `docker run` is told. */
  readonly run?: readonly string[]
  /** A part of the output, so that two programs failing alike are not taken for two that work. */
  readonly says: string
}

const PYTHON = ['--include', '/usr/lib/python3.11']
const NEEDS = ['--needs', 'likely']

/** Programs that are lifted in every way there is. */
export const CASES: readonly Case[] = [
  { what: 'echo', image: BOOKWORM, command: ['/usr/bin/echo', 'hi'], says: 'hi\n' },
  { what: 'curl', image: BOOKWORM, command: ['/usr/bin/curl', '--version'], says: 'libcurl/' },
  { what: 'git', image: BOOKWORM, command: ['/usr/bin/git', '--version'], says: 'git version' },
  { what: 'perl', image: BOOKWORM, command: ['/usr/bin/perl', '-e', 'print 6*7, "\n"'], says: '42\n' },
  { what: 'python3', image: BOOKWORM, command: ['/usr/bin/python3', '--version'], says: 'Python 3' },
  {
    what: 'python3 with its standard library',
    image: BOOKWORM,
    command: ['/usr/bin/python3', '-c', 'import json, ssl; print(json.dumps({"a": 6 * 7}))'],
    options: PYTHON,
    says: '{"a": 42}\n',
  },
  {
    what: 'python3 with what most runs need',
    image: BOOKWORM,
    command: [
      '/usr/bin/python3',
      '-c',
      'import ssl, sqlite3, json, encodings.idna; print(json.dumps([6 * 7]))',
    ],
    options: NEEDS,
    says: '[42]\n',
  },
  {
    what: 'perl with what most runs need',
    image: BOOKWORM,
    command: ['/usr/bin/perl', '-MPOSIX', '-e', 'print strftime("%Y", gmtime 0), "\n"'],
    options: NEEDS,
    says: '1970\n',
  },
  {
    what: 'names of users with what most runs need',
    image: BOOKWORM,
    command: ['/usr/bin/id', 'root'],
    options: NEEDS,
    says: 'uid=0(root) gid=0(root)',
  },
  {
    what: 'git with what most runs need',
    image: BOOKWORM,
    command: ['/usr/bin/git', 'init', '/srv/new'],
    options: NEEDS,
    says: 'Initialized empty Git repository in /srv/new/.git/\n',
  },
  {
    what: 'a shell script with what most runs need',
    image: BOOKWORM,
    command: ['/usr/bin/ldd', '--version'],
    options: NEEDS,
    says: 'ldd (',
  },
  { what: 'bash', image: BOOKWORM, command: ['/bin/bash', '-c', 'echo $((6 * 7)) $0', 'x'], says: '42 x\n' },
  { what: 'a program looked up in PATH', image: BOOKWORM, command: ['sort', '--version'], says: 'sort (GNU' },
  {
    what: 'a statically linked program',
    image: BOOKWORM,
    command: ['/usr/local/bin/static-hello'],
    says: 'static hello',
  },
  { what: 'a program of musl', image: MUSL, command: ['/usr/bin/hello'], says: 'hello from musl\n' },
  {
    what: 'a search path that musl hands down',
    image: MUSL,
    command: ['/usr/bin/chain'],
    says: 'far system\n',
  },
  { what: 'a shell script with an option', image: BOOKWORM, command: ['hello.sh', 'a b'], says: 'with -e\n' },
  {
    what: 'a script whose interpreter env looks up',
    image: BOOKWORM,
    command: ['/usr/local/bin/hello.py', 'a b', 'c'],
    options: PYTHON,
    says: 'hello from python 3 a b c\n',
  },
  {
    what: 'a library that only ld.so.cache leads to',
    image: BOOKWORM,
    command: ['/opt/cached/bin/cached'],
    says: 'found by the cache\n',
  },
  {
    what: 'a private library found by $ORIGIN, the program started by a link',
    image: BOOKWORM,
    command: ['/usr/local/bin/origin'],
    says: 'found beside the program\n',
  },
  {
    what: 'a setuid program started by another user',
    image: BOOKWORM,
    command: ['/usr/local/bin/whoruns'],
    run: ['--user', '1000:1000'],
    says: 'uid 1000 euid 0\n',
  },
]
