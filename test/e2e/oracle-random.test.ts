import assert from 'node:assert/strict'
import { test } from 'node:test'
import { askBoth, differing, summary } from './oracle.js'
import { type Dialect, makeRandomRoot } from './random-root.js'
import { root, withFolder } from './surroundings.js'

// Hundreds of small files that need each other in ways no distribution has, put to real loaders. Another seed
// than the fixed one is given by LIFTBIN_E2E_SEED.

const SEED = Number(process.env.LIFTBIN_E2E_SEED ?? 20)
const WORLDS = 60
const LIBRARY_PATH = Array.from({ length: WORLDS }, (_, index) => `/w${index}/link`).join(':')
const GLIBC = { loader: '/lib64/ld-linux-x86-64.so.2', system: ['/lib/x86_64-linux-gnu', '/usr/lib'] }
const DIALECTS: readonly (Dialect & { readonly what: string })[] = [
  { root: 'bullseye', what: 'glibc 2.31', ...GLIBC },
  { root: 'bookworm', what: 'glibc 2.36', ...GLIBC },
  { root: 'trixie', what: 'glibc 2.41', ...GLIBC },
  {
    root: 'musl',
    what: 'musl',
    loader: '/lib/ld-musl-x86_64.so.1',
    system: ['/lib', '/usr/lib'],
    musl: true,
  },
]

for (const { what, ...dialect } of DIALECTS) {
  for (const libraryPath of [undefined, LIBRARY_PATH]) {
    const set = libraryPath === undefined ? 'without' : 'with'
    test(`random roots give what ${what} finds in them, ${set} LD_LIBRARY_PATH (seed ${SEED})`, (t) =>
      withFolder(async (folder) => {
        await makeRandomRoot(folder, root(dialect.root), dialect, { seed: SEED, worlds: WORLDS })
        const loaders = { amd64: dialect.loader }
        const asked = { folder, loaders, list: dialect.musl ?? false }
        const verdicts = await askBoth(libraryPath === undefined ? asked : { ...asked, libraryPath })
        t.diagnostic(summary(verdicts))
        assert.deepEqual(differing(verdicts), [])
        assert.ok(verdicts.some(({ loader }) => typeof loader === 'object' && loader.opened.length > 3))
      }))
  }
}
