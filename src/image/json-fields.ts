import { bufferOf } from '../bytes.js'
import { LiftError } from '../errors.js'

/** Any JSON object, its fields not looked at yet. */
export type JsonObject = Readonly<Record<string, unknown>>

/** Parses a JSON document of an image. Throws LiftError 'unreadable' that names `what`. */
export function parseJson(bytes: Uint8Array, what: string): unknown {
  try {
    return JSON.parse(bufferOf(bytes).toString('utf8'))
  } catch (error) {
    throw new LiftError('unreadable', `${what} is not JSON: ${(error as Error).message}`, { cause: error })
  }
}

/** The value as an object; one without fields where it is something else. */
export function objectOf(value: unknown): JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonObject) : {}
}

/** The strings of an array; none where the value is something else. */
export function stringsOf(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((item): item is string => typeof item === 'string') : []
}

/** The objects of an array; none where the value is something else. */
export function objectsOf(value: unknown): JsonObject[] {
  return Array.isArray(value) ? value.map(objectOf) : []
}

/** A string that is not empty. */
export function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}

/** A record of strings; fields that are none are left out. */
export function textRecordOf(value: unknown): Readonly<Record<string, string>> {
  const pairs = Object.entries(objectOf(value))
  return Object.fromEntries(pairs.filter((pair): pair is [string, string] => typeof pair[1] === 'string'))
}

/** `{ key: value }`, or nothing where there is no value, as exact optional fields want it. */
export function optional<K extends string, V>(key: K, value: V | undefined): { [P in K]?: V } {
  return (value === undefined ? {} : { [key]: value }) as { [P in K]?: V }
}
