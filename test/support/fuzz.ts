import { test } from 'node:test'
import { LiftError } from '../../src/errors.js'
import { type Random, randomOf } from './fuzz-random.js'

/** One property: a title, its share of the rounds (those that cost more get fewer), and what has to hold. */
export interface Property {
  readonly title: string
  /** Rounds without LIFTBIN_FUZZ_ROUNDS. */
  readonly rounds: number
  /** Of LIFTBIN_FUZZ_ROUNDS, this part; 1 unless told. */
  readonly share?: number
  /** Throws when the property does not hold for what `random` makes. */
  round(random: Random): Promise<void>
}

/**
 * Declares a fuzz test. Round N is made from the number seed + N alone, so a failure names the one number that
 * repeats it in a single round.
 *
 * - `LIFTBIN_FUZZ_SEED`: the first seed, a whole number; 1 unless given, so that every run of the tests is the same.
 * - `LIFTBIN_FUZZ_ROUNDS`: how many rounds; a small number for each test unless given.
 *
 * The long run: `LIFTBIN_FUZZ_ROUNDS=20000 LIFTBIN_FUZZ_SEED=$RANDOM node test/run.mjs test/fuzz`
 */
export function fuzz({ title, rounds, share = 1, round }: Property): void {
  test(title, async () => {
    const seed = numberFrom('LIFTBIN_FUZZ_SEED') ?? 1
    const asked = numberFrom('LIFTBIN_FUZZ_ROUNDS')
    const count = asked === undefined ? rounds : Math.ceil(asked * share)
    for (let at = seed; at < seed + count; at++) {
      try {
        await round(randomOf(at))
      } catch (error) {
        const repeat = `repeat with LIFTBIN_FUZZ_SEED=${at} LIFTBIN_FUZZ_ROUNDS=1`
        throw new Error(`${repeat}\n${error instanceof Error ? error.stack : error}`, { cause: error })
      }
    }
  })
}

/** What a call gave: its answer, or the LiftError in its place. Any other error is passed on: it is a fault. */
export async function answerOrRefusal<T>(call: () => T | Promise<T>): Promise<T | LiftError> {
  try {
    return await call()
  } catch (error) {
    if (error instanceof LiftError) return error
    throw error
  }
}

function numberFrom(name: string): number | undefined {
  const text = process.env[name]
  if (text === undefined || text === '') return undefined
  if (!/^[0-9]{1,15}$/.test(text)) throw new Error(`${name} is not a whole number: ${text}`)
  return Number(text)
}
