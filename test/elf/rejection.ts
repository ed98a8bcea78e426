import { LiftError } from '../../src/errors.js'

/** The LiftError a promise is rejected with; any other outcome is an error of the test. */
export async function rejection(promise: Promise<unknown>): Promise<LiftError> {
  try {
    await promise
  } catch (error) {
    if (error instanceof LiftError) return error
    throw error
  }
  throw new Error('it was not rejected')
}
