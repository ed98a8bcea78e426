/**
 * Measures what a lift costs against what it is compared with, and prints a table: `npm run bench [WORD...]`,
 * only rows that have one of the words. The exit status is 1 when a row misses what must be reached.
 *
 * LIFTBIN_BENCH_ROOT names the folder that keeps the root file systems (else .cache/bench), and DOCKER_HOST the
 * engine; `roots.sh` says what making the roots needs. Rows that lack something say so.
 */
import { cpus } from 'node:os'
import { BUILD_ROWS } from './build-rows.js'
import { DIRECTORY_ROWS } from './directory-rows.js'
import { DOCKER_ROWS } from './docker-rows.js'
import { removeImages } from './places.js'
import { REGISTRY_ROWS, stopRegistry } from './registry-rows.js'
import { HEAD, lineOf } from './rows.js'

const words = process.argv.slice(2)
const all = [...DIRECTORY_ROWS, ...DOCKER_ROWS, ...BUILD_ROWS, ...REGISTRY_ROWS]
const rows = words.length === 0 ? all : all.filter(({ what }) => words.some((word) => what.includes(word)))

console.log(`Node ${process.versions.node}, ${process.platform} ${process.arch}, ${cpus().length} CPUs.`)
console.log('Ratios are medians of pairs run in turn, with [least–most]; smaller is better.\n')
for (const line of HEAD) console.log(line)
try {
  for (const row of rows) {
    const { line, isMissed } = await lineOf(row)
    console.log(line)
    if (isMissed) process.exitCode = 1
  }
} finally {
  removeImages()
  stopRegistry()
}
