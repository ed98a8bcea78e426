/**
 * Bundles the command line into two files, since reading and compiling code is most of a short run: what parses
 * the arguments, and the library, which `--version`, `--help` and a wrong word on the command line never load.
 */
import { build } from 'esbuild'

const LIBRARY = './library.cjs'

/** The library is a file of its own. `require` finds it sooner than `import()` does. */
const libraryApart = {
  name: 'library apart',
  setup({ onResolve }) {
    onResolve({ filter: /^(\.\.\/)+index\.js$/ }, () => ({ path: LIBRARY, external: true }))
  },
}

const common = {
  bundle: true,
  platform: 'node',
  target: 'node20.5',
  format: 'cjs',
  legalComments: 'none',
  logLevel: 'warning',
  minifyWhitespace: true,
  minifySyntax: true,
}

await build({
  ...common,
  entryPoints: ['src/cli/main.ts'],
  outfile: 'dist/cli/main.cjs',
  plugins: [libraryApart],
  supported: { 'dynamic-import': false },
  alias: { 'node:child_process': './src/cli/child-process.ts' },
})
await build({
  ...common,
  entryPoints: ['src/index.ts'],
  outfile: 'dist/cli/library.cjs',
  // Found where the package is installed, by imports of their own kind; few runs need them.
  external: ['execa', 'fzstd', 'undici'],
})
