import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { runCli } from './support/cli.js'
import { copyMeaning, instructionsOf } from './support/dockerfile-reader.js'
import { SAMPLES, stepsOf, storyFile, storyNames } from './support/samples.js'

const commandsOf = (story: string) => stepsOf(storyFile(story, 'README.md')).map(({ command }) => command)
const lifted = (story: string) => storyFile(story, 'Dockerfile.lifted')

/** The instructions after the last FROM, which is the image that comes out. */
function lastStage(story: string) {
  const all = instructionsOf(lifted(story))
  const from = all.findLastIndex(({ word }) => word === 'FROM')
  return { base: all[from]?.rest, lines: all.slice(from + 1) }
}

const copiesOf = (story: string) =>
  lastStage(story).lines.flatMap(({ word, rest }) => (word === 'COPY' ? [copyMeaning(rest)] : []))

const entrypointOf = (story: string) => lastStage(story).lines.find(({ word }) => word === 'ENTRYPOINT')?.rest

test('there are stories, and the list of samples names each one and no other', () => {
  const linked = [...readFileSync(join(SAMPLES, 'README.md'), 'utf8').matchAll(/\]\(([^)]+)\/\)/g)]
  assert.deepEqual(linked.map(([, name]) => name).sort(), storyNames())
  assert.ok(storyNames().length >= 4)
})

describe('each story', () => {
  for (const story of storyNames()) {
    test(`${story}: says what it is about, what came out and why, and shows both Dockerfiles`, () => {
      const readme = storyFile(story, 'README.md')
      assert.match(readme, /^# .+\n\n[A-Z`]/)
      assert.match(readme, /\n```\n\n.*\[.+\]\(Dockerfile\.before\).*\[.+\]\(Dockerfile\.lifted\).*\n\n- /)
      assert.equal(instructionsOf(storyFile(story, 'Dockerfile.before'))[0]?.word, 'FROM')
    })

    test(`${story}: liftbin takes each of its command lines as written`, async () => {
      const commands = commandsOf(story).filter((command) => command.startsWith('liftbin '))
      assert.ok(commands.length > 0)
      for (const command of commands) {
        const { calls, err } = await runCli(wordsOf(command))
        assert.equal(calls[0]?.to, 'openImage', `${command}\n${err}`)
      }
    })

    test(`${story}: the lifted Dockerfile is written, built and run`, () => {
      const [, ...after] = commandsOf(story)
        .join('\n')
        .split(/^liftbin .*Dockerfile\.lifted$/m)
      assert.match(after.join('\n'), /^docker build .*Dockerfile\.lifted.*\n(.*\n)*docker run /m)
    })

    test(`${story}: its commands name no file that is not there`, () => {
      const files = commandsOf(story).flatMap((command) => command.match(/\bDockerfile\.\w+/g) ?? [])
      for (const file of files) assert.ok(existsSync(join(SAMPLES, story, file)), file)
    })

    test(`${story}: the last stage begins with nothing, and only copies`, () => {
      const { base, lines } = lastStage(story)
      assert.equal(base, 'scratch')
      for (const { word } of lines) assert.match(word, /^(COPY|ENV|USER|ENTRYPOINT)$/)
      assert.ok(lines.some(({ word }) => word === 'ENTRYPOINT'))
    })
  }
})

test('echo is a loader, a library and a program', () => {
  const sources = copiesOf('echo').flatMap((copy) => copy.sources)
  assert.deepEqual(
    sources.map((path) => path.replace(/.*\//, '')),
    ['ld-linux-x86-64.so.2', 'libc.so.6', 'echo'],
  )
})

test('curl has its large closure, and the certificates that no header names', () => {
  const sources = copiesOf('curl').flatMap((copy) => copy.sources)
  assert.ok(sources.filter((path) => path.includes('.so.')).length > 25)
  assert.ok(sources.includes('/etc/ssl/certs/ca-certificates.crt'))
})

test('a statically linked program is exactly one COPY', () => {
  assert.deepEqual(copiesOf('static'), [
    { from: 'liftbin-source', sources: ['/usr/local/bin/hello'], destination: '/usr/local/bin/hello' },
  ])
})

test('a program with a library of its own stays beside it, and is started there', () => {
  const places = copiesOf('origin').map((copy) => copy.destination)
  assert.ok(places.includes('/opt/greet/lib/libgreeting.so.1'))
  assert.ok(places.includes('/opt/greet/bin/greet'))
  assert.equal(entrypointOf('origin'), '["/opt/greet/bin/greet"]')
})

test('a fragment follows the stages that were there before, and copies from the one it was told', () => {
  const [stages = ''] = storyFile('stage', 'Dockerfile.before').split(/^FROM debian/m)
  assert.ok(lifted('stage').startsWith(`${stages}FROM scratch\n`))
  assert.deepEqual([...new Set(copiesOf('stage').map((copy) => copy.from))], ['build'])
})

/** The arguments of a command line as a shell gives them, where nothing is quoted. */
function wordsOf(command: string): readonly string[] {
  assert.doesNotMatch(command, /["'\\$*?]/)
  return command
    .replace(/ >+ .*/, '')
    .split(' ')
    .slice(1)
    .map((word) => (word === 'Dockerfile.lifted' ? '-' : word))
}
