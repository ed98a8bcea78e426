import type { RootFiles } from '../loader/files.js'
import { basename, join, parent, type RootPath } from '../rootfs/path.js'
import type { Need } from './finder.js'
import { interpreter } from './interpreter.js'
import { directoriesNamedIn, namesIn, namesNeeds, pathNeed, variableNeeds } from './places.js'

/** The directories that Ruby loads from, which are compiled into it, and what it reads of packages at the start. */
export const ruby = interpreter({
  describe: "Ruby's standard library, and packages for it",
  defines: ['ruby_setup'],
  find: async (subject, { files, config }) => {
    const needs: Need[] = []
    for (const directory of await directoriesNamedIn(subject, files, (path) => path.includes('ruby')))
      needs.push(...(await directoryNeeds(files, directory)))
    return [
      ...needs,
      ...(await integrationNeeds(files)),
      ...variableNeeds(config, ['RUBYLIB', 'GEM_HOME', 'GEM_PATH']),
    ]
  },
})

const LIBRARY = 'runs Ruby, whose standard library lies there'
const START = 'runs Ruby, which looks for packages at the start'
const PACKAGES = 'runs Ruby, which finds packages there'

async function directoryNeeds(files: RootFiles, directory: RootPath): Promise<readonly Need[]> {
  const names = await namesIn(files, directory)
  if (names.includes('rbconfig.rb') || names.includes('set.rb')) {
    const gems = join(parent(directory), `gems/${basename(directory)}`)
    return [
      pathNeed(directory, 'likely', LIBRARY),
      ...namesNeeds(gems, ['specifications', 'extensions'], 'likely', START),
      ...namesNeeds(gems, ['gems', 'plugins'], 'possible', PACKAGES),
    ]
  }
  // Where distributions have what runs at each start apart from the rest.
  const started = names.filter((name) => /^rubygems(\.rb)?$/.test(name))
  return [...namesNeeds(directory, started, 'likely', START), pathNeed(directory, 'possible', PACKAGES)]
}

const INTEGRATION = '/usr/share/rubygems-integration'

/** Debian's list of packages that are no gems. */
async function integrationNeeds(files: RootFiles): Promise<readonly Need[]> {
  return (await namesIn(files, INTEGRATION)).map((name) =>
    pathNeed(join(INTEGRATION, `${name}/specifications`), 'likely', START),
  )
}
