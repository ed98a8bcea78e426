import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { BOOKWORM, CASES } from './cases.js'
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

const builders = Object.keys(BUILDERS) as Builder[]

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
