import assert from 'node:assert/strict'
import { test } from 'node:test'
import { run as runProgram } from '../../src/cli/program.js'
import { lift } from '../../src/index.js'
import { contextOf } from '../support/cli.js'
import { debianTree, program, smallImage } from '../support/small-image.js'

const image = smallImage(
  debianTree({
    '/usr/bin/x': program(['libc.so.6'], { imports: ['getpwuid', 'localtime'] }),
    '/etc/passwd': 'root:x:0:0::/:',
    '/etc/localtime': 'TZif',
    '/usr/share/zoneinfo/UTC': 'TZif',
  }),
)

const LINE = /^note: not taken along, though most runs need it: (.*) \(--needs likely/m

async function run(...options: string[]) {
  return runAt({ terminal: false }, ...options)
}

async function runAt({ terminal }: { readonly terminal: boolean }, ...options: string[]) {
  return runWith(['x', ...options], terminal)
}

async function runWith(words: readonly string[], terminal = false) {
  const { context, written } = contextOf({ image, terminal })
  const whole = { ...(await context.wholeDoor()), lift }
  const door = async () => whole
  const argv = ['lift', 'docker:small', ...words]
  const status = await runProgram(argv, { ...context, door, wholeDoor: door })
  return { ...written, status, line: LINE.exec(written.err)?.[1] }
}

test('a plain lift whose messages nobody reads looks for nothing that it would not take, and says so', async () => {
  const { err, out } = await run()
  assert.doesNotMatch(err + out, /passwd|localtime|not taken/)
  assert.match(err, /was not looked for: --verbose tells it, --needs likely takes it/)
  assert.equal((await run('--quiet')).err, '')
})

test('of files that open nothing it is not said that nobody looked for what they open', async () => {
  assert.equal((await runWith(['--include', '/etc/passwd'])).err, '1 file, 14 B\n')
  assert.match((await runWith(['--include', '/usr/bin/x'])).err, /was not looked for/)
})

test('at a terminal a plain lift tells which finders have likely needs that are not taken', async () => {
  const { err, line } = await runAt({ terminal: true }, '--no-color', '--no-progress')
  assert.equal(line, 'nss, timezones')
  assert.doesNotMatch(err, /not looked for/)
  assert.equal((await runAt({ terminal: true }, '--no-color', '--no-progress', '--quiet')).line, undefined)
})

test('with a choice among needs, one line names the finders whose likely needs are not taken', async () => {
  assert.equal((await run('--needs', 'certain')).line, 'nss, timezones')
  const chosen = await run('--with', 'nss')
  assert.equal(chosen.line, 'timezones')
  assert.match(chosen.out, /\/etc\/passwd/)
  assert.equal((await run('--needs', 'likely')).line, undefined)
})

test('what is left out by an option is told to come back without that option', async () => {
  const { err } = await run('--needs', 'likely', '--without', 'nss', '--verbose')
  assert.match(err, /looks up users \(leaving out --without nss takes it\)/)
})

test('--verbose and the JSON tell each need that is not taken, with its reason', async () => {
  const { err, line } = await run('--verbose')
  assert.match(err, /\/etc\/passwd; \/usr\/bin\/x looks up users \(--needs likely takes it\)/)
  assert.match(err, /zoneinfo; \/usr\/bin\/x tells .* \(--with timezones takes it\)/)
  assert.equal(line, undefined)
  const { findings } = JSON.parse((await run('--format', 'json')).out)
  assert.ok(
    findings.some(
      ({ kind, finder }: Record<string, string>) => kind === 'need-not-taken' && finder === 'nss',
    ),
  )
})

test('what a run needs follows from the variables of --env', async () => {
  const { out } = await run('--needs', 'likely', '--env', 'TZ=UTC')
  assert.match(out, /zoneinfo\/UTC/)
  assert.doesNotMatch((await run('--needs', 'likely')).out, /zoneinfo/)
})

test('a finder or a confidence that there is not is a wrong usage', async () => {
  for (const options of [
    ['--with', 'gcc'],
    ['--without', 'gcc'],
    ['--needs', 'some'],
  ]) {
    const { status, out } = await run(...options)
    assert.deepEqual([status, out], [2, ''], options.join(' '))
  }
})
