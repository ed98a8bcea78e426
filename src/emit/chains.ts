import type { Missing } from '../lift/lift.js'
import type { WhyChain, WhyStep } from '../lift/why.js'
import { type Paint, PLAIN } from './paint.js'
import { printable } from './printable.js'
import { type Branch, drawTree } from './tree.js'

/** The chains that bring a library in, each as a staircase from the program down to it. */
export function chainsText(chains: readonly WhyChain[], paint: Paint = PLAIN): string {
  return chains.map((chain) => `${staircase(chain, paint).join('\n')}\n`).join('\n')
}

/** Who asks for a library that is not there, and each place that was looked at. */
export function missingText(missing: readonly Missing[], paint: Paint = PLAIN): string {
  return missing.map((one) => `${drawTree(missingTree(one, paint)).join('\n')}\n`).join('\n')
}

function staircase(chain: WhyChain, paint: Paint): readonly string[] {
  return chain.map((link, depth) => {
    if (depth === 0) return paint.strong(printable(link.path))
    const indent = '   '.repeat(Math.min(depth - 1, DEEPEST))
    const asked = link.name === link.path ? '' : `${printable(link.name)} → `
    return `${indent}└─ ${asked}${printable(link.path)} ${paint.faint(`[${reasonOf(link)}]`)}`
  })
}

function reasonOf({ rule, confidence, reason }: WhyStep): string {
  return reason === undefined ? rule : `${rule}, ${confidence}: ${printable(reason)}`
}

/** Further steps stay at this depth. */
const DEEPEST = 40

function missingTree({ name, neededBy, attempts }: Missing, paint: Paint): Branch {
  const tried = attempts.map((one) => `${one.rule}: ${printable(one.path)} ${one.outcome}`)
  const missing = {
    text: paint.error(`${printable(name)} is missing`),
    below: tried.map((text) => ({ text, below: [] })),
  }
  return { text: paint.strong(printable(neededBy)), below: [missing] }
}
