import type { RootPath } from '../rootfs/path.js'
import type { Need } from './finder.js'
import { interpreter } from './interpreter.js'
import { pathNeed, variableNeeds } from './places.js'

/** Node has its library in itself, but for parts that some distributions have apart, whose files it names. */
export const node = interpreter({
  describe: "parts of Node's library that lie apart, and packages for it",
  // node::Start(int, char**)
  defines: ['_ZN4node5StartEiPPc'],
  find: async (subject, { files, config }) => {
    const needs: Need[] = []
    for (const path of (await subject.texts()).filter(isScript)) {
      if ((await files.trail(path, '/')).end?.kind === 'file')
        needs.push(pathNeed(path, 'likely', 'runs Node, of whose library this is a part'))
    }
    return [
      ...needs,
      ...PACKAGES.map((path) => pathNeed(path, 'possible', 'runs Node, which finds packages there')),
      ...variableNeeds(config, ['NODE_PATH']),
    ]
  },
})

function isScript(text: string): text is RootPath {
  return /^\/.*\.(js|cjs|mjs|json)$/.test(text)
}

const PACKAGES = [
  '/usr/share/nodejs',
  '/usr/share/node_modules',
  '/usr/lib/nodejs',
  '/usr/lib/node_modules',
  '/usr/local/lib/node_modules',
] as const
