import assert from 'node:assert/strict'
import { existsSync, mkdirSync, realpathSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { before, test } from 'node:test'
import { heredocsOf } from '../support/dockerfile-reader.js'
import { dockerfileOf, liftbin, must, root, run, withFolder } from './surroundings.js'

// dpkg itself is asked who has each file of a root, and what it reads in the reduced database of a lift.

const PROGRAMS = [
  'curl',
  '/usr/bin/git',
  '/usr/bin/perl',
  '/bin/sh',
  'python3',
  'awk',
  '/usr/local/bin/whoruns',
]
const INCLUDED = [
  '/usr/lib/x86_64-linux-gnu',
  '/usr/bin',
  '/usr/sbin',
  '/etc/alternatives',
  '/usr/share/terminfo',
]

interface Document {
  readonly files: readonly { readonly path: string; readonly realPath?: string; readonly package?: string }[]
  readonly packages: readonly { readonly package: string; readonly version: string; readonly files: number }[]
}

let folder: string
before(() => {
  folder = root('bookworm')
})

function documentOf(binaries: readonly string[], include: readonly string[] = []): Document {
  const options = include.flatMap((path) => ['--include', path])
  const { stdout, stderr } = liftbin(
    'lift',
    `dir:${folder}`,
    ...binaries,
    ...options,
    '--packages',
    '--format',
    'json',
  )
  assert.notEqual(stdout, '', stderr)
  return JSON.parse(stdout)
}

/**
 * By the place of each file or link: the packages that dpkg names, whatever links their paths go through. What is a
 * directory to a package may be a link in the root; nobody has that.
 */
function ownersByDpkg(): ReadonlyMap<string, readonly string[]> {
  const answer = must('dpkg-query', [`--admindir=${folder}/var/lib/dpkg`, '-S', '/*'])
  const place = placing()
  const owners = new Map<string, readonly string[]>()
  const directories = new Set<string>()
  for (const line of answer.split('\n')) {
    const [names = '', path = ''] = line.split(': ')
    if (!path.startsWith('/') || names.startsWith('diversion ')) continue
    owners.set(place(path), [...(owners.get(place(path)) ?? []), ...names.split(', ')])
    directories.add(dirname(path))
  }
  for (const directory of directories) owners.delete(directory)
  return owners
}

/** A path with its directory as it really is; images leave some out. */
function placing(): (path: string) => string {
  const known = new Map<string, string>()
  return (path) => {
    const host = join(folder, dirname(path))
    const real = known.get(host) ?? (existsSync(host) ? realpathSync(host) : host).slice(folder.length)
    known.set(host, real)
    return join('/', real, basename(path))
  }
}

test('each file belongs to the package that dpkg says it belongs to', (t) => {
  const owners = ownersByDpkg()
  const paths = INCLUDED.flatMap((directory) =>
    must('find', [join(folder, directory), '-maxdepth', '1', '-xtype', 'f', '-not', '-lname', '/*']).split(
      '\n',
    ),
  )
  const include = paths.filter((path) => path !== '').map((path) => path.slice(folder.length))
  const { files } = documentOf(PROGRAMS, include)
  const wrong = files.filter(({ path, realPath = path, package: label }) => {
    const expected = owners.get(realPath)
    return label === undefined ? expected !== undefined : expected?.includes(label) !== true
  })
  assert.deepEqual(
    wrong.map(({ path, package: label }) => `${path}: ${label}`),
    [],
  )
  const known = files.filter(({ package: label }) => label !== undefined)
  t.diagnostic(`${files.length} files, ${known.length} of them from packages`)
  assert.ok(known.length > 500 && known.length < files.length)
})

test('dpkg reads in the reduced database the packages and files that the answer names', async () => {
  const { packages, files } = documentOf(PROGRAMS)
  await withReduced(async (admin) => {
    const query = (...args: readonly string[]) => must('dpkg-query', [`--admindir=${admin}`, ...args])
    const listed = query('-W').trim().split('\n')
    assert.deepEqual(
      listed.sort(),
      packages.map(({ package: label, version }) => `${label}\t${version}`).sort(),
    )
    for (const { package: label, files: count } of packages)
      assert.equal(query('-L', label).match(/^\//gm)?.length, count, label)
    const library = files.find(({ path }) => path.endsWith('/libc.so.6'))
    assert.equal(query('-S', '*/libc.so.6').split(': ')[0], library?.package)
  })
})

test('the sums of the reduced database are those of the files', async () => {
  await withReduced(async (admin) => {
    const { status, stdout, stderr } = run('dpkg', [
      `--admindir=${admin}`,
      `--root=${folder}`,
      `--admindir=${admin}`,
      '--verify',
    ])
    assert.deepEqual([status, stdout, stderr], [0, '', ''])
  })
})

/** What the Dockerfile of a lift writes by here-documents, below a folder. */
function withReduced<T>(use: (admin: string) => Promise<T>): Promise<T> {
  return withFolder(async (place) => {
    const files = heredocsOf(dockerfileOf('lift', `dir:${folder}`, ...PROGRAMS, '--packages'))
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(place, path)), { recursive: true })
      writeFileSync(join(place, path), text)
    }
    return use(join(place, 'var/lib/dpkg'))
  })
}
