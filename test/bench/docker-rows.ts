import { spawn } from 'node:child_process'
import { counted } from './counted.js'
import { closureOf, liftbin } from './liftbin.js'
import { type Command, ENVIRONMENT, outputOf, ratioOf, run } from './pairs.js'
import { image, type RootName } from './places.js'
import { measuredRatio, type Row, short } from './rows.js'

const PROGRAM = '/usr/bin/curl'

/** Lifting from an image that an engine has, compared with its own command. */
export const DOCKER_ROWS: readonly Row[] = [
  commandRow('curl'),
  commandRow('ffmpeg'),
  requestsRow('curl'),
  requestsRow('ffmpeg'),
  {
    what: 'containers left behind by lifts, half of them ended by SIGINT',
    must: 0,
    aim: 0,
    measure: () => leftBehind(image('curl').tag),
  },
]

function commandRow(name: RootName): Row {
  return {
    what: `lift of curl from Docker, ${kindOf(name)} image / \`docker create\`, \`cp\` of each file, \`rm\``,
    // How an engine hands out a large image is its own affair, so that row only tells.
    ...(name === 'curl' ? { must: 0.4, aim: 0.25 } : {}),
    measure: () => {
      const { tag, size } = image(name)
      const files = closureOf(`docker:${tag}`, PROGRAM)
      const ratio = ratioOf(liftbin(`docker:${tag}`, PROGRAM), copyEach(tag, files), 7)
      const measured = measuredRatio(ratio)
      return { ...measured, n: `${measured.n}, ${files.length} files, ${(size / 1e6).toFixed(0)} MB` }
    },
  }
}

/** What one would do by hand, if one knew the files. */
function copyEach(tag: string, files: readonly string[]): Command {
  const script = `set -e
into=$(mktemp -d)
id=$(docker create "$0" x)
for file do docker cp "$id:$file" "$into/"; done
docker rm "$id"
rm -r "$into"`
  return ['sh', '-c', script, tag, ...files]
}

function requestsRow(name: RootName): Row {
  return {
    what: `archive GETs per closure member, ${kindOf(name)} image`,
    must: 1.2,
    aim: 1,
    measure: () => {
      const { tag } = image(name)
      const members = closureOf(`docker:${tag}`, PROGRAM).length
      const { requests } = counted([`docker:${tag}`, PROGRAM])
      const gets = requests['GET archive'] ?? 0
      const text = `${short(gets / members)} (${gets} GETs, ${requests['HEAD archive'] ?? 0} HEADs)`
      return { value: gets / members, text, n: `${members} files` }
    },
  }
}

function kindOf(name: RootName): string {
  return name === 'curl' ? 'small' : 'large'
}

const LIFTS = 8

/** Ends lifts at moments spread over the time that one takes, and counts the containers there are afterwards. */
async function leftBehind(tag: string): Promise<{ value: number; text: string; n: string }> {
  const command = liftbin(`docker:${tag}`, PROGRAM)
  const before = helpers().size
  const began = performance.now()
  for (let index = 0; index < LIFTS; index++) run(command)
  const each = (performance.now() - began) / LIFTS
  let interrupted = 0
  for (let index = 0; index < LIFTS; index++) {
    const status = await runUntil(command, (each * (index + 0.5)) / LIFTS)
    if (status === 130) interrupted++
  }
  const left = helpers().size - before
  return {
    value: left,
    text: `${left}`,
    n: `${LIFTS} lifts whole, ${LIFTS} signalled (${interrupted} ended by it)`,
  }
}

/** The helper containers that the engine has, whoever made them. */
function helpers(): ReadonlySet<string> {
  const list = outputOf(['docker', 'ps', '--all', '--quiet', '--filter', 'label=liftbin.helper'])
  return new Set(list.split('\n').filter((id) => id !== ''))
}

/** The exit status of a command that gets SIGINT after some milliseconds. */
function runUntil([program, ...args]: Command, milliseconds: number): Promise<number | null> {
  const child = spawn(program, args, { stdio: 'ignore', env: ENVIRONMENT })
  const timer = setTimeout(() => child.kill('SIGINT'), milliseconds)
  return new Promise((done, fail) => {
    child.on('error', fail)
    child.on('exit', (status) => {
      clearTimeout(timer)
      done(status)
    })
  })
}
