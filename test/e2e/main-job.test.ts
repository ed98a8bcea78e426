import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import {
  BUILDERS,
  type Builder,
  buildImage,
  docker,
  dockerfileOf,
  listImage,
  must,
  root,
  runImage,
  withFolder,
} from './surroundings.js'

const BOOKWORM = 'liftbin-e2e/bookworm'
const MUSL = 'liftbin-e2e/musl'
const builders = Object.keys(BUILDERS) as Builder[]

interface Case {
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

const CASES: readonly Case[] = [
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

describe('a lifted program says and returns what the original does', () => {
  for (const { what, image, command, options = [], run = [], says } of CASES) {
    const [program, ...args] = command
    test(what, () => {
      const original = runImage(image, command, run)
      assert.ok(original.stdout.includes(says), original.stdout + original.stderr)
      const dockerfile = dockerfileOf(`docker:${image}`, program, ...options)
      for (const builder of builders) {
        const lifted = runImage(buildImage(dockerfile, builder), args, run)
        assert.deepEqual(lifted, original, `${builder}\n${dockerfile}`)
      }
    })
  }
})

describe('what the image holds', () => {
  test('a setuid program keeps owner and bits, as COPY --from an image keeps them in both builders', () => {
    const dockerfile = dockerfileOf(`docker:${BOOKWORM}`, '/usr/local/bin/whoruns')
    for (const builder of builders) {
      const line = listImage(buildImage(dockerfile, builder)).find((entry) =>
        entry.endsWith(' usr/local/bin/whoruns'),
      )
      assert.match(line ?? '', /^-rwsr-xr-x 0\/0 /, builder)
    }
  })

  test('a statically linked program is one COPY and one file', () => {
    const dockerfile = dockerfileOf(`docker:${BOOKWORM}`, '/usr/local/bin/static-hello')
    assert.equal(dockerfile.match(/^COPY /gm)?.length, 1, dockerfile)
    const files = listImage(buildImage(dockerfile, 'legacy')).filter((entry) => entry.startsWith('-'))
    assert.ok(files.some((entry) => entry.endsWith(' usr/local/bin/static-hello')))
    // The engine adds empty files of its own: .dockerenv, etc/hosts, etc/hostname, etc/resolv.conf, dev/console.
    assert.equal(files.filter((entry) => !/ 0 \d{4}-/.test(entry)).length, 1, files.join('\n'))
  })

  test('nothing is left of the helper container', () => {
    // An image of this test alone, as other tests have containers of the others.
    const image = buildImage(`FROM ${BOOKWORM}\nLABEL alone=yes\n`, 'legacy')
    dockerfileOf(`docker:${image}`, '/usr/bin/echo')
    assert.equal(docker(['ps', '--all', '--quiet', '--filter', `ancestor=${image}`]).stdout, '')
  })
})

test('the same input gives the same bytes, and the order of programs does not matter to the files', () => {
  const image = `docker:${BOOKWORM}`
  const once = dockerfileOf(image, '/usr/bin/git', '/usr/bin/curl')
  assert.equal(dockerfileOf(image, '/usr/bin/git', '/usr/bin/curl'), once)
  const copies = (dockerfile: string) => dockerfile.match(/^ {2}"\/.*"/gm)
  assert.deepEqual(copies(dockerfileOf(image, '/usr/bin/curl', '/usr/bin/git')), copies(once))
})

describe('several programs in one image', () => {
  test('each of them runs', () => {
    const dockerfile = dockerfileOf(
      `docker:${BOOKWORM}`,
      '/usr/bin/echo',
      '/usr/bin/git',
      '/opt/cached/bin/cached',
    )
    for (const builder of builders) {
      const tag = buildImage(dockerfile, builder)
      assert.equal(runImage(tag, ['hi']).stdout, 'hi\n')
      assert.match(runImage(tag, ['--version'], ['--entrypoint', '/usr/bin/git']).stdout, /^git version/)
      assert.equal(
        runImage(tag, [], ['--entrypoint', '/opt/cached/bin/cached']).stdout,
        'found by the cache\n',
      )
    }
  })
})

describe('a root on disk', () => {
  for (const { name, program, says } of [
    { name: 'musl', program: '/usr/bin/chain', says: 'far system\n' },
    { name: 'musl-path', program: '/usr/bin/chain', says: 'far system\n' },
    { name: 'bookworm', program: '/usr/bin/git', says: 'git version 2.39.5\n' },
    { name: 'bookworm', program: '/usr/local/bin/origin', says: 'found beside the program\n' },
    { name: 'bookworm', program: '/opt/cached/bin/cached', says: 'found by the cache\n' },
  ]) {
    test(`is the build context: ${program} of ${name}`, () => {
      const dockerfile = dockerfileOf(`dir:${root(name)}`, program)
      for (const builder of builders) {
        const tag = buildImage(dockerfile, builder, root(name))
        assert.equal(runImage(tag, program === '/usr/bin/git' ? ['--version'] : []).stdout, says, dockerfile)
      }
    })
  }
})

describe('--stage', () => {
  test("the answer is a part of the reader's own Dockerfile and copies from the named stage", () => {
    const fragment = dockerfileOf(`docker:${BOOKWORM}`, '/usr/bin/curl', '--stage', 'build')
    assert.doesNotMatch(fragment, /^FROM/m)
    for (const builder of builders) {
      const tag = buildImage(`FROM ${BOOKWORM} AS build\nFROM scratch\n${fragment}`, builder)
      assert.match(runImage(tag, ['--version']).stdout, /libcurl\//)
    }
  })

  test('what the stage has built itself is lifted from the image of that stage', async () => {
    const stage = `FROM ${BOOKWORM} AS build\nRUN cp /usr/bin/env /usr/local/bin/own\n`
    for (const builder of builders) {
      const built = buildImage(`${stage}`, builder)
      const fragment = dockerfileOf(`docker:${built}`, '/usr/local/bin/own', '--stage', 'build')
      const tag = buildImage(`${stage}FROM scratch\n${fragment}`, builder)
      assert.match(runImage(tag, ['--version']).stdout, /^env \(GNU/)
    }
  })
})

test('the first lines of the Dockerfile say how to build it, and that command works', () =>
  withFolder((folder) => {
    const dockerfile = dockerfileOf(`docker:${BOOKWORM}`, '/usr/bin/echo')
    writeFileSync(join(folder, 'Dockerfile'), dockerfile)
    const command = /^# Build: (docker build .*)$/m.exec(dockerfile)?.[1] ?? ''
    for (const builder of builders) {
      must(
        'sh',
        ['-ec', command.replace('docker build', 'docker build --quiet --tag liftbin-e2e-built:said')],
        {
          cwd: folder,
          env: { ...process.env, DOCKER_BUILDKIT: BUILDERS[builder] },
        },
      )
      assert.equal(runImage('liftbin-e2e-built:said', ['hi']).stdout, 'hi\n', command)
    }
  }))

test('a program of another architecture is lifted by BuildKit into an image that says so', () => {
  const dockerfile = dockerfileOf('docker:liftbin-e2e/arm64', '/usr/bin/curl')
  const tag = buildImage(dockerfile, 'BuildKit', undefined, '--platform', 'linux/arm64')
  assert.equal(docker(['image', 'inspect', '--format', '{{.Architecture}}', tag]).stdout, 'arm64\n')
  const names = listImage(tag).map((line) => line.split(' ').at(-1))
  assert.ok(names.includes('lib/ld-linux-aarch64.so.1'))
  assert.ok(names.includes('usr/bin/curl'))
})
