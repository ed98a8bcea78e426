import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ErrorCode } from '../../src/errors.js'
import { LiftError } from '../../src/errors.js'
import { EMPTY_CONFIG } from '../../src/image/config.js'
import { environmentOf } from '../../src/lift/environment.js'
import { findProgram, type Program } from '../../src/lift/programs.js'
import { rootFiles } from '../../src/loader/files.js'
import { memoryRootFs } from '../../src/rootfs/memory.js'
import { buildElf } from '../support/elf-builder.js'
import { program, type Tree } from '../support/small-image.js'

async function find(
  tree: Tree,
  asked: string,
  config: { env?: string[]; workingDir?: string } = {},
): Promise<Program> {
  const files = rootFiles(memoryRootFs(tree))
  return findProgram(files, environmentOf({ ...EMPTY_CONFIG, ...config }), asked)
}

const pathsOf = ({ chain }: Program) => chain.map(({ trail }) => trail.asked)
const messagesOf = ({ findings }: Program) => findings.map(({ message }) => message)

async function refusal(tree: Tree, asked: string, code: ErrorCode, message: RegExp): Promise<LiftError> {
  try {
    await find(tree, asked)
  } catch (error) {
    assert.ok(error instanceof LiftError)
    assert.equal(error.code, code, error.message)
    assert.match(error.message, message)
    return error
  }
  return assert.fail(`${asked} was taken`)
}

const elf = program()

test('a bare name is the first file of the PATH with an execute bit', async () => {
  const tree = {
    '/a/tool': { file: elf, mode: 0o644 },
    '/b/tool': { directory: true } as const,
    '/c/tool': { file: elf, mode: 0o700 },
    '/d/tool': elf,
  }
  const found = await find(tree, 'tool', { env: ['PATH=/nowhere:/a:/b:/c:/d'] })
  assert.deepEqual(pathsOf(found), ['/c/tool'])
  assert.deepEqual(found.chain[0].why, { neededBy: '', name: 'tool', rule: 'asked' })
})

test('an empty element of the PATH is the working directory', async () => {
  const found = await find({ '/srv/tool': elf }, 'tool', { env: ['PATH=/bin:'], workingDir: '/srv' })
  assert.equal(found.chain[0].file.path, '/srv/tool')
})

test('a path is taken as it is, from the working directory when relative, execute bit or not', async () => {
  const tree = { '/srv/bin/tool': { file: elf, mode: 0o644 } }
  assert.deepEqual(pathsOf(await find(tree, '/srv/bin/tool')), ['/srv/bin/tool'])
  assert.deepEqual(pathsOf(await find(tree, 'bin/tool', { workingDir: '/srv' })), ['/srv/bin/tool'])
})

test('a program behind links is the file at their end', async () => {
  const tree = {
    '/usr/bin/editor': { link: '/etc/alternatives/editor' },
    '/etc/alternatives/editor': { link: '/usr/bin/vim' },
    '/usr/bin/vim': { link: 'vim.basic' },
    '/usr/bin/vim.basic': elf,
  }
  const [first] = (await find(tree, 'editor')).chain
  assert.equal(first.file.path, '/usr/bin/vim.basic')
  assert.deepEqual(
    first.trail.links.map(({ path }) => path),
    ['/usr/bin/editor', '/etc/alternatives/editor', '/usr/bin/vim'],
  )
})

test('links that climb out of the root stop at it', async () => {
  const tree = { '/usr/bin/tool': { link: '../../../../../../opt/tool' }, '/opt/tool': elf }
  assert.equal((await find(tree, 'tool')).chain[0].file.path, '/opt/tool')
})

test('each thing that is no program is refused with its own words', async () => {
  const tree: Tree = {
    '/dir/x': 'x',
    '/device': { special: true },
    '/empty': '',
    '/text': 'hello, world\n',
    '/bare': '#!\n',
    '/windows': `MZ${'\0'.repeat(100)}`,
    '/wasm': '\0asm\x01\0\0\0',
    '/archive': '!<arch>\n',
    '/object': buildElf({ type: 'rel' }),
    '/core': buildElf({ type: 'core' }),
    '/cut': elf.slice(0, 100),
    '/dangling': { link: '/lost' },
    '/loop': { link: 'loop' },
  }
  const cases: readonly (readonly [string, ErrorCode, RegExp])[] = [
    ['/dir', 'not-a-file', /is a directory/],
    ['/device', 'not-a-file', /is a special file/],
    ['/empty', 'not-elf', /is an empty file/],
    ['/text', 'not-elf', /text without a #! line/],
    ['/bare', 'not-elf', /first line the kernel refuses/],
    ['/windows', 'not-elf', /a Windows or EFI program/],
    ['/wasm', 'not-elf', /a WebAssembly module/],
    ['/archive', 'not-elf', /a static library/],
    ['/object', 'unsupported', /a relocatable object/],
    ['/core', 'unsupported', /a core dump/],
    ['/cut', 'malformed-elf', /^\/cut: program header table/],
    ['/dangling', 'file-not-found', /its link \/dangling -> \/lost leads to no file/],
    ['/loop', 'file-not-found', /too many levels of symbolic links/],
    ['/absent', 'file-not-found', /no such file in the image/],
    ['absent', 'file-not-found', /no such program in the image's PATH \(\/usr\/local\/sbin:/],
  ]
  for (const [asked, code, message] of cases) await refusal(tree, asked, code, message)
})

test('a name that is not there is refused with near names', async () => {
  const { hint } = await refusal({ '/usr/bin/curl': elf }, 'crul', 'file-not-found', /crul/)
  assert.equal(hint, 'Did you mean /usr/bin/curl?')
})

test('a script is started with its interpreter', async () => {
  const found = await find({ '/run': '#!/bin/sh -e\n', '/bin/sh': elf }, '/run')
  assert.deepEqual(pathsOf(found), ['/run', '/bin/sh'])
  assert.equal(found.chain[0].elf, undefined)
  assert.deepEqual(found.chain[1]?.why, { neededBy: '/run', name: '/bin/sh', rule: 'shebang' })
})

test('env brings itself and what it starts, looked up in the PATH of the image', async () => {
  const tree = { '/run': '#!/usr/bin/env tool\n', '/usr/bin/env': elf, '/opt/bin/tool': elf }
  const found = await find(tree, '/run', { env: ['PATH=/usr/bin:/opt/bin'] })
  assert.deepEqual(pathsOf(found), ['/run', '/usr/bin/env', '/opt/bin/tool'])
  assert.deepEqual(found.chain[2]?.why, { neededBy: '/run', name: 'tool', rule: 'env' })
})

test('env may start a script, which has an interpreter of its own', async () => {
  const tree = {
    '/run': '#!/usr/bin/env tool\n',
    '/usr/bin/env': elf,
    '/usr/bin/tool': '#!/bin/sh\n',
    '/bin/sh': elf,
  }
  assert.deepEqual(pathsOf(await find(tree, '/run')), ['/run', '/usr/bin/env', '/usr/bin/tool', '/bin/sh'])
})

test('env without -S looks for one word, blanks included', async () => {
  const tree = { '/run': '#!/usr/bin/env tool -x\n', '/usr/bin/env': elf, '/usr/bin/tool': elf }
  const found = await find(tree, '/run')
  assert.deepEqual(messagesOf(found), [`/run: its interpreter tool -x is not in the image's PATH`])
})

test('the program of env is missing, but env is lifted', async () => {
  const found = await find({ '/run': '#!/usr/bin/env tool\n', '/usr/bin/env': elf }, '/run')
  assert.deepEqual(pathsOf(found), ['/run', '/usr/bin/env'])
  assert.deepEqual(messagesOf(found), [`/run: its interpreter tool is not in the image's PATH`])
})

test('a missing interpreter is a finding, and line ends of Windows are named as its cause', async () => {
  const plain = await find({ '/run': '#!/bin/sh\n' }, '/run')
  const windows = await find({ '/run': '#!/bin/sh\r\n', '/bin/sh': elf }, '/run')
  assert.deepEqual(messagesOf(plain), ['/run: its interpreter /bin/sh is not in the image'])
  assert.match(messagesOf(windows)[0]!, /\/bin\/sh\\r is not in the image: .*CRLF/)
  assert.deepEqual(pathsOf(windows), ['/run'])
})

test('an interpreter may be a script, five levels deep but not six', async () => {
  const nested = (levels: number): Tree => ({
    '/s1': '#!/bin/sh\n',
    '/bin/sh': elf,
    ...Object.fromEntries(Array.from({ length: levels - 1 }, (_, n) => [`/s${n + 2}`, `#!/s${n + 1}\n`])),
  })
  assert.deepEqual(pathsOf(await find(nested(5), '/s5')), ['/s5', '/s4', '/s3', '/s2', '/s1', '/bin/sh'])
  const deep = await find(nested(6), '/s6')
  assert.match(messagesOf(deep)[0]!, /nested deeper than the kernel allows/)
})

test('scripts that name each other come to an end', async () => {
  const found = await find({ '/a': '#!/b\n', '/b': '#!/a\n' }, '/a')
  assert.match(messagesOf(found)[0]!, /nested deeper/)
})

test('scripts that start each other by env come to an end', async () => {
  const tree = { '/usr/bin/a': '#!/usr/bin/env a\n', '/usr/bin/env': elf }
  const found = await find(tree, 'a')
  assert.match(messagesOf(found)[0]!, /\/usr\/bin\/a is a script that starts itself again/)
})

test('an interpreter with a relative path starts at the working directory', async () => {
  const found = await find({ '/run': '#!bin/sh\n', '/srv/bin/sh': elf }, '/run', { workingDir: '/srv' })
  assert.deepEqual(
    found.chain.map(({ file }) => file.path),
    ['/run', '/srv/bin/sh'],
  )
})

test('a PATH directory that may not be read is passed over, and told where no other has the name', async () => {
  const held = memoryRootFs({ '/shut/x': elf, '/shut/y': elf, '/bin/x': elf })
  const denied = new LiftError('unreadable', 'cannot read /shut')
  const lstat: typeof held.lstat = async (path) => {
    if (path.startsWith('/shut/')) throw denied
    return held.lstat(path)
  }
  const files = rootFiles({ ...held, lstat })
  const environment = environmentOf({ ...EMPTY_CONFIG, env: ['PATH=/shut:/bin'] })
  assert.deepEqual(pathsOf(await findProgram(files, environment, 'x')), ['/bin/x'])
  await assert.rejects(findProgram(files, environment, 'y'), denied)
})
