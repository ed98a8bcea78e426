import type { MemoryNode } from '../../src/rootfs/memory.js'
import type { Random } from './fuzz-random.js'

const NAMES = ['a', 'b', 'c', 'd']

/** A small tree with links that loop, chain, climb out by `..` and start again at the root. */
export function randomTree(random: Random): Record<string, MemoryNode> {
  const tree: Record<string, MemoryNode> = {}
  fill(random, tree, '', 3)
  if (random.oneIn(4)) addChain(random, tree)
  return tree
}

/** A path into such a tree, or past it. */
export function randomPath(random: Random): string {
  const parts = random.several(1, 8, () => randomPart(random))
  return `${random.oneIn(3) ? '' : '/'}${parts.join('/')}${random.oneIn(5) ? '/' : ''}`
}

function randomPart(random: Random): string {
  return random.pick([...NAMES, ...NAMES, ...NAMES, '..', '..', '.', '', 'chain0', 'n'.repeat(256)])
}

function fill(random: Random, tree: Record<string, MemoryNode>, at: string, depth: number): void {
  for (const name of NAMES) {
    const path = `${at}/${name}`
    const kind = random.below(depth > 0 ? 6 : 4)
    if (kind >= 4) {
      tree[path] = { directory: true }
      fill(random, tree, path, depth - 1)
    } else if (kind >= 2) tree[path] = { link: randomTarget(random) }
    else if (kind === 1) tree[path] = path
  }
}

/** No empty target, since no file system takes one. */
function randomTarget(random: Random): string {
  const target = randomPath(random)
  return target === '' ? '.' : target
}

/** Forty links in one path are allowed, one more is not. */
function addChain(random: Random, tree: Record<string, MemoryNode>): void {
  const length = random.pick([38, 39, 40, 41, 45])
  for (let index = 0; index < length; index++) tree[`/chain${index}`] = { link: `chain${index + 1}` }
  tree[`/chain${length}`] = random.oneIn(4) ? { link: 'chain0' } : 'the end'
}
