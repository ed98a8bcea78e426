import type { Context, WholeDoor } from '../../src/cli/context.js'
import { run } from '../../src/cli/program.js'
import { EMPTY_CONFIG } from '../../src/image/config.js'
import { formatPlatform, parsePlatform } from '../../src/image/platform.js'
import type {
  Audit,
  Image,
  Lift,
  LiftOptions,
  ObservedRun,
  ObserveOptions,
  OpenOptions,
  Verification,
  VerifyOptions,
  WhyChain,
} from '../../src/index.js'
import * as library from '../../src/index.js'
import { memoryRootFs } from '../../src/rootfs/memory.js'
import { auditOf, imageOf, lsLift } from './lift-literal.js'
import { verificationOf } from './verification-literal.js'

/** What the library answers in a test of the command line. */
export interface Answers {
  readonly lift?: Lift | Error
  /** Instead of that one, by the platform asked for. */
  readonly lifts?: Readonly<Record<string, Lift | Error>>
  readonly audit?: Audit | Error
  readonly verification?: Verification
  readonly observed?: ObservedRun | Error
  readonly chains?: readonly WhyChain[]
  /** The image that is opened, in place of an empty one. */
  readonly image?: Image
  /** The image of a platform. */
  readonly open?: (platform: string | undefined) => Promise<Image>
  /** Opening the image fails with this. */
  readonly refusal?: Error
  /** Steps told while the image is opened. */
  readonly steps?: readonly string[]
  readonly terminal?: boolean
  readonly env?: Readonly<Record<string, string>>
  readonly signal?: AbortSignal
  /** What writing to stdout fails with. */
  readonly outError?: NodeJS.ErrnoException
}

/** What a command line did. */
export interface Ran {
  readonly status: number
  readonly out: string
  readonly err: string
  /** What reached the library, in order. */
  readonly calls: readonly Call[]
}

export type Call =
  | { readonly to: 'openImage'; readonly reference: string; readonly options: OpenOptions }
  | { readonly to: 'lift' | 'audit'; readonly binaries: readonly string[]; readonly options: LiftOptions }
  | { readonly to: 'verify'; readonly binaries: readonly string[]; readonly options: VerifyOptions }
  | { readonly to: 'observeRun'; readonly binary: string; readonly options: ObserveOptions }
  | { readonly to: 'dispose' }

/** Runs a command line in this process, over a library that gives the answers. */
export async function runCli(argv: readonly string[], answers: Answers = {}): Promise<Ran> {
  const { context, written, calls } = contextOf(answers)
  const status = await run(argv, context)
  return { status, ...written, calls }
}

/** What a command is run in, and what it has done there so far. */
export interface Observed {
  readonly context: Context
  readonly written: { out: string; err: string }
  readonly calls: readonly Call[]
}

/** The surroundings of a command, over a library that gives the answers. */
export function contextOf(answers: Answers): Observed {
  const written = { out: '', err: '' }
  const calls: Call[] = []
  const stream = (name: 'out' | 'err', failure?: Error) => ({
    isTTY: answers.terminal ?? false,
    write: (text: string, done?: (error?: Error | null) => void) => {
      if (failure === undefined) written[name] += text
      done?.(failure ?? null)
      return true
    },
  })
  const context: Context = {
    out: stream('out', answers.outError),
    err: stream('err'),
    env: answers.env ?? {},
    signal: answers.signal ?? new AbortController().signal,
    door: async () => doorOf(answers, calls),
    wholeDoor: async () => doorOf(answers, calls),
  }
  return { context, written, calls }
}

/** A run as a readable transcript: the command, stdout, stderr behind `! `, the exit status. */
export function transcript(argv: readonly string[], { out, err, status }: Ran): string {
  const errLines =
    err === ''
      ? []
      : err
          .trimEnd()
          .split('\n')
          .map((line) => `! ${line}`)
  return `$ liftbin ${argv.join(' ')}\n${out}${errLines.map((line) => `${line}\n`).join('')}exit ${status}\n`
}

function doorOf(answers: Answers, calls: Call[]): WholeDoor {
  return {
    ...library,
    openImage: async (reference, options = {}) => {
      calls.push({ to: 'openImage', reference, options })
      for (const step of answers.steps ?? []) options.onStep?.(step)
      if (answers.refusal !== undefined) throw answers.refusal
      if (answers.open !== undefined) return answers.open(options.platform)
      return answers.image ?? imageFor(reference, options, calls)
    },
    lift: async ({ platform }, binaries, options = {}) => {
      calls.push({ to: 'lift', binaries, options })
      options.onStep?.('resolving')
      return answered(answers.lifts?.[formatPlatform(platform)] ?? answers.lift ?? lsLift())
    },
    audit: async (_image, binaries, options = {}) => {
      calls.push({ to: 'audit', binaries, options })
      return answered(answers.audit ?? auditOf([]))
    },
    verify: async (_image, binaries, options = {}) => {
      calls.push({ to: 'verify', binaries, options })
      return answers.verification ?? verificationOf()
    },
    observeRun: async (_image, binary, options = {}) => {
      calls.push({ to: 'observeRun', binary, options })
      return answered(answers.observed ?? new Error('no run'))
    },
    why: () => answers.chains ?? [],
  }
}

function imageFor(reference: string, { platform }: OpenOptions, calls: Call[]): Image {
  const { platform: usual, copySource } = imageOf()
  return {
    reference,
    platform: platform === undefined ? usual : parsePlatform(platform),
    copySource,
    config: EMPTY_CONFIG,
    rootfs: memoryRootFs({}),
    [Symbol.asyncDispose]: async () => void calls.push({ to: 'dispose' }),
  }
}

function answered<T>(answer: T | Error): T {
  if (answer instanceof Error) throw answer
  return answer
}
