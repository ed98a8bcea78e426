import type { Soon } from '../bytes.js'

/** Thrown through work that never waits: something that it lacks, and that has to be waited for. */
export class Lacking {
  constructor(readonly arrival: Promise<unknown>) {}
}

/**
 * Runs work that never waits. Where it lacks something, it is left, and starts again once that has come: it must
 * have no effect but what it gives. What is at hand costs no promise, which matters where thousands of paths are.
 */
export function waitingFor<T>(work: () => T): Soon<T> {
  try {
    return work()
  } catch (error) {
    if (error instanceof Lacking) return again(error, work)
    throw error
  }
}

async function again<T>({ arrival }: Lacking, work: () => T): Promise<T> {
  await arrival
  return waitingFor(work)
}

/** Answers by what was asked, and promises of those that have not come yet. */
export type Answers<K, V> = Map<K, V | Lacking>

/** The answer for a key, asked for at most once. Throws Lacking while it has to be waited for. */
export function atHand<K, V>(answers: Answers<K, V>, key: K, ask: (key: K) => Soon<V>): V {
  const known = answers.get(key)
  if (known instanceof Lacking) throw known
  if (known !== undefined || answers.has(key)) return known as V
  const answer = ask(key)
  if (!(answer instanceof Promise)) {
    answers.set(key, answer)
    return answer
  }
  const lacking = new Lacking(answer.then((value) => void answers.set(key, value)))
  answers.set(key, lacking)
  throw lacking
}
