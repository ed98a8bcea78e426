import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'

const SRC = fileURLToPath(new URL('../src', import.meta.url))

const BASE = ['errors', 'bytes']
const FILES = [...BASE, 'elf', 'rootfs']
const RESOLVING = [...FILES, 'image', 'loader', 'closure']

/**
 * Which folders (or single files) of src each folder may import. Everything flows one way: files and ELF at the
 * bottom, the answer as plain data in the middle, what only reads the answer above, the command line on top.
 */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  errors: [],
  bytes: ['errors'],
  elf: BASE,
  rootfs: BASE,
  image: [...BASE, 'rootfs'],
  source: [...FILES, 'image'],
  loader: FILES,
  closure: [...FILES, 'loader'],
  needs: RESOLVING,
  packages: [...BASE, 'rootfs'],
  trace: BASE,
  lift: [...RESOLVING, 'needs', 'packages', 'trace'],
  audit: [...RESOLVING, 'lift'],
  emit: ['errors', 'lift', 'audit', 'image/config', 'image/platform', 'rootfs/path', 'verify/verification'],
  pack: [...BASE, 'rootfs', 'image', 'lift'],
  destination: [...BASE, 'rootfs', 'image', 'source', 'lift', 'pack'],
  verify: [...BASE, 'rootfs', 'image', 'source', 'lift', 'pack', 'destination'],
  reading: [...RESOLVING, 'packages', 'trace', 'source', 'needs', 'lift', 'audit', 'emit'],
  index: ['reading', 'trace', 'emit', 'pack', 'destination', 'verify'],
  cli: ['reading', 'index'],
}

/** What to do about an import that the table forbids. */
const ADVICE: Readonly<Record<string, string>> = {
  emit: 'An emitter writes down a lift or an audit; what it wants to know belongs into their data.',
  cli: 'If the command line lacks something, the public API lacks it: export it from src/index.ts.',
  lift: 'A lift knows images, not where they come from.',
}

/** What knows paths of the host. */
const HOST_FILES = [
  'rootfs/directory.ts',
  'image/blob-cache.ts',
  'image/cache-',
  'image/spool.ts',
  'source/',
  'destination/',
  'verify/',
  'cli/',
]

/** Who may import a module from outside of src, as prefixes of paths; a module that is not here is imported by nobody. */
const MODULES: Readonly<Record<string, readonly string[]>> = {
  elfy: ['elf/header.ts'],
  fzstd: [],
  fflate: [],
  execa: ['source/', 'destination/', 'verify/'],
  commander: ['cli/'],
  chalk: ['cli/'],
  'node:fs': ['bytes.ts', ...HOST_FILES],
  'node:fs/promises': ['source/', 'destination/', 'verify/'],
  'node:buffer': ['bytes.ts'],
  'node:child_process': ['source/', 'destination/', 'verify/'],
  'node:crypto': ['image/', 'source/', 'pack/', 'destination/'],
  'node:http': ['source/'],
  'node:https': ['source/'],
  'node:module': ['cli/start.ts', 'image/fzstd-path.ts', 'pack/fflate-path.ts'],
  'node:net': ['source/'],
  'node:os': ['image/spool.ts', 'pack/gzip.ts', 'source/', 'destination/', 'verify/', 'cli/os.ts'],
  os: ['cli/os.ts'],
  'node:path': HOST_FILES,
  'node:stream': ['image/', 'source/', 'pack/', 'destination/'],
  'node:stream/promises': ['image/', 'source/', 'pack/', 'destination/'],
  'node:tls': ['source/'],
  'node:vm': ['cli/start.ts'],
  'node:worker_threads': ['image/zstd-thread.ts', 'pack/gzip.ts'],
  'node:zlib': ['image/', 'source/', 'pack/', 'destination/'],
}

interface SourceFile {
  /** Relative to src. */
  readonly path: string
  readonly text: string
  readonly imports: readonly string[]
}

const files: readonly SourceFile[] = readdirSync(SRC, { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.ts') && !path.endsWith('.d.ts'))
  .sort()
  .map((path) => {
    const text = readFileSync(join(SRC, path), 'utf8')
    return {
      path,
      text,
      imports: ts.preProcessFile(text, true, true).importedFiles.map((one) => one.fileName),
    }
  })

/** The row of the table a file belongs to: its folder, or its own name at the top. */
function layerOf(path: string): string {
  return path.split('/')[0]!.replace(/\.[jt]s$/, '')
}

function importedPath(file: SourceFile, name: string): string {
  return normalize(join(dirname(file.path), name)).replace(/\.js$/, '')
}

test('there are files to look at, and imports in them', () => {
  assert.ok(files.length > 20)
  assert.ok(files.some(({ path, imports }) => path === 'cli/main.ts' && imports.includes('../reading.js')))
})

test('every folder and top-level file of src has a row in the table', () => {
  const unknown = new Set(files.map(({ path }) => layerOf(path)).filter((layer) => !(layer in MAY_IMPORT)))
  assert.deepEqual([...unknown], [], 'Say in MAY_IMPORT what a new folder may import, and who may import it.')
})

test('a file imports only from the layers below its own', () => {
  const broken = files.flatMap((file) => {
    const layer = layerOf(file.path)
    const allowed = [layer, ...(MAY_IMPORT[layer] ?? [])]
    return file.imports
      .filter((name) => name.startsWith('.'))
      .map((name) => importedPath(file, name))
      .filter((target) => !allowed.includes(layerOf(target)) && !allowed.includes(target))
      .map((target) => `src/${file.path} must not import src/${target}. ${ADVICE[layer] ?? ''}`.trimEnd())
  })
  assert.deepEqual(broken, [], broken.join('\n'))
})

test('a module from outside is imported only where it is wrapped', () => {
  const broken = files.flatMap((file) =>
    file.imports
      .filter((name) => !name.startsWith('.'))
      .filter((name) => !(MODULES[name] ?? []).some((place) => file.path.startsWith(place)))
      .map((name) => `src/${file.path} must not import ${name}: ${wrappedWhere(name)}`),
  )
  assert.deepEqual(broken, [], broken.join('\n'))
})

function wrappedWhere(name: string): string {
  const places = MODULES[name]
  return places === undefined ? 'no file may; MODULES lists what is used' : `only ${places.join(', ')} may`
}

/** Who may look at the machine and the caller's environment; `image/platform.ts` knows the machine's own platform. */
const MAY_LOOK_AROUND = ['cli/', 'source/', 'destination/', 'verify/', 'image/platform.ts']

test('only the command line and the sources look at the process', () => {
  const others = files.filter(({ path }) => !MAY_LOOK_AROUND.some((place) => path.startsWith(place)))
  const broken = others.filter(({ text }) => /\bprocess\.\w/.test(text))
  assert.deepEqual(
    broken.map(({ path }) => path),
    [],
    'The library takes what it needs as options, so that it can be used inside another program.',
  )
})

test('only the command line prints', () => {
  const broken = files.filter(({ path, text }) => !path.startsWith('cli/') && /^\s*console\.\w/m.test(text))
  assert.deepEqual(
    broken.map(({ path }) => path),
    [],
    'The library answers; steps are told to onStep.',
  )
})

test('the folders of test mirror those of src', () => {
  const folders = readdirSync(join(SRC, '../test'), { withFileTypes: true }).filter((entry) =>
    entry.isDirectory(),
  )
  const known = [...Object.keys(MAY_IMPORT), 'support', 'golden', 'fuzz', 'bench', 'e2e', 'samples']
  assert.deepEqual(
    folders.map(({ name }) => name).filter((name) => !known.includes(name)),
    [],
  )
})
