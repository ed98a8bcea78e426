import { spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { must } from './surroundings.js'

/** What one run of a program left. */
export interface ConfinedRun {
  readonly argument: string
  readonly status: number
  readonly stdout: string
  readonly stderr: string
  /** Lines of strace, where it was asked to look. */
  readonly trace: string
}

/** Whether strace looks on, which takes time. */
export type Looking = 'not traced' | 'traced'

/** A folder with the device files that confined programs see. */
export function makeDevices(folder: string): string {
  const devices = join(folder, 'devices')
  mkdirSync(devices)
  const minors = { null: 3, zero: 5, full: 7, random: 8, urandom: 9 }
  for (const [name, minor] of Object.entries(minors))
    must('mknod', ['-m', '666', join(devices, name), 'c', '1', String(minor)])
  return devices
}

/** Runs a program of a root once with each argument, where it can do no harm; see confine.sh. */
export async function runConfined(
  root: string,
  devices: string,
  program: string,
  args: readonly string[],
  looking: Looking = 'not traced',
): Promise<readonly ConfinedRun[]> {
  const results = mkdtempSync(join(dirname(devices), 'run-'))
  try {
    const traced = looking === 'traced' ? { TRACED: 'yes' } : {}
    await finished(SCRIPT, [root, devices, results, program, ...args], { ...process.env, ...traced })
    return args.map((argument, index) => {
      const read = (what: string) => readFileSync(join(results, `${index + 1}.${what}`), 'latin1')
      const trace = looking === 'traced' ? read('trace') : ''
      return {
        argument,
        status: Number(read('status')),
        stdout: read('stdout'),
        stderr: read('stderr'),
        trace,
      }
    })
  } finally {
    rmSync(results, { recursive: true, force: true })
  }
}

const SCRIPT = join(dirname(fileURLToPath(import.meta.url)), 'confine.sh')

function finished(script: string, args: readonly string[], env: NodeJS.ProcessEnv): Promise<void> {
  const child = spawn('sh', [script, ...args], { env, stdio: ['ignore', 'ignore', 'pipe'] })
  let said = ''
  child.stderr.setEncoding('utf8').on('data', (text) => {
    said += text
  })
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (status) =>
      status === 0 ? resolve() : reject(new Error(`${script} ${args.join(' ')}: ${status}\n${said}`)),
    )
  })
}
