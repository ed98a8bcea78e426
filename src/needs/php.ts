import { decodeText } from '../bytes.js'
import type { RootFiles } from '../loader/files.js'
import { basename, join, type RootPath } from '../rootfs/path.js'
import type { Need, Subject } from './finder.js'
import { interpreter } from './interpreter.js'
import { directoriesNamedIn, namesIn, namesNeeds, pathNeed, variableNeeds } from './places.js'

/** PHP's configuration in the directories that are compiled into it, and the extensions that it has PHP load. */
export const php = interpreter({
  describe: "PHP's configuration and extensions",
  defines: ['php_module_startup'],
  find: async (subject, { files, config }) => {
    const directories = await directoriesNamedIn(subject, files, isOfPhp)
    const settings = await settingsIn(files, directories)
    const needs = settings.map((path) => pathNeed(path, 'likely', 'runs PHP, which is configured there'))
    for (const directory of directories.filter((path) => path !== '/etc'))
      needs.push(...(await extensionNeeds(files, directory, await extensionsIn(files, settings))))
    return [
      ...needs,
      ...(await zoneNeeds(subject)),
      ...['/usr/share/php' as const].map((path) =>
        pathNeed(path, 'possible', 'runs PHP, which finds packages there'),
      ),
      ...variableNeeds(config, ['PHPRC', 'PHP_INI_SCAN_DIR']),
    ]
  },
})

/** Fedora has the file in `/etc` itself. */
function isOfPhp(path: RootPath): boolean {
  return path === '/etc' || path.includes('php')
}

/** Files and directories of settings. */
async function settingsIn(files: RootFiles, directories: readonly RootPath[]): Promise<readonly RootPath[]> {
  const found: RootPath[] = []
  for (const directory of directories) {
    const names = await namesIn(files, directory)
    found.push(...names.filter((name) => /^php(-\w+)?\.ini$/.test(name)).map((name) => join(directory, name)))
    if (/^(conf|php)\.d$/.test(basename(directory))) found.push(directory)
  }
  return found
}

const LARGEST = 1 << 20
const MOST_FILES = 1000

/** The names of extensions that settings have PHP load: `mbstring`, however it is written. */
async function extensionsIn(files: RootFiles, settings: readonly RootPath[]): Promise<ReadonlySet<string>> {
  const found = new Set<string>()
  for (const path of settings) {
    const names = await namesIn(files, path)
    const inside = names.filter((name) => name.endsWith('.ini')).map((name) => join(path, name))
    for (const one of names.length > 0 ? inside.slice(0, MOST_FILES) : [path]) {
      const { end } = await files.trail(one, '/')
      if (end?.kind !== 'file' || end.size > LARGEST) continue
      const text = decodeText(await files.content(end))
      for (const [, name] of text.matchAll(/^[ \t]*(?:zend_)?extension[ \t]*=[ \t]*"?([\w./-]+)/gm))
        found.add(basename(name!).replace(/\.so$/, ''))
    }
  }
  return found
}

async function extensionNeeds(
  files: RootFiles,
  directory: RootPath,
  loaded: ReadonlySet<string>,
): Promise<readonly Need[]> {
  const modules = (await namesIn(files, directory)).filter((name) => name.endsWith('.so'))
  const named = modules.filter((name) => loaded.has(name.replace(/\.so$/, '')))
  return [
    ...namesNeeds(directory, named, 'likely', 'runs PHP, whose settings load it'),
    ...(modules.length > named.length
      ? [pathNeed(directory, 'possible', 'runs PHP, whose extensions lie there')]
      : []),
  ]
}

/** Some distributions have PHP use the system's time zones in place of its own; it reads their names at the start. */
async function zoneNeeds(subject: Subject): Promise<readonly Need[]> {
  const isNamed = (await subject.texts()).includes('/usr/share/zoneinfo/zone.tab')
  return isNamed
    ? [pathNeed('/usr/share/zoneinfo', 'likely', 'runs PHP, which looks up time zones at the start')]
    : []
}
