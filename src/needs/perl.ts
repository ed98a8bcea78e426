import { basename } from '../rootfs/path.js'
import type { Need } from './finder.js'
import { interpreter } from './interpreter.js'
import { directoriesNamedIn, namesIn, namesNeeds, pathNeed, variableNeeds } from './places.js'

/** The directories that Perl looks for modules in (`@INC`), which are compiled into it. */
export const perl = interpreter({
  describe: "Perl's standard library, and packages for it",
  defines: ['perl_parse'],
  find: async (subject, { files, config }) => {
    const needs: Need[] = []
    for (const directory of await directoriesNamedIn(subject, files, (path) => /perl/i.test(path))) {
      const names = await namesIn(files, directory)
      if (!MARKS.some((mark) => names.includes(mark))) needs.push(pathNeed(directory, 'possible', PACKAGES))
      else {
        const others = names.filter((name) => PACKAGED.has(name))
        const building = names.filter((name) => name === 'CORE')
        needs.push(pathNeed(directory, 'likely', LIBRARY, [...others, ...building]))
        needs.push(...namesNeeds(directory, others, 'possible', PACKAGES))
        needs.push(
          ...namesNeeds(directory, building, 'possible', 'runs Perl, which may build modules with it'),
        )
      }
    }
    return [
      ...needs.filter((need) => !isDocumentation(need)),
      ...variableNeeds(config, ['PERL5LIB', 'PERLLIB']),
    ]
  },
})

const LIBRARY = 'runs Perl, whose standard library lies there'
const PACKAGES = 'runs Perl, which finds packages there'

/** Modules that nothing but Perl itself brings: of its two halves, that for any machine and that for this one. */
const MARKS = ['strict.pm', 'Config.pm']
const PACKAGED = new Set(['vendor_perl', 'site_perl'])

function isDocumentation(need: Need): boolean {
  return need.kind === 'path' && /^(man|man\d|html|pod)$/.test(basename(need.path))
}
