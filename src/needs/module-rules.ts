import type { Language, Script } from './script.js'

/** A module that a script names: where it can lie in one of the directories. */
export interface ModuleName {
  readonly name: string
  /** Any of these is the module, relative to a directory; with `*` for a part of a name. */
  readonly files: readonly string[]
  /** What belongs to it where it was found. */
  readonly along?: readonly string[]
}

/** How the scripts of a language name modules, and where those lie that are no part of its standard library. */
export interface ModuleRules {
  /** Directories, with `*`; relative ones from where the script lies. */
  readonly directories: readonly string[]
  /** A script that names directories itself does so in this form. */
  readonly adding: RegExp
  readonly names: (text: string) => readonly ModuleName[]
  /** Whether only the first directory counts that has a module, or all that do. */
  readonly counts: 'first' | 'all'
}

/** The languages whose modules are found by name. */
export const MODULE_RULES: Readonly<Partial<Record<Language, ModuleRules>>> = {
  perl: {
    directories: [
      '/etc/perl',
      '/usr/local/lib/*/perl/*',
      '/usr/local/share/perl/*',
      '/usr/lib/*/perl5/*',
      '/usr/share/perl5',
      '/usr/local/lib64/perl5/*',
      '/usr/local/share/perl5/*',
      '/usr/lib64/perl5/vendor_perl',
      '/usr/lib/perl5/vendor_perl',
      '/usr/share/perl5/vendor_perl',
    ],
    adding: /^[ \t]*use[ \t]+lib[ \t]+['"](\/[^'"]+)['"]/gm,
    names: perlModules,
    counts: 'first',
  },
  python: {
    directories: [
      '.',
      '/usr/local/lib/python3*/dist-packages',
      '/usr/lib/python3/dist-packages',
      '/usr/local/lib/python3*/site-packages',
      '/usr/lib/python3*/site-packages',
      '/usr/lib64/python3*/site-packages',
    ],
    adding: /\bsys\.path\.(?:append\(|insert\(\s*\d+\s*,)\s*['"](\/[^'"]+)['"]/g,
    names: pythonModules,
    counts: 'first',
  },
  ruby: {
    directories: [
      '/usr/share/rubygems-integration/*',
      '/var/lib/gems/*',
      '/usr/lib/ruby/gems/*',
      '/usr/share/gems',
      '/usr/local/share/gems',
    ],
    adding: /\$(?:LOAD_PATH|:)\.unshift\(?\s*['"](\/[^'"]+)['"]/g,
    names: gems,
    counts: 'all',
  },
  node: {
    directories: [
      '.',
      './node_modules',
      '../node_modules',
      '../../node_modules',
      '/usr/share/nodejs',
      '/usr/lib/nodejs',
      '/usr/local/lib/node_modules',
      '/usr/lib/node_modules',
    ],
    adding: /(?!)/g,
    names: packages,
    counts: 'first',
  },
}

/** `use Name`, `require Name` and `require "file"`; what stands behind the end of the code counts as little as POD. */
function perlModules(text: string): readonly ModuleName[] {
  const code = perlCode(text)
  const named = all(code, /(?:^|[\s;{(])(?:use|require)[ \t]+([A-Za-z_]\w*(?:::\w+)*)/gm)
  const parents = all(code, /^[ \t]*use[ \t]+(?:base|parent)[ \t]+([^;\s][^;]{0,999});/gm).flatMap((list) =>
    all(list, /([A-Za-z_]\w*(?:::\w+)+)/g),
  )
  const files = all(code, /\brequire\s+['"]([\w./-]+\.p[lm])['"]/g)
  return [
    ...[...new Set([...named, ...parents])].map((name) => {
      const path = name.replaceAll('::', '/')
      return { name, files: [`${path}.pm`], along: [path, `auto/${path}`] }
    }),
    ...files.map((name) => ({ name, files: [name] })),
  ]
}

function perlCode(text: string): string {
  let isCode = true
  const lines: string[] = []
  for (const line of text.split('\n')) {
    if (line === '__END__' || line === '__DATA__') break
    if (/^=[a-z]/.test(line)) isCode = line.startsWith('=cut')
    else if (isCode && !/^\s*#/.test(line)) lines.push(line)
  }
  return lines.join('\n')
}

/** Of `import a.b` and `from a.b import c` the outermost package, which is taken as a whole. */
function pythonModules(text: string): readonly ModuleName[] {
  const listed = all(text, /^[ \t]*import[ \t]+([\w., \t]{1,1000})/gm).flatMap((list) => list.split(','))
  const from = all(text, /^[ \t]*from[ \t]+([A-Za-z_]\w*)(?:\.[\w.]*)?[ \t]+import\b/gm)
  const names = [...listed.map((name) => /^\s*([A-Za-z_]\w*)/.exec(name)?.[1]), ...from]
  return [...new Set(names)].flatMap((name) =>
    name === undefined ? [] : [{ name, files: [name, `${name}.py`, `${name}.*.so`] }],
  )
}

/** What a program that RubyGems has put into PATH starts. */
function gems(text: string): readonly ModuleName[] {
  const names = all(text, /\b(?:activate_bin_path|bin_path|gem)\b[\s(]*['"]([\w.-]+)['"]/g)
  return [...new Set(names)].map((name) => ({
    name,
    files: [`specifications/${name}-*.gemspec`, `specifications/default/${name}-*.gemspec`],
    along: [`gems/${name}-*`, `extensions/*/*/${name}-*`],
  }))
}

/** Packages as a whole, and single files by their place. */
function packages(text: string): readonly ModuleName[] {
  const named = all(text, /\b(?:require|import)[ \t]*\([ \t]*['"]([\w@./-]{1,200})['"]/g)
  const from = all(text, /\b(?:from|import)[ \t]*['"]([\w@./-]{1,200})['"]/g)
  return [...new Set([...named, ...from])].map((name) =>
    name.startsWith('.')
      ? { name, files: [name, `${name}.js`, `${name}.cjs`, `${name}.json`, `${name}/index.js`] }
      : { name, files: [/^(@[^/]*\/)?[^/]*/.exec(name)![0]] },
  )
}

function all(text: string, pattern: RegExp): readonly string[] {
  return [...text.matchAll(pattern)].map(([, name]) => name!)
}

/** Directories that a script adds to where its modules are looked for. */
export function addedDirectories({ text }: Script, { adding }: ModuleRules): readonly string[] {
  return all(text, adding)
}
