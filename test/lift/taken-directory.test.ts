import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type LiftOptions, lift, liftTree } from '../../src/lift/lift-image.js'
import { why } from '../../src/lift/why.js'
import { debianTree, library, program, smallImage, type Tree } from '../support/small-image.js'

const OPEN = '/lib/x86_64-linux-gnu'
const LIB = '/usr/lib/x86_64-linux-gnu'

const executable = (content: Uint8Array | string) => ({ file: Buffer.from(content), mode: 0o755 })

/** A program that takes `/etc/alsa` along. */
const CLIENT: Tree = {
  '/usr/bin/x': program(['libc.so.6'], { imports: ['snd_pcm_open'] }),
  '/usr/bin/sh': executable(program(['libd.so'])),
  '/usr/bin/perl': executable(program(['libp.so'])),
  [`${LIB}/libd.so`]: library('libd.so'),
  [`${LIB}/libp.so`]: library('libp.so'),
}

async function paths(tree: Tree, options: LiftOptions = { needs: 'likely' }): Promise<readonly string[]> {
  const { tree: built } = await liftTree(smallImage(debianTree({ ...CLIENT, ...tree })), ['x'], options)
  return built.map(({ entry }) => entry.path)
}

async function chains(tree: Tree, name: string): Promise<readonly string[]> {
  const answer = await lift(smallImage(debianTree({ ...CLIENT, ...tree })), ['x'], { needs: 'likely' })
  return why(answer, name).map((chain) => chain.map(({ path, rule }) => `${path} ${rule}`).join(', '))
}

test('a file that a link in a taken directory leads to is taken, with what it loads', async () => {
  const tree = {
    '/etc/alsa/login': { link: '../alternatives/login' },
    '/etc/alternatives/login': { link: '/opt/login' },
    '/opt/login': library('login.so', ['libd.so']),
  }
  const found = await paths(tree)
  for (const path of ['/etc/alsa/login', '/etc/alternatives/login', '/opt/login', `${LIB}/libd.so`])
    assert.ok(found.includes(path), `${path} in ${found.join(' ')}`)
  const { copies } = await lift(smallImage(debianTree({ ...CLIENT, ...tree })), ['x'], { needs: 'likely' })
  assert.ok(copies.some(({ to }) => to === '/etc/alternatives/login'))
})

test('a link to a directory that is of one thing alone takes that along, with what is loaded from there', async () => {
  const tree = {
    '/etc/alsa/modules': { link: '../../usr/lib/alsa/modules' },
    '/usr/lib/alsa/modules/a.so': library('a.so', ['libd.so']),
    '/usr/lib/alsa/other': '',
  }
  const found = await paths(tree)
  for (const path of ['/usr/lib/alsa/modules/a.so', `${LIB}/libd.so`]) assert.ok(found.includes(path), path)
  assert.ok(!found.includes('/usr/lib/alsa/other'))
  const { copies } = await lift(smallImage(debianTree({ ...CLIENT, ...tree })), ['x'], { needs: 'likely' })
  assert.ok(copies.some(({ to, kind }) => to === '/usr/lib/alsa/modules' && kind === 'directory'))
})

test('links to directories of many things, to nothing and within the directory take nothing along', async () => {
  const found = await paths({
    '/etc/alsa/a': '',
    '/etc/alsa/b': { link: 'a' },
    '/etc/alsa/all': { link: '/opt' },
    '/etc/alsa/libraries': { link: LIB },
    '/etc/alsa/none': { link: '/nowhere' },
    '/etc/alsa/round': { link: 'round' },
    '/opt/large': '',
  })
  assert.ok(found.includes('/etc/alsa/all') && found.includes('/etc/alsa/a'))
  assert.ok(!found.includes('/opt/large') && !found.includes(`${LIB}/libp.so`))
})

test('the shell of the scripts in a taken directory comes with it, and keeps its chain', async () => {
  const tree = { '/etc/alsa/run': executable('#! /bin/sh -e\n') }
  assert.ok((await paths(tree)).includes('/usr/bin/sh'))
  assert.deepEqual(await chains(tree, 'libd.so'), [
    `/usr/bin/x asked, /etc/alsa need:alsa, /bin/sh need:alsa, ${OPEN}/libd.so default`,
  ])
})

test('what else scripts are interpreted by is told, and taken where more is wanted', async () => {
  const tree = { '/etc/alsa/run': executable('#!/usr/bin/perl\n') }
  assert.ok(!(await paths(tree)).includes('/usr/bin/perl'))
  assert.ok((await paths(tree, { needs: 'possible' })).includes('/usr/bin/perl'))
  const { findings } = await lift(smallImage(debianTree({ ...CLIENT, ...tree })), ['x'], { needs: 'likely' })
  const told = findings.flatMap((one) =>
    one.kind === 'need-not-taken' && one.names.includes('/usr/bin/perl')
      ? [`${one.neededBy} ${one.reason} ${one.option}`]
      : [],
  )
  assert.deepEqual(told, ['/etc/alsa/run is a script for it --with alsa'])
})

test('text that is not executable, or not a script, has no interpreter', async () => {
  const found = await paths({
    '/etc/alsa/run': { file: Buffer.from('#!/bin/sh\n'), mode: 0o644 },
    '/etc/alsa/text': executable('sh'),
    '/etc/alsa/gone': executable('#!/bin/gone\n'),
  })
  assert.ok(!found.includes('/usr/bin/sh'))
})

test('what a module in a taken directory loads keeps its chain', async () => {
  const tree = { '/etc/alsa/x.so': library('x.so', ['libd.so']) }
  assert.deepEqual(await chains(tree, 'libd.so'), [
    `/usr/bin/x asked, /etc/alsa need:alsa, ${OPEN}/libd.so default`,
  ])
})
