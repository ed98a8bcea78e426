/**
 * Runs every `*.test.ts` below the folders named: `node test/run.mjs DIR... [--without DIR]...`.
 * It fails when there is none, since a runner that finds nothing would call that a success, and when a test is
 * skipped or left to do.
 */
import { spawn } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { join, normalize } from 'node:path'

const { wanted, unwanted } = folders(process.argv.slice(2))
const files = wanted.flatMap(testsBelow)
if (files.length === 0) fail(`no tests below ${wanted.join(', ') || 'no folder at all'}`)
const { status, text } = await runTests(files)
const counts = Object.fromEntries(['tests', 'skipped', 'todo'].map((name) => [name, countOf(text, name)]))
if (status !== 0) process.exit(1)
if (!(counts.tests > 0)) fail('the runner ran no test')
if (counts.skipped !== 0 || counts.todo !== 0) fail('a test was skipped or left to do')

function folders(argv) {
  const found = { wanted: [], unwanted: [] }
  for (let index = 0; index < argv.length; index++) {
    if (argv[index] === '--without') found.unwanted.push(normalize(argv[++index] ?? fail('--without what?')))
    else found.wanted.push(normalize(argv[index]))
  }
  return found
}

function testsBelow(folder) {
  if (unwanted.includes(folder)) return []
  const entries = readdirSync(folder, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1))
  return entries.flatMap((entry) => {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) return testsBelow(path)
    return entry.name.endsWith('.test.ts') ? [path] : []
  })
}

async function runTests(paths) {
  const options = ['--import', 'tsx', '--test', '--test-concurrency=2', '--test-reporter=spec']
  const child = spawn(process.execPath, [...options, ...paths], { stdio: ['ignore', 'pipe', 'inherit'] })
  let text = ''
  child.stdout.setEncoding('utf8').on('data', (part) => {
    process.stdout.write(part)
    text = (text + part).slice(-100_000)
  })
  return new Promise((done) => child.on('close', (status) => done({ status, text })))
}

/** The number in the last summary line of that name; NaN when there is none. */
function countOf(text, name) {
  const lines = [...text.matchAll(new RegExp(`^(?:ℹ|#) ${name} (\\d+)$`, 'gm'))]
  return Number(lines.at(-1)?.[1])
}

function fail(message) {
  console.error(`test/run.mjs: ${message}`)
  process.exit(1)
}
