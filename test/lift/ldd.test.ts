import assert from 'node:assert/strict'
import { test } from 'node:test'
import { audit } from '../../src/audit/audit-image.js'
import { LiftError } from '../../src/errors.js'
import { EMPTY_CONFIG } from '../../src/image/config.js'
import type { ConfinedCommand, ConfinedResult, Image } from '../../src/image/image.js'
import type { Lift } from '../../src/lift/lift.js'
import { lift } from '../../src/lift/lift-image.js'
import { why } from '../../src/lift/why.js'
import { type MemoryNode, memoryRootFs } from '../../src/rootfs/memory.js'
import { buildElf } from '../support/elf-builder.js'

type Tree = Readonly<Record<string, MemoryNode>>
type Run = NonNullable<Image['run']>

function program(file: Uint8Array, mode = 0o755): MemoryNode {
  return { file, mode }
}

const NEEDY = buildElf({ interp: '/lib/ld-own.so.1', needed: ['libone.so.1', 'libc.so.6'] })

/** A program whose loader shows no C library; its libraries lie where only that loader looks. */
const UNKNOWN: Tree = {
  '/bin/prog': program(NEEDY),
  '/lib/ld-own.so.1': program(buildElf({ soname: 'ld-own.so.1' })),
  '/opt/own/libone.so.1': buildElf({ soname: 'libone.so.1', needed: ['libc.so.6'] }),
  '/opt/own/libc.so.6': buildElf({ soname: 'libc.so.6', needed: ['ld-own.so.1'] }),
}
const UNKNOWN_LIST =
  '\tlibone.so.1 => /opt/own/libone.so.1 (0x1000)\n\tlibc.so.6 => /opt/own/libc.so.6 (0x2000)\n\t/lib/ld-own.so.1 (0x3000)\n'

/** The same with glibc's loader, told by its cache path, and one library that is where it looks. */
const KNOWN: Tree = {
  ...UNKNOWN,
  '/lib/ld-own.so.1': program(
    Buffer.concat([buildElf({ soname: 'ld-own.so.1' }), Buffer.from('\0/etc/ld.so.cache\0')]),
  ),
  '/lib/libc.so.6': buildElf({ soname: 'libc.so.6' }),
  '/bin/prog': program(
    buildElf({ interp: '/lib/ld-own.so.1', needed: ['libone.so.1', 'libc.so.6'], runpath: '/lib' }),
  ),
}

const MUSL: Tree = {
  ...KNOWN,
  '/lib/ld-own.so.1': program(
    Buffer.concat([buildElf({ soname: 'libc.so' }), Buffer.from('\0/etc/ld-musl-x86_64.path\0')]),
  ),
}

interface Asked {
  readonly image: Image
  readonly commands: readonly ConfinedCommand[]
}

/** An image whose programs print what `run` says; every command is noted. */
function imageThat(tree: Tree, run?: (command: ConfinedCommand) => Partial<ConfinedResult>): Asked {
  const commands: ConfinedCommand[] = []
  const noting: Run = async (command) => {
    commands.push(command)
    return { stdout: '', stderr: '', status: 0, ...run?.(command) }
  }
  const image: Image = {
    reference: 'dir:/x',
    platform: { os: 'linux', architecture: 'amd64' },
    config: EMPTY_CONFIG,
    rootfs: memoryRootFs(tree),
    copySource: { kind: 'context' },
    ...(run === undefined ? {} : { run: noting }),
    [Symbol.asyncDispose]: async () => {},
  }
  return { image, commands }
}

function liftWithLdd({ image }: Asked): Promise<Lift> {
  return lift(image, ['/bin/prog'], { ldd: 'where-missing' })
}

function kinds({ findings }: Pick<Lift, 'findings'>): readonly string[] {
  return findings.map(({ kind }) => kind)
}

function places({ copies }: Lift): readonly string[] {
  return copies.map(({ to }) => to)
}

test('a loader of unknown kind is asked, and its list is lifted with the rule that found it', async () => {
  const answer = await liftWithLdd(imageThat(UNKNOWN, () => ({ stdout: UNKNOWN_LIST })))
  assert.deepEqual(places(answer), [
    '/bin/prog',
    '/lib/ld-own.so.1',
    '/opt/own/libc.so.6',
    '/opt/own/libone.so.1',
  ])
  assert.deepEqual(kinds(answer), ['from-ldd'])
  assert.deepEqual(answer.programs[0]?.libraries, ['/opt/own/libone.so.1', '/opt/own/libc.so.6'])
  assert.deepEqual(
    why(answer, 'libone.so.1').map((chain) => chain.map(({ rule }) => rule)),
    [['asked', 'ldd']],
  )
})

test('without the option nothing is run', async () => {
  const asked = imageThat(UNKNOWN, () => ({ stdout: UNKNOWN_LIST }))
  for (const options of [{}, { ldd: 'never' }] as const) {
    assert.deepEqual(kinds(await lift(asked.image, ['/bin/prog'], options)), ['loader-unknown'])
  }
  await audit(asked.image, [])
  assert.deepEqual(asked.commands, [])
})

test('where nothing is missing nothing is run', async () => {
  const tree = { ...KNOWN, '/lib/libone.so.1': buildElf({ soname: 'libone.so.1' }) }
  const asked = imageThat(tree, () => ({}))
  assert.deepEqual(kinds(await liftWithLdd(asked)), [])
  assert.deepEqual(asked.commands, [])
})

test('a loader that is not there is not run', async () => {
  const { '/lib/ld-own.so.1': _, ...tree } = UNKNOWN
  const asked = imageThat(tree, () => ({ stdout: UNKNOWN_LIST }))
  assert.deepEqual(kinds(await liftWithLdd(asked)), ['loader-missing'])
  assert.deepEqual(asked.commands, [])
})

test('a known loader keeps its own answers, and ldd fills what they lack', async () => {
  const answer = await liftWithLdd(imageThat(KNOWN, () => ({ stdout: UNKNOWN_LIST })))
  assert.deepEqual(answer.programs[0]?.libraries, ['/opt/own/libone.so.1', '/lib/libc.so.6'])
  assert.deepEqual(answer.missing, [])
  const told = answer.findings.find(({ kind }) => kind === 'from-ldd')
  assert.deepEqual(told?.kind === 'from-ldd' && told.names, ['libone.so.1'])
  assert.ok(!kinds(answer).includes('lift-differs'))
})

test("what a library of ldd's needs is lifted too", async () => {
  const tree = {
    ...KNOWN,
    '/opt/own/libone.so.1': buildElf({ soname: 'libone.so.1', needed: ['libtwo.so'] }),
    '/lib/libtwo.so': buildElf({ soname: 'libtwo.so' }),
    '/bin/prog': program(
      buildElf({ interp: '/lib/ld-own.so.1', needed: ['libone.so.1', 'libc.so.6'], rpath: '/lib' }),
    ),
  }
  const answer = await liftWithLdd(imageThat(tree, () => ({ stdout: UNKNOWN_LIST })))
  assert.ok(places(answer).includes('/lib/libtwo.so'))
  assert.deepEqual(answer.missing, [])
})

test('what is listed without being asked for by name is lifted as well', async () => {
  const tree = { ...UNKNOWN, '/opt/preloaded.so': buildElf({}) }
  const answer = await liftWithLdd(
    imageThat(tree, () => ({ stdout: `\t/opt/preloaded.so (0x1)\n${UNKNOWN_LIST}` })),
  )
  assert.ok(places(answer).includes('/opt/preloaded.so'))
})

test('what ldd does not find either stays missing, and the place is among those tried', async () => {
  const answer = await liftWithLdd(
    imageThat(KNOWN, () => ({ stdout: '\tlibone.so.1 => not found\n\tlibc.so.6 => /lib/libc.so.6 (0x1)\n' })),
  )
  assert.deepEqual(kinds(answer), ['library-missing'])
  assert.deepEqual(answer.missing[0]?.attempts.at(-1), {
    rule: 'ldd',
    path: 'libone.so.1',
    outcome: 'absent',
  })
})

test('a list is no proof: what it names must be in the image and fit', async () => {
  const other = buildElf({ class: 32, machine: 3, soname: 'libone.so.1' })
  for (const [path, outcome] of [
    ['/nowhere/libone.so.1', 'absent'],
    ['/../../etc/passwd', 'not elf'],
    ['/opt/other/libone.so.1', 'other class'],
    ['/opt', 'directory'],
  ] as const) {
    const tree = {
      ...KNOWN,
      '/etc/passwd': 'root:x:0:0:root:/root:/bin/sh\n'.repeat(10),
      '/opt/other/libone.so.1': other,
    }
    const answer = await liftWithLdd(imageThat(tree, () => ({ stdout: `\tlibone.so.1 => ${path} (0x1)\n` })))
    assert.deepEqual(answer.missing[0]?.attempts.at(-1), { rule: 'ldd', path, outcome })
    assert.ok(!places(answer).includes('/etc/passwd'))
  }
})

test('a list that cannot be had is a finding, and the static answer stays', async () => {
  const answer = await liftWithLdd(imageThat(KNOWN, () => ({ stderr: 'Killed\n', status: 137 })))
  assert.deepEqual(kinds(answer), ['library-missing', 'ldd-failed'])
  assert.match(answer.findings[1]?.message ?? '', /Killed/)
})

test('an engine that refuses, and an image that runs nothing, are findings too', async () => {
  const refusal = imageThat(KNOWN, () => {
    throw new LiftError('engine-failed', 'no such runtime')
  })
  assert.match((await liftWithLdd(refusal)).findings[1]?.message ?? '', /no such runtime/)
  assert.deepEqual(kinds(await liftWithLdd(imageThat(KNOWN))), ['library-missing', 'ldd-failed'])
})

test('an interruption is no finding', async () => {
  const interrupted = imageThat(KNOWN, () => {
    throw new LiftError('interrupted', 'interrupted')
  })
  await assert.rejects(liftWithLdd(interrupted), { code: 'interrupted' })
})

test('glibc is traced by a variable, musl told by an option, by the real path of the program', async () => {
  const linked = { '/usr/bin/linked': { link: '../../bin/prog' } }
  for (const [tree, option, isTraced] of [
    [KNOWN, [], true],
    [MUSL, ['--list'], false],
  ] as const) {
    const asked = imageThat({ ...tree, ...linked }, () => ({ stdout: UNKNOWN_LIST }))
    await lift(asked.image, ['/usr/bin/linked'], { ldd: 'where-missing' })
    const [command] = asked.commands
    assert.deepEqual(command?.argv, ['/lib/ld-own.so.1', ...option, '/bin/prog'])
    assert.equal('LD_TRACE_LOADED_OBJECTS' in (command?.env ?? {}), isTraced)
    assert.equal(asked.commands.length, 1)
  }
})

test('a loader of unknown kind is traced only after it refused to list', async () => {
  const asked = imageThat(UNKNOWN, ({ argv }) =>
    argv.includes('--list') ? { stderr: 'no such option', status: 1 } : { stdout: UNKNOWN_LIST },
  )
  assert.deepEqual(kinds(await liftWithLdd(asked)), ['from-ldd'])
  assert.deepEqual(
    asked.commands.map(({ argv }) => argv.length),
    [3, 2],
  )
})

test('the loader runs as nobody, and as root only where nobody may not read', async () => {
  const denied = imageThat(KNOWN, ({ user }) =>
    user === 'nobody' ? { stderr: '/bin/prog: Permission denied', status: 126 } : { stdout: UNKNOWN_LIST },
  )
  assert.ok(kinds(await liftWithLdd(denied)).includes('from-ldd'))
  assert.deepEqual(
    denied.commands.map(({ user }) => user),
    ['nobody', 'superuser'],
  )
  const refused = imageThat(KNOWN, ({ user }) => {
    if (user === 'nobody') throw new LiftError('engine-failed', 'exec /lib/ld-own.so.1: permission denied')
    return { stdout: UNKNOWN_LIST }
  })
  assert.ok(kinds(await liftWithLdd(refused)).includes('from-ldd'))
  const closed = { ...UNKNOWN, '/bin/prog': program(NEEDY, 0o700) }
  const asked = imageThat(closed, () => ({ stdout: UNKNOWN_LIST }))
  await liftWithLdd(asked)
  assert.deepEqual(
    asked.commands.map(({ user }) => user),
    ['superuser'],
  )
})

test('an audit asks as a lift does', async () => {
  const { image } = imageThat(UNKNOWN, () => ({ stdout: UNKNOWN_LIST }))
  const { binaries } = await audit(image, ['/bin/prog'], { ldd: 'where-missing' })
  assert.deepEqual(
    binaries[0]?.libraries.map(({ path, rule }) => [path, rule]),
    [
      ['/opt/own/libone.so.1', 'ldd'],
      ['/opt/own/libc.so.6', 'ldd'],
      ['/lib/ld-own.so.1', 'already-loaded'],
    ],
  )
})

test('what exists for some CPUs alone stays so, whatever the machine at hand finds', async () => {
  const levels = Buffer.from('\0/etc/ld.so.cache\0x86-64-v4:x86-64-v3:x86-64-v2\0')
  const { '/opt/own/libone.so.1': one = '', ...rest } = KNOWN
  const variant = '/lib/glibc-hwcaps/x86-64-v3/libone.so.1'
  const loader = program(Buffer.concat([buildElf({ soname: 'ld-own.so.1' }), levels]))
  const asked = imageThat({ ...rest, '/lib/ld-own.so.1': loader, [variant]: one }, () => ({
    stdout: `\tlibone.so.1 => ${variant} (0x1)\n`,
  }))
  assert.ok(kinds(await liftWithLdd(asked)).includes('hwcaps-only'))
  assert.deepEqual(asked.commands, [])
})
