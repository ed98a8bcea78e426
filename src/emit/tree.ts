import type { AuditedBinary, AuditedLibrary } from '../audit/audit.js'
import type { Missing } from '../lift/lift.js'
import type { AuditEmitter } from './emitter.js'
import type { Paint } from './paint.js'
import { printable } from './printable.js'

/** Each binary with its libraries below the object that asked for them first, and where a missing one was looked for. */
export const auditTree: AuditEmitter = {
  describe: 'what each binary needs, as a tree for people',
  extension: 'txt',
  emit: (audit, paint) =>
    audit.binaries.map((binary) => `${binaryLines(binary, paint).join('\n')}\n`).join('\n'),
}

/** One line of the tree and what hangs below it. */
export interface Branch {
  readonly text: string
  readonly below: Branch[]
}

/** The lines of a tree: the root's text, then the branches with their guides. */
export function drawTree(root: Branch): readonly string[] {
  return [root.text, ...guided(root.below)]
}

function guided(branches: readonly Branch[]): readonly string[] {
  return branches.flatMap((branch, index) => {
    const last = index === branches.length - 1
    const inner = guided(branch.below).map((line) => `${last ? '   ' : '│  '}${line}`)
    return [`${last ? '└─ ' : '├─ '}${branch.text}`, ...inner]
  })
}

function binaryLines(binary: AuditedBinary, paint: Paint): readonly string[] {
  const kind = paint.faint(`(${printable(binary.machine)} ${binary.kind})`)
  const root: Branch = { text: `${paint.strong(printable(binary.path))}  ${kind}`, below: [] }
  if (binary.loader !== undefined) root.below.push({ text: loaderText(binary.loader, paint), below: [] })
  const placed = placeLibraries(binary, root, paint)
  for (const missing of binary.missing)
    under(placed, missing.neededBy, root).below.push(missingBranch(missing, paint))
  for (const finding of binary.findings) {
    if (finding.kind === 'library-missing') continue
    root.below.push({
      text: paint[finding.severity](`${finding.severity}: ${printable(finding.message)}`),
      below: [],
    })
  }
  return drawTree(root)
}

function loaderText({ path, realPath }: { path: string; realPath: string }, paint: Paint): string {
  const real = path === realPath ? '' : paint.faint(` → ${printable(realPath)}`)
  return `loader ${printable(path)}${real}`
}

interface Placed {
  readonly branch: Branch
  readonly depth: number
  readonly above: Branch
}

/** A chain longer than this goes on at the same depth: a hostile image may have thousands of links in one. */
const DEEPEST = 40

/** Libraries come in load order, so the one that asked first is there before the ones it asked for. */
function placeLibraries(binary: AuditedBinary, root: Branch, paint: Paint): ReadonlyMap<string, Placed> {
  const placed = new Map<string, Placed>([[binary.path, { branch: root, depth: 0, above: root }]])
  for (const library of binary.libraries) {
    const asker = placed.get(library.neededBy[0] ?? '')
    const above = asker === undefined ? root : asker.depth < DEEPEST ? asker.branch : asker.above
    const depth = Math.min(DEEPEST, (asker?.depth ?? 0) + 1)
    const branch: Branch = { text: libraryText(library, paint), below: [] }
    above.below.push(branch)
    if (!placed.has(library.path)) placed.set(library.path, { branch, depth, above })
  }
  return placed
}

function under(placed: ReadonlyMap<string, Placed>, neededBy: string, root: Branch): Branch {
  return placed.get(neededBy)?.branch ?? root
}

function libraryText({ name, path, rule }: AuditedLibrary, paint: Paint): string {
  return `${printable(name)} → ${printable(path)} ${paint.faint(`[${rule}]`)}`
}

function missingBranch({ name, attempts }: Missing, paint: Paint): Branch {
  return {
    text: paint.error(`${printable(name)} is missing`),
    below: attempts.map(({ rule, path, outcome }) => ({
      text: paint.faint(`${rule}: ${printable(path)} ${outcome}`),
      below: [],
    })),
  }
}
