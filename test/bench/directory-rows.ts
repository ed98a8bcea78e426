import { spawnSync } from 'node:child_process'
import { type Counts, counted } from './counted.js'
import { closureOf, liftbin, NODE } from './liftbin.js'
import { type Command, ENVIRONMENT, medianOf, ratioOf } from './pairs.js'
import { type RootName, root } from './places.js'
import { type Measurement, measuredRatio, NotMeasured, type Row, short } from './rows.js'

/** Starting up, and lifting from a root file system on disk. */
export const DIRECTORY_ROWS: readonly Row[] = [
  startRow('--version'),
  startRow('--help'),
  liftRow('curl', '/usr/bin/echo', 3, { must: 1.7, aim: 1.3 }),
  liftRow('curl', '/usr/bin/curl', 33, { must: 2.0, aim: 1.5 }),
  liftRow('ffmpeg', '/usr/bin/ffmpeg', 215, { must: 3.2, aim: 2.2 }),
  {
    what: 'the same, ffmpeg / Python lddtree `-l -R`',
    must: 0.2,
    aim: 0.1,
    measure: () => {
      const lddtree = findLddtree()
      const [a, b] = [lift('ffmpeg', FFMPEG), [...lddtree, '-l', '-R', root('ffmpeg'), FFMPEG] as const]
      return measuredRatio(ratioOf(a, b, 7))
    },
  },
  {
    what: 'peak memory of the lift of ffmpeg, MiB',
    must: 70,
    aim: 50,
    measure: () => {
      const peaks = Array.from({ length: 7 }, () => countsOf('ffmpeg', FFMPEG).peak).sort((a, b) => a - b)
      const [least = 0, most = 0] = [peaks[0], peaks.at(-1)]
      const value = medianOf(peaks)
      return { value, text: `${short(value)} [${short(least)}–${short(most)}]`, n: '7 runs' }
    },
  },
  callsRow('curl', '/usr/bin/echo'),
  callsRow('curl', '/usr/bin/curl'),
  callsRow('ffmpeg', '/usr/bin/ffmpeg'),
]

const FFMPEG = '/usr/bin/ffmpeg'

function startRow(option: string): Row {
  return {
    what: `\`${option}\` / \`node -e 0\``,
    must: 1.6,
    aim: 1.4,
    measure: () => measuredRatio(ratioOf(liftbin(option), NODE, 21)),
  }
}

function liftRow(
  name: RootName,
  program: string,
  about: number,
  limits: { readonly must: number; readonly aim: number },
): Row {
  return {
    what: `lift from a directory, ${baseName(program)} (${about} files) / \`node -e 0\``,
    ...limits,
    measure: () => measuredRatio(ratioOf(lift(name, program), NODE, 15)),
  }
}

/** How much of the file system one lift touches, divided by the files it lifts. */
function callsRow(name: RootName, program: string): Row {
  return {
    what: `per lifted file, ${baseName(program)}`,
    measure: () => describeCalls(countsOf(name, program), closureOf(`dir:${root(name)}`, program).length),
  }
}

function describeCalls(counts: Counts, members: number): Measurement {
  const { opens, reads, bytes, lstats, readlinks, listings } = counts
  const each = (count: number) => short(count / members)
  const parts = [
    `${each(opens)} opens`,
    `${each(reads)} reads`,
    `${each(bytes / 1024)} KiB`,
    `${each(lstats)} lstats`,
    `${each(readlinks)} readlinks`,
    `${listings} listings in all`,
  ]
  return { value: reads / members, text: parts.join(', '), n: `${members} files` }
}

function countsOf(name: RootName, program: string): Counts {
  return counted([`dir:${root(name)}`, program], root(name))
}

function lift(name: RootName, program: string): Command {
  return liftbin(`dir:${root(name)}`, program)
}

function baseName(program: string): string {
  return program.slice(program.lastIndexOf('/') + 1)
}

/** Debian's lddtree asks for whatever Python comes first, but its libraries belong to Debian's own. */
function findLddtree(): Command {
  if (spawnSync('lddtree', ['--help'], { env: ENVIRONMENT }).status === 0) return ['lddtree']
  const path = spawnSync('sh', ['-c', 'command -v lddtree'], { encoding: 'utf8' }).stdout.trim()
  if (path === '') throw new NotMeasured('no lddtree (packages pax-utils and python3-pyelftools)')
  const command = ['/usr/bin/python3', path] as const
  if (spawnSync(command[0], [path, '--help'], { env: ENVIRONMENT }).status === 0) return command
  throw new NotMeasured('lddtree does not run (package python3-pyelftools)')
}
