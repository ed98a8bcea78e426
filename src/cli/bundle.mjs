/**
 * Bundles the command line, since reading and compiling code is most of a short run. What parses the arguments is
 * one file, the reading part of the library another, which `--version`, `--help` and a wrong word on the command line never load, and
 * so is each package that few runs need; a few lines start them with the code caches that are made here as well.
 */
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

/** Packages that few runs need. */
const RARE = ['execa', 'fflate', 'fzstd']

/** What the other bundles load as a file of its own, when they come to need it. */
const APART = [
  [/^(\.\.\/)+reading\.js$/, './library.cjs'],
  [/^(\.\.\/)+index\.js$/, './whole.cjs'],
  ...RARE.map((name) => [new RegExp(`^${name}$`), `./${name}.cjs`]),
]

const apart = {
  name: 'apart',
  setup({ onResolve }) {
    for (const [filter, path] of APART) onResolve({ filter }, () => ({ path, external: true }))
    for (const name of ['fflate-path', 'fzstd-path'])
      onResolve({ filter: new RegExp(`/${name}\\.js$`) }, () => ({
        path: fileURLToPath(new URL(`${name}.ts`, import.meta.url)),
      }))
  },
}

const common = {
  bundle: true,
  platform: 'node',
  target: 'node20.5',
  format: 'cjs',
  legalComments: 'none',
  logLevel: 'warning',
  // One byte a character, so that nothing has to be decoded.
  charset: 'ascii',
  // Less to read and fewer names to make; `node --enable-source-maps` gives stacks with the names as they are written.
  minify: true,
  // `require` is quicker, and code out of a cache has no `import()`.
  supported: { 'dynamic-import': false },
}

const mapped = { sourcemap: true, sourcesContent: false }

await build({ ...common, entryPoints: ['src/cli/start.ts'], outfile: 'dist/cli/main.cjs' })
await build({
  ...common,
  ...mapped,
  entryPoints: ['src/cli/main.ts'],
  outfile: 'dist/cli/command.cjs',
  plugins: [apart],
  alias: { 'node:child_process': './src/cli/child-process.ts' },
})
/** What a plain lift from a directory does without; commands that need any of it load the whole library. */
const UNUSED = [
  [/^\.\/finders\.js$/, ['BY_NAME']],
  [/^\.\/packages\.js$/, ['gatherPackages']],
  [/^\.\/observed\.js$/, ['gatherObserved']],
  [/^\.\/checked-tree\.js$/, ['treeAndCheck']],
  [/^\.\/generated-entries\.js$/, ['withGenerated']],
  [/^\.\/observed\.js$/, ['gatherObserved']],
  [/^\.\/source\/cache\.js$/, ['cacheContents', 'cacheDirectory', 'clearCache']],
  [/^\.\/docker\.js$/, ['openDocker']],
  [/^\.\/podman\.js$/, ['openPodman']],
  [/^\.\/registry\.js$/, ['openRegistry']],
  [/^\.\/docker-archive\.js$/, ['openDockerArchive']],
  [/^\.\/oci-dir\.js$/, ['openOciArchive', 'openOciDir']],
  [/^\.\/bare-name\.js$/, ['openByBareName']],
]

const plain = {
  name: 'plain',
  setup({ onResolve, onLoad }) {
    for (const [filter, names] of UNUSED)
      onResolve({ filter }, ({ path }) => ({ path, namespace: 'unused', pluginData: names }))
    onLoad({ filter: /.*/, namespace: 'unused' }, ({ path, pluginData }) => ({
      contents: pluginData
        .map((name) => `export const ${name} = () => { throw new Error('${path} is not in this bundle') }`)
        .join('\n'),
    }))
  },
}

for (const [entry, outfile, plugins] of [
  ['src/reading.ts', 'dist/cli/library.cjs', [apart, plain]],
  ['src/index.ts', 'dist/cli/whole.cjs', [apart]],
]) {
  await build({
    ...common,
    ...mapped,
    entryPoints: [entry],
    outfile,
    plugins,
    alias: { assert: './src/cli/assert.ts', 'node:os': './src/cli/os.ts' },
  })
}
// The library for others to import has its data in a module: Node 20 warns where a program loads JSON by itself.
await build({
  bundle: true,
  format: 'esm',
  logLevel: 'warning',
  entryPoints: ['src/needs/path-rules.ts'],
  outfile: 'dist/needs/path-rules.js',
  allowOverwrite: true,
})
for (const name of RARE) await build({ ...common, entryPoints: [name], outfile: `dist/cli/${name}.cjs` })

// Without caches the command is only slower to start, so nothing depends on how this ends.
spawnSync(process.execPath, [fileURLToPath(new URL('code-cache.mjs', import.meta.url))], { stdio: 'ignore' })
