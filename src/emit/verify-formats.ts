import type { VerifyEmitter } from './emitter.js'
import { verifyJson } from './verify-json.js'
import { verifyJunit } from './verify-junit.js'
import { verifyTable } from './verify-table.js'

/** The formats of a verification, by the name that `--format` takes. */
export const VERIFY_FORMATS = {
  table: verifyTable,
  json: verifyJson,
  junit: verifyJunit,
} as const satisfies Record<string, VerifyEmitter>
