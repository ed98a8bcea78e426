import { EMPTY_CONFIG, type ImageConfig } from '../../src/image/config.js'
import { rootFiles } from '../../src/loader/files.js'
import type { Need } from '../../src/needs/finder.js'
import { type FinderName, findersOf } from '../../src/needs/index.js'
import type { Script } from '../../src/needs/script.js'
import { memoryRootFs } from '../../src/rootfs/memory.js'
import type { Tree } from './small-image.js'

/** What a finder knows for a script in some root: `kind confidence path`. */
export async function scriptNeeds(
  name: FinderName,
  script: Omit<Script, 'path'> & Partial<Script>,
  tree: Tree,
  config: Partial<ImageConfig> = {},
): Promise<readonly string[]> {
  const [found] = await findersOf([name])
  const files = rootFiles(memoryRootFs(tree))
  const surroundings = { files, config: { ...EMPTY_CONFIG, ...config } }
  const needs = await found!.finder.findInScript?.({ path: '/usr/bin/x', ...script }, surroundings)
  return (needs ?? []).map(textOf)
}

function textOf(need: Need): string {
  return 'path' in need ? `${need.kind} ${need.confidence} ${need.path}` : need.kind
}
