import assert from 'node:assert/strict'
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { before, describe, test } from 'node:test'
import { SAMPLES, type Step, stepsOf, storyFile, storyNames, withSteps } from '../support/samples.js'
import { BUILDERS, type Builder, CLI, docker, run, withFolder } from './surroundings.js'

const builders = Object.keys(BUILDERS) as Builder[]

/** With UPDATE_SAMPLES=1 the files are written instead: read the difference. */
const UPDATE = process.env.UPDATE_SAMPLES === '1'

/** No registry can be asked here: the public images that the samples build on are made of Debian's packages. */
const PUBLIC = { 'debian:bookworm': 'liftbin-e2e/bookworm', 'gcc:12-bookworm': 'liftbin-e2e/gcc' }

before(() => {
  for (const [name, image] of Object.entries(PUBLIC)) {
    // Nor a mirror, for what is installed already; asking all the same takes long.
    const input = `FROM ${image}\nRUN rm -rf /etc/apt/sources.list*\n`
    const { status, stderr } = docker(['build', '--quiet', '--tag', name, '-'], { input })
    assert.equal(status, 0, stderr)
  }
})

for (const builder of builders) {
  describe(`with the ${builder} builder, the commands of a README do what it says`, () => {
    for (const story of storyNames()) test(story, () => withFolder((folder) => tell(story, builder, folder)))
  })
}

/** Follows the README in a copy of the sample that has no lifted Dockerfile yet. */
function tell(story: string, builder: Builder, folder: string): void {
  const place = join(folder, story)
  cpSync(join(SAMPLES, story), place, { recursive: true })
  rmSync(join(place, 'Dockerfile.lifted'), { force: true })
  const env = environment(folder, builder)
  const readme = storyFile(story, 'README.md')
  const steps = stepsOf(readme)
  const done = steps.map(({ command }) => ({ command, output: outputOf(command, place, env) }))
  const lifted = readFileSync(join(place, 'Dockerfile.lifted'), 'utf8')
  if (UPDATE) {
    writeFileSync(join(SAMPLES, story, 'README.md'), withSteps(readme, done))
    writeFileSync(join(SAMPLES, story, 'Dockerfile.lifted'), lifted)
    return
  }
  assert.deepEqual(done.map(lasting), steps.map(lasting))
  assert.equal(lastingText(lifted), lastingText(storyFile(story, 'Dockerfile.lifted')))
}

/** `liftbin` and `docker` as the reader has them. */
function environment(folder: string, builder: Builder): NodeJS.ProcessEnv {
  const bin = join(folder, 'bin')
  mkdirSync(bin)
  writeFileSync(join(bin, 'liftbin'), `#!/bin/sh\nexec '${process.execPath}' '${CLI}' "$@"\n`, {
    mode: 0o755,
  })
  return { ...process.env, DOCKER_BUILDKIT: BUILDERS[builder], PATH: `${bin}:${process.env.PATH}` }
}

/** All that a command prints, but for the ID of what `docker build` has built. */
function outputOf(command: string, cwd: string, env: NodeJS.ProcessEnv): string {
  const { status, stdout, stderr } = run('sh', ['-c', `{ ${command}\n} 2>&1`], { cwd, env })
  assert.equal(status, 0, `${command}\n${stdout}${stderr}`)
  return command.startsWith('docker build ') ? '' : stdout
}

const lasting = ({ command, output }: Step): Step => ({ command, output: lastingText(output) })

/** Without what another state of Debian's packages changes: digests, versions and sizes. */
function lastingText(text: string): string {
  return text
    .replaceAll(/sha256:[0-9a-f]{64}/g, 'DIGEST')
    .replaceAll(/(?<=\.so)(\.\d+)+/g, '.VERSION')
    .replaceAll(/\d+(\.\d+)? ([kMG]?B|%)/g, 'SIZE')
}
