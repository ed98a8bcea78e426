import { basename, join, type RootPath } from '../rootfs/path.js'
import type { Need, Subject } from './finder.js'
import { interpreter } from './interpreter.js'
import { above, directoriesNamedIn, namesIn, pathNeed, variableNeeds } from './places.js'

/** The script libraries of Tcl and Tk, by the paths that are compiled into them and those beside them. */
export const tcl = interpreter({
  describe: 'the script libraries of Tcl and Tk',
  defines: ['Tcl_CreateInterp', 'Tk_Init'],
  find: async (subject, { files, config }) => {
    const named = await directoriesNamedIn(subject, files, (path) => /\/(tcl|tk)/.test(path))
    const needs: Need[] = []
    for (const directory of new Set([...named, ...beside(subject)])) {
      const names = await namesIn(files, directory)
      if (names.includes('init.tcl'))
        needs.push(pathNeed(directory, 'likely', 'runs Tcl, which starts with it'))
      else if (names.includes('tk.tcl'))
        needs.push(pathNeed(directory, 'likely', 'uses Tk, which starts with it'))
    }
    return [...needs, ...variableNeeds(config, ['TCL_LIBRARY', 'TK_LIBRARY'])]
  },
})

/** `lib/tcl8.6` below the nearest directories above `libtcl8.6.so`. */
function beside({ object }: Subject): readonly RootPath[] {
  const [, name] =
    /^lib(tcl\d+\.\d+|tk\d+\.\d+)/.exec(object.elf.dynamic?.soname ?? basename(object.file.path)) ?? []
  if (name === undefined) return []
  return above(object.file.path)
    .slice(0, 3)
    .flatMap((prefix) => [join(prefix, name), join(prefix, `lib/${name}`), join(prefix, `share/${name}`)])
}
