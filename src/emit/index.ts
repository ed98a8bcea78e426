import { dockerfile } from './dockerfile.js'
import type { AuditEmitter, Emitter } from './emitter.js'
import { auditJson, liftJson } from './json.js'
import { auditTree } from './tree.js'

/** The formats of a lift, by the name that `--format` takes. */
export const LIFT_FORMATS = { dockerfile, json: liftJson } as const satisfies Record<string, Emitter>

/** The formats of an audit, by the name that `--format` takes. */
export const AUDIT_FORMATS = { tree: auditTree, json: auditJson } as const satisfies Record<
  string,
  AuditEmitter
>
