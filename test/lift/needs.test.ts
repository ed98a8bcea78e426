import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type LiftOptions, lift, liftTree } from '../../src/lift/lift-image.js'
import { why } from '../../src/lift/why.js'
import { buildElf } from '../support/elf-builder.js'
import {
  debianTree,
  type ImageParts,
  library,
  program,
  smallImage,
  type Tree,
} from '../support/small-image.js'

const LIB = '/usr/lib/x86_64-linux-gnu'
const OPEN = '/lib/x86_64-linux-gnu'
const C = ['libc.so.6']

const declares = (entries: unknown) => ({
  notes: [{ notes: [{ owner: 'FDO', type: 0x407c_0c0a, desc: JSON.stringify(entries) }] }],
})

async function lifted(tree: Tree, options: LiftOptions = {}, parts: ImageParts = {}) {
  const answer = await lift(smallImage(debianTree(tree), parts), ['x'], options)
  const kinds = answer.findings.map(({ kind }) => kind)
  return { answer, kinds, paths: answer.copies.map(({ to }) => to as string) }
}

test('a library that a file declares to require is lifted with all that it needs', async () => {
  const tree = {
    '/usr/bin/x': program(C, declares([{ soname: ['libp.so.2', 'libp.so.1'], priority: 'required' }])),
    [`${LIB}/libp.so.1`]: library('libp.so.1', ['libq.so']),
    [`${LIB}/libq.so`]: library('libq.so'),
  }
  const { answer, paths, kinds } = await lifted(tree)
  assert.ok(paths.includes(`${OPEN}/libp.so.1`) && paths.includes(`${OPEN}/libq.so`), paths.join(' '))
  assert.deepEqual(kinds, [])
  assert.deepEqual(why(answer, 'libq.so'), [
    [
      { path: '/usr/bin/x', name: 'x', rule: 'asked' },
      {
        path: `${OPEN}/libp.so.1`,
        name: 'libp.so.1',
        rule: 'need:dlopen',
        confidence: 'certain',
        reason: 'declares to open it',
      },
      { path: `${OPEN}/libq.so`, name: 'libq.so', rule: 'default' },
    ],
  ])
})

test('a required library that is not there is missing, a recommended one makes a warning where it is wanted', async () => {
  const tree = (priority: string) => ({
    '/usr/bin/x': program(C, declares([{ soname: ['libp.so'], priority }])),
  })
  const required = await lifted(tree('required'))
  assert.deepEqual(
    required.answer.missing.map(({ name, neededBy }) => ({ name, neededBy })),
    [{ name: 'libp.so', neededBy: '/usr/bin/x' }],
  )
  assert.ok(required.kinds.includes('library-missing'))
  assert.deepEqual((await lifted(tree('recommended'))).kinds, [])
  assert.deepEqual((await lifted(tree('recommended'), { needs: 'likely' })).kinds, ['need-missing'])
  assert.deepEqual((await lifted(tree('suggested'), { needs: 'possible' })).kinds, [])
})

test('a need of what is there only for a need is met as well, and keeps its chain', async () => {
  const tree = {
    '/usr/bin/x': program(C, declares([{ soname: ['liba.so'], priority: 'required' }])),
    [`${LIB}/liba.so`]: library('liba.so', [], declares([{ soname: ['libb.so'], priority: 'required' }])),
    [`${LIB}/libb.so`]: library('libb.so', [], declares([{ soname: ['liba.so'], priority: 'required' }])),
  }
  const { answer } = await lifted(tree)
  const [chain] = why(answer, 'libb.so')
  assert.deepEqual(
    chain?.map(({ path, rule }) => `${path} ${rule}`),
    ['/usr/bin/x asked', `${OPEN}/liba.so need:dlopen`, `${OPEN}/libb.so need:dlopen`],
  )
})

test("what an object opens is found by that object's own RUNPATH", async () => {
  const own = { runpath: '/opt/own', ...declares([{ soname: ['libp.so'], priority: 'required' }]) }
  const tree = {
    '/usr/bin/x': program(['liba.so']),
    [`${LIB}/liba.so`]: library('liba.so', [], own),
    '/opt/own/libp.so': library('libp.so'),
  }
  assert.ok((await lifted(tree)).paths.includes('/opt/own/libp.so'))
})

const THREADS = {
  '/usr/bin/x': program(C, { imports: ['pthread_cancel'] }),
  [`${LIB}/libgcc_s.so.1`]: library('libgcc_s.so.1'),
}

test('options say which needs are taken, and what is not is told with the option that takes it', async () => {
  const has = async (options: LiftOptions) =>
    (await lifted(THREADS, options)).paths.includes(`${OPEN}/libgcc_s.so.1`)
  assert.equal(await has({}), false)
  assert.equal(await has({ needs: 'likely' }), true)
  assert.equal(await has({ with: ['libgcc'] }), true)
  assert.equal(await has({ needs: 'none', with: ['libgcc'] }), true)
  assert.equal(await has({ needs: 'possible', without: ['libgcc'] }), false)
  const told = async (options: LiftOptions) =>
    (await lifted(THREADS, options)).answer.findings.flatMap((one) =>
      one.kind === 'need-not-taken' && one.finder === 'libgcc' ? [`${one.names} ${one.option}`] : [],
    )
  assert.deepEqual(await told({}), [`${OPEN}/libgcc_s.so.1 --needs likely`])
  assert.deepEqual(await told({ needs: 'likely', without: ['libgcc'] }), [
    `${OPEN}/libgcc_s.so.1 leaving out --without libgcc`,
  ])
  assert.deepEqual(await told({ needs: 'likely' }), [])
  assert.deepEqual(await told({ tell: 'taken' }), [])
})

test('with needs off, what is declared to be required stays away too', async () => {
  const tree = {
    '/usr/bin/x': program(C, declares([{ soname: ['libp.so'], priority: 'required' }])),
    [`${LIB}/libp.so`]: library('libp.so'),
  }
  assert.equal((await lifted(tree, { needs: 'none' })).paths.includes(`${OPEN}/libp.so`), false)
})

test('a finder that there is not is a wrong usage', async () => {
  for (const name of ['gcc', 'toString']) {
    await assert.rejects(lifted(THREADS, { with: [name] }), { code: 'usage' })
    await assert.rejects(lifted(THREADS, { without: [name] }), { code: 'usage' })
  }
})

test('the imports of the C library and of its loader are not needs', async () => {
  const tree = {
    '/usr/bin/x': program(C),
    [`${LIB}/libc.so.6`]: library('libc.so.6', [], { imports: ['getpwuid', 'pthread_exit', 'iconv_open'] }),
    '/etc/passwd': '',
    [`${LIB}/gconv/a`]: '',
  }
  const { paths } = await lifted(tree, { needs: 'possible' })
  assert.deepEqual(paths, ['/lib/x86_64-linux-gnu/libc.so.6', '/lib64/ld-linux-x86-64.so.2', '/usr/bin/x'])
})

test('a directory of modules comes whole, and with what its modules load', async () => {
  const tree = {
    '/usr/bin/x': program(C, { imports: ['sasl_client_init'] }),
    [`${LIB}/sasl2/liba.so`]: library('liba.so', ['libcrypt.so.1']),
    [`${LIB}/libcrypt.so.1`]: library('libcrypt.so.1'),
  }
  const { paths } = await lifted(tree, { with: ['sasl'] })
  for (const path of [`${LIB}/sasl2`, `${OPEN}/libcrypt.so.1`])
    assert.ok(paths.includes(path), `${path} in ${paths.join(' ')}`)
})

test('what a module lacks is a warning, and an error only where it is declared to be required', async () => {
  const lacking = library('liba.so', ['libabsent.so'])
  const sasl = {
    '/usr/bin/x': program(C, { imports: ['sasl_client_init'] }),
    [`${LIB}/sasl2/liba.so`]: lacking,
  }
  const taken = await lifted(sasl, { needs: 'likely' })
  assert.deepEqual(taken.kinds, ['need-missing'])
  assert.deepEqual(taken.answer.missing, [])
  const opens = (priority: string) => ({
    '/usr/bin/x': program(C, declares([{ soname: ['liba.so'], priority }])),
    [`${LIB}/liba.so`]: lacking,
  })
  assert.deepEqual((await lifted(opens('required'), { needs: 'likely' })).kinds, ['library-missing'])
  assert.deepEqual((await lifted(opens('recommended'), { needs: 'likely' })).kinds, ['need-missing'])
})

test('modules that a service of PAM names come with what they load, and others do not', async () => {
  const tree = {
    '/usr/bin/x': program(C, { imports: ['pam_start'] }),
    '/etc/pam.d/x': 'auth required pam_x.so',
    '/etc/pam.d/y': 'auth required pam_y.so',
    [`${LIB}/security/pam_x.so`]: library('pam_x.so', ['libcrypt.so.1']),
    [`${LIB}/security/pam_y.so`]: library('pam_y.so'),
    [`${LIB}/libcrypt.so.1`]: library('libcrypt.so.1'),
  }
  const { paths, answer } = await lifted(tree, { needs: 'likely' })
  for (const path of ['/etc/pam.d/x', `${OPEN}/security/pam_x.so`, `${OPEN}/libcrypt.so.1`])
    assert.ok(paths.includes(path), `${path} in ${paths.join(' ')}`)
  assert.ok(!paths.some((path) => path.includes('pam_y')))
  assert.deepEqual(
    why(answer, 'libcrypt.so.1')[0]?.map(({ rule }) => rule),
    ['asked', 'need:pam', 'default'],
  )
})

test('a directory for temporary files comes alone and keeps its mode', async () => {
  const tree = {
    '/usr/bin/x': program(C, { imports: ['mkstemp'] }),
    '/tmp': { directory: true as const, mode: 0o1777 },
    '/tmp/left': 'over',
  }
  const { tree: built } = await liftTree(smallImage(debianTree(tree)), ['x'], { needs: 'likely' })
  const inside = built.filter(({ entry }) => entry.path.startsWith('/tmp'))
  assert.deepEqual(
    inside.map(({ entry }) => [entry.path, entry.mode]),
    [['/tmp', 0o1777]],
  )
  const { paths, answer } = await lifted(tree, { needs: 'likely' })
  assert.ok(!paths.includes('/tmp'))
  const [told] = answer.findings.filter((one) => one.kind === 'need-not-taken' && one.names.includes('/tmp'))
  assert.equal(told?.kind === 'need-not-taken' && told.option, 'liftbin build')
})

test('an empty directory for temporary files is copied by a Dockerfile', async () => {
  const tree = {
    '/usr/bin/x': program(C, { imports: ['mkstemp'] }),
    '/tmp': { directory: true as const, mode: 0o1777 },
  }
  const { answer } = await lifted(tree, { needs: 'likely' })
  assert.deepEqual(
    answer.copies.filter(({ to }) => to === '/tmp').map(({ kind, mode }) => ({ kind, mode })),
    [{ kind: 'directory', mode: 0o1777 }],
  )
})

test('the links that lead to a file come with it', async () => {
  const tree = {
    '/usr/bin/x': program(C, { imports: ['localtime'] }),
    '/etc/localtime': { link: '/usr/share/zoneinfo/Etc/UTC' },
    '/usr/share/zoneinfo/Etc/UTC': 'TZif',
  }
  const { tree: built } = await liftTree(smallImage(debianTree(tree)), ['x'], { needs: 'likely' })
  const at = new Map(built.map(({ entry }) => [entry.path as string, entry.kind]))
  assert.equal(at.get('/etc/localtime'), 'symlink')
  assert.equal(at.get('/usr/share/zoneinfo/Etc/UTC'), 'file')
})

test('tables and notes that are no sound ones are no needs, and no fault of a lift', async () => {
  const tree = {
    [`${LIB}/liba.so`]: library('liba.so', [], {
      notes: [{ notes: [{ owner: 'FDO', type: 0x407c_0c0a, desc: '{"soname": ["libp.so"' }] }],
    }),
    '/usr/bin/y': program(['liba.so']),
  }
  const answer = await lift(smallImage(debianTree(tree)), ['y'])
  assert.deepEqual(
    answer.findings.map(({ kind, severity }) => `${kind} ${severity}`),
    ['need-unclear warning'],
  )
})

test("needs are those of runs with the new image's variables, over the source's", async () => {
  const [zones, env] = ['/usr/share/zoneinfo', ['TZ=Europe/Rome', 'A=1']]
  const tree = {
    '/usr/bin/x': program(C, { imports: ['localtime'] }),
    [`${zones}/Europe/Rome`]: 'Rome',
    [`${zones}/Asia/Tokyo`]: 'Tokyo',
  }
  const lifted = async (variables?: readonly string[]) => {
    const image = smallImage(debianTree(tree), { config: { env } })
    const { copies } = await lift(image, ['x'], { needs: 'likely', ...(variables && { variables }) })
    return copies.map(({ to }) => to).filter((path) => path.startsWith(zones))
  }
  assert.deepEqual(await lifted(), [`${zones}/Europe/Rome`])
  assert.deepEqual(await lifted(['TZ=Asia/Tokyo']), [`${zones}/Asia/Tokyo`])
})

const SHELL = {
  '/usr/bin/x': program(C, { imports: ['system'] }),
  '/usr/bin/sh': { link: 'dash' },
  '/usr/bin/dash': { file: program(['libd.so']), mode: 0o755 },
  [`${LIB}/libd.so`]: library('libd.so'),
}

test('a program that another starts comes where it is started, with what it loads', async () => {
  const { paths, kinds, answer } = await lifted(SHELL, { needs: 'likely' })
  assert.ok(paths.includes('/bin/sh') && paths.includes(`${OPEN}/libd.so`), paths.join(' '))
  assert.deepEqual(kinds, [])
  assert.deepEqual(
    why(answer, 'libd.so').map((chain) => chain.map(({ path, rule }) => `${path} ${rule}`)),
    [['/usr/bin/x asked', '/bin/sh need:shell', `${OPEN}/libd.so default`]],
  )
  const { tree } = await liftTree(smallImage(debianTree(SHELL)), ['x'], { needs: 'likely' })
  const links = tree.flatMap(({ entry }) => (entry.kind === 'symlink' ? [entry.path as string] : []))
  assert.ok(links.includes('/usr/bin/sh') && links.includes('/bin'), links.join(' '))
})

test('a script that another starts comes with its interpreters', async () => {
  const tree = {
    ...SHELL,
    '/usr/bin/x': program(C, { imports: ['execve'], constants: '/opt/run\0/opt/absent\0' }),
    '/opt/run': { file: Buffer.from('#!/opt/between -x\n'), mode: 0o755 },
    '/opt/between': { file: Buffer.from('#!/bin/sh\n'), mode: 0o755 },
  }
  const { answer, kinds } = await lifted(tree, { with: ['programs'] })
  assert.deepEqual(
    why(answer, 'libd.so').map((chain) => chain.map(({ path, rule }) => `${path} ${rule}`)),
    [
      [
        '/usr/bin/x asked',
        '/opt/run need:programs',
        '/opt/between shebang',
        '/bin/sh shebang',
        `${OPEN}/libd.so default`,
      ],
    ],
  )
  assert.deepEqual(kinds, [])
})

test('a script whose interpreter is not there is no fault of who may start it', async () => {
  const tree = {
    '/usr/bin/x': program(C, { imports: ['execve'], constants: '/opt/run\0' }),
    '/opt/run': { file: Buffer.from('#!/opt/absent\n'), mode: 0o755 },
  }
  const { paths, kinds } = await lifted(tree, { with: ['programs'] })
  assert.ok(paths.includes('/opt/run'))
  assert.deepEqual(kinds, [])
})

test('libraries among the constants of what opens some are lifted by the rules of the loader', async () => {
  const tree = {
    '/usr/bin/x': program(C, {
      imports: ['dlopen'],
      constants: 'libp.so.1\0libabsent.so\0',
      runpath: '/opt',
    }),
    '/opt/libp.so.1': library('libp.so.1', ['libq.so']),
    [`${LIB}/libq.so`]: library('libq.so'),
  }
  const { paths, kinds } = await lifted(tree, { needs: 'possible' })
  assert.ok(paths.includes('/opt/libp.so.1') && paths.includes(`${OPEN}/libq.so`), paths.join(' '))
  assert.deepEqual(kinds, [])
})

test('names that a need leaves out of a directory stay away, unless they are wanted too', async () => {
  const tree = {
    '/usr/bin/x': program(C, { defines: ['Py_Initialize'] }),
    '/usr/lib/python3.11/os.py': '',
    '/usr/lib/python3.11/json/a.py': '',
    '/usr/lib/python3.11/test/a.py': '',
    '/usr/lib/python3.11/dist-packages/a.so': library('a.so', ['libz.so']),
    [`${LIB}/libz.so`]: library('libz.so'),
  }
  const built = async (options: LiftOptions) => {
    const { tree: all } = await liftTree(smallImage(debianTree(tree)), ['x'], options)
    return all.map(({ entry }) => entry.path as string).filter((path) => /python|libz/.test(path))
  }
  const library311 = ['', '/json', '/json/a.py', '/os.py'].map((path) => `/usr/lib/python3.11${path}`)
  assert.deepEqual(await built({ needs: 'likely' }), library311)
  const packages = ['/dist-packages', '/dist-packages/a.so'].map((path) => `/usr/lib/python3.11${path}`)
  assert.deepEqual(await built({ with: ['python'] }), [...library311, ...packages, `${LIB}/libz.so`].sort())
})

test('what a program lacks that another may start is no error of that one', async () => {
  const starting = (content: Uint8Array) => ({
    '/usr/bin/x': program(C, { imports: ['execve', 'dlopen'], constants: '/opt/run\0libp.so\0' }),
    '/opt/run': { file: content, mode: 0o755 },
    [`${LIB}/libp.so`]: library('libp.so', ['libabsent.so']),
  })
  const lacking = await lifted(starting(program(['libgone.so'])), { needs: 'possible' })
  assert.deepEqual(lacking.kinds, ['need-missing', 'need-missing'])
  assert.deepEqual(lacking.answer.missing, [])
  const foreign = starting(buildElf({ interp: '/libexec/ld-elf.so.1', osabi: 9 }))
  const { kinds, paths } = await lifted(foreign, { needs: 'possible' })
  assert.deepEqual([kinds, paths.includes('/opt/run')], [['need-missing'], true])
})

test('names that one need leaves out of a directory come where another wants the whole of it', async () => {
  const constants = '/usr/lib/python3.11\0'
  const tree = {
    '/usr/bin/x': program(C, { defines: ['Py_Initialize'], constants }),
    '/usr/lib/python3.11/os.py': '',
    '/usr/lib/python3.11/test/a.so': library('a.so', ['libz.so']),
    [`${LIB}/libz.so`]: library('libz.so'),
  }
  const built = async (options: LiftOptions) => {
    const { tree: all } = await liftTree(smallImage(debianTree(tree)), ['x'], options)
    return all.map(({ entry }) => entry.path as string).filter((path) => /a\.so|libz/.test(path))
  }
  assert.deepEqual(await built({ needs: 'likely' }), [])
  assert.deepEqual(await built({ needs: 'possible' }), ['/usr/lib/python3.11/test/a.so', `${LIB}/libz.so`])
})

test('a directory that comes alone is not taken for one with all that lies in it', async () => {
  const tree = {
    '/usr/bin/x': program(C, { constants: '/var/lib/x/run\0', imports: ['mkstemp'] }),
    '/var/lib/x/m.so': library('m.so', ['libz.so']),
    [`${LIB}/libz.so`]: library('libz.so'),
  }
  const parts = { config: { env: ['PYTHONPATH=/var/lib/x'] } }
  const { tree: all } = await liftTree(smallImage(debianTree(tree), parts), ['x'], { needs: 'likely' })
  assert.ok(!all.some(({ entry }) => entry.path.endsWith('m.so')))
  const asked = {
    ...tree,
    '/usr/bin/x': program(C, { constants: '/var/lib/x/run\0', defines: ['Py_Initialize'] }),
  }
  const { tree: whole } = await liftTree(smallImage(debianTree(asked), parts), ['x'], { needs: 'likely' })
  const paths = whole.map(({ entry }) => entry.path as string)
  assert.ok(paths.includes('/var/lib/x/m.so') && paths.includes(`${LIB}/libz.so`), paths.join(' '))
})
