import { LiftError } from '../errors.js'
import { DEFAULT_PATH } from '../image/config.js'
import { commandOf, type ImageCommand } from '../lift/command.js'
import type { Lift } from '../lift/lift.js'
import { execForm, quotedWord } from './dockerfile-words.js'
import type { EmitOptions } from './emitter.js'
import { printable } from './printable.js'

/**
 * The lines after the files: ENV, LABEL, WORKDIR, USER, ENTRYPOINT and CMD, in this order, since with BuildKit a
 * WORKDIR after USER belongs to that user. Where directories were made by WORKDIR, it is set again.
 * Throws LiftError 'usage' for an option that no Dockerfile can write.
 */
export function configLines(lift: Lift, options: EmitOptions, made: readonly string[]): readonly string[] {
  return [
    ...envLines(lift.image.env, options.env ?? []),
    ...(options.labels ?? []).map(labelLine),
    ...workdirLines(lift.image.workingDir, options.workdir, made.length > 0 ? ['WORKDIR /'] : []),
    ...userLines(lift.image.user, options.user),
    ...commandLines(commandOf(lift, options)),
  ]
}

/** `WORKDIR` creates what is missing, 0755 and root's; a comment when the name cannot be written. */
export function makeDirectory(path: string): string {
  return workdir(path) ?? `# the directory ${printable(path)} has a name that WORKDIR cannot write`
}

function workdir(path: string): string | undefined {
  const word = quotedWord(path)
  if (word === undefined) return undefined
  return /^[\w./+:,@%=~-]+$/.test(path) ? `WORKDIR ${path}` : `WORKDIR ${word}`
}

/** Docker's rules allow any name, but only these are safe from being split or expanded. */
const ENV_NAME = /^[A-Za-z_][\w.-]*$/

function envLines(ofImage: readonly string[], asked: readonly string[]): readonly string[] {
  const values = new Map<string, { value: string; asked: boolean }>()
  for (const line of ofImage) values.set(nameOf(line), { value: textOf(line), asked: false })
  for (const line of asked) {
    if (!line.includes('='))
      throw new LiftError('usage', `--env ${printable(line)} is not of the form NAME=value`)
    values.set(nameOf(line), { value: textOf(line), asked: true })
  }
  return [...values].flatMap(([name, { value, asked }]) => envLine(name, value, asked))
}

function envLine(name: string, value: string, asked: boolean): readonly string[] {
  if (name === 'PATH' && value === DEFAULT_PATH) return []
  const word = ENV_NAME.test(name) ? quotedWord(value) : undefined
  if (word !== undefined) return [`ENV ${name}=${word}`]
  if (asked) throw new LiftError('usage', `--env ${printable(name)} cannot be written in a Dockerfile`)
  return [`# ENV ${printable(name)} is left out: a Dockerfile cannot write it`]
}

function labelLine(line: string): string {
  const key = quotedWord(nameOf(line))
  const value = quotedWord(textOf(line))
  if (!line.includes('=') || key === '""') {
    throw new LiftError('usage', `--label ${printable(line)} is not of the form NAME=value`)
  }
  if (key !== undefined && value !== undefined) return `LABEL ${key}=${value}`
  throw new LiftError('usage', `--label ${printable(nameOf(line))} cannot be written in a Dockerfile`)
}

function workdirLines(
  ofImage: string | undefined,
  asked: string | undefined,
  reset: readonly string[],
): readonly string[] {
  const path = asked ?? ofImage ?? ''
  if (path === '' || path === '/') return asked === undefined ? reset : ['WORKDIR /']
  const line = workdir(path.startsWith('/') ? path : `/${path}`)
  if (line !== undefined) return [line]
  if (asked !== undefined) throw new LiftError('usage', '--workdir cannot be written in a Dockerfile')
  return [...reset, `# WORKDIR ${printable(path)} is left out: a Dockerfile cannot write it`]
}

function userLines(ofImage: string | undefined, asked: string | undefined): readonly string[] {
  if (asked !== undefined) {
    if (!/^[\w.@-]+(:[\w.@-]+)?$/.test(asked)) {
      throw new LiftError('usage', `--user ${printable(asked)} is not a user`, {
        hint: 'Give UID or UID:GID.',
      })
    }
    return [`USER ${asked}`]
  }
  if (ofImage === undefined || ofImage === '') return []
  return [`# USER ${printable(ofImage)} is what the image says; --user sets it here`]
}

function commandLines({ entrypoint, cmd }: ImageCommand): readonly string[] {
  return [
    ...(entrypoint.length > 0 ? [`ENTRYPOINT ${execForm(entrypoint)}`] : []),
    ...(cmd.length > 0 ? [`CMD ${execForm(cmd)}`] : []),
  ]
}

function nameOf(line: string): string {
  const cut = line.indexOf('=')
  return cut < 0 ? line : line.slice(0, cut)
}

function textOf(line: string): string {
  const cut = line.indexOf('=')
  return cut < 0 ? '' : line.slice(cut + 1)
}
