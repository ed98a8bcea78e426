import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { REAL_RUNS, type RealRun } from './real-runs.js'
import { liftbin, must, type Outcome, root, run, withFolder } from './surroundings.js'
import { filesBelow, openedFiles, untouchedPart } from './untouched.js'

const TESTS = dirname(fileURLToPath(import.meta.url))
const IMAGE = root('runs')
/** By the run: what part of the bytes that likely needs add it did not open. */
const tools = mkdtempSync(join(tmpdir(), 'liftbin-e2e-tools-'))
const TERMINAL = join(tools, 'terminal')
const untouched = new Map<string, number>()

before(() => must('gcc', ['-O', '-o', TERMINAL, join(TESTS, 'terminal.c')]))
after(() => rmSync(tools, { recursive: true, force: true }))

for (const real of REAL_RUNS) {
  test(`lifted, ${real.title}`, () =>
    withFolder(async (folder) => {
      const likely = lift(real, folder, '--needs', 'likely')
      const whole = real.finder === undefined ? likely : askedFor(real, folder, likely, real.finder)
      const original = perform(real, IMAGE, folder)
      assert.match(original.stdout, real.says, said(original, folder))
      const lifted = perform(real, whole.directory, folder)
      assert.deepEqual(lifted, original, said(lifted, folder))
      await measure(real, whole.directory, likely.directory, folder)
      if (real.fails === undefined) return
      const none = lift(real, folder, '--needs', 'none')
      assert.notDeepEqual(perform(real, none.directory, folder), original)
    }))
}

test('what part of the likely needs each run did not open is measured', (t) => {
  const parts = [...untouched.values()].sort((a, b) => a - b)
  for (const [title, part] of untouched) t.diagnostic(`${(part * 100).toFixed(1)} % not opened: ${title}`)
  const median = (parts[(parts.length - 1) >> 1]! + parts[parts.length >> 1]!) / 2
  t.diagnostic(`median of ${parts.length} runs: ${(median * 100).toFixed(1)} %`)
  assert.equal(parts.length, REAL_RUNS.length)
})

interface Lifted {
  readonly directory: string
  readonly stderr: string
}

function lift({ programs, more = [] }: RealRun, folder: string, ...options: readonly string[]): Lifted {
  const directory = join(mkdtempSync(join(folder, 'lift-')), 'root')
  const words = [`dir:${IMAGE}`, ...programs, ...more, ...options, '--to', `dir:${directory}`]
  const { status, stderr } = liftbin('build', ...words, '--no-packages', '--verbose')
  assert.equal(status, 0, stderr)
  return { directory, stderr }
}

/** What only some runs need is told by name, is missed where it is not taken, and taken where it is asked for. */
function askedFor(real: RealRun, folder: string, likely: Lifted, finder: string): Lifted {
  assert.match(likely.stderr, new RegExp(`--with ${finder}\\b`))
  assert.notDeepEqual(perform(real, likely.directory, folder), perform(real, IMAGE, folder))
  return lift(real, folder, '--needs', 'likely', '--with', finder)
}

function perform({ steps }: RealRun, directory: string, folder: string, traced = ''): Outcome {
  const env = { ...ENVIRONMENT, TRACED: traced }
  const words = [join(TESTS, 'real-run.sh'), directory, IMAGE, folder, steps]
  return run('bash', words, {
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: 120_000,
    killSignal: 'SIGKILL',
  })
}

const ENVIRONMENT = {
  PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
  HOME: '/root',
  LANG: 'C.UTF-8',
  NODE: process.execPath,
  TESTS,
  TERMINAL,
}

function said({ status, stdout, stderr }: Outcome, folder: string): string {
  const log = join(folder, 'servers.log')
  return `${status}\n${stdout}\n${stderr}\n${existsSync(log) ? readFileSync(log, 'utf8') : ''}`
}

async function measure(real: RealRun, directory: string, likely: string, folder: string): Promise<void> {
  const certain = lift(real, folder, '--needs', 'certain')
  perform(real, directory, folder, 'yes')
  const trace = readFileSync(join(folder, 'trace'), 'utf8')
  const opened = await openedFiles(trace, join(folder, 'space/here/root'), directory)
  const part = untouchedPart(filesBelow(likely), filesBelow(certain.directory), opened)
  if (part !== undefined) untouched.set(real.title, part)
}
