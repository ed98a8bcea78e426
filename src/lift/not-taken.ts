import type { RootFiles } from '../loader/files.js'
import { CONFIDENCES, type Need, type Subject } from '../needs/finder.js'
import type { FinderName } from '../needs/index.js'
import { remembered } from '../rootfs/cached.js'
import type { ChosenNeeds } from './chosen-needs.js'
import type { Examination } from './examine.js'
import { finding } from './finding.js'
import type { Gathering } from './gathering.js'
import type { Lifting } from './lifting.js'
import { unlessRefused } from './shown-files.js'

/** A need, and where it comes from. */
export interface Found {
  readonly finder: FinderName
  readonly need: Need
  /** What has it: the name of an object, or the path of a script. */
  readonly asker: string
  /** The object, where one has it that a program loads. */
  readonly within?: { readonly subject: Subject; readonly examination: Examination }
}

/** A need that is not met. */
export interface NotTaken extends Found {
  /** What would meet it, where that is none of the options for needs. */
  readonly option?: string
}

/** One finding for what each finder is equally sure of, with what the image has of it and the lift has not. */
export async function addNotTaken(
  { gathering }: Lifting,
  files: RootFiles,
  left: readonly NotTaken[],
  chosen: ChosenNeeds,
): Promise<void> {
  const groups = new Map<string, { readonly first: NotTaken; readonly names: Set<string> }>()
  const surest = [...left].sort((a, b) => rankOf(a) - rankOf(b))
  const told = new Map<string, number>()
  for (const one of surest) {
    const name = await nameOf(gathering, files, one)
    if (name === undefined) continue
    // What is likely for one object is not told again as possible for another.
    if (remembered(told, `${one.finder}\0${name}`, () => rankOf(one)) < rankOf(one)) continue
    const key = `${one.finder}\0${one.need.confidence}\0${one.option ?? ''}`
    remembered(groups, key, () => ({ first: one, names: new Set<string>() })).names.add(name)
  }
  for (const { first, names } of groups.values()) {
    const { finder, need, asker: neededBy, option = chosen.optionFor(finder, need.confidence) } = first
    const { confidence, why: reason } = need
    const facts = { finder, confidence, names: [...names].sort(), neededBy, reason, option }
    gathering.addFindings([finding({ kind: 'need-not-taken', ...facts })])
  }
}

function rankOf({ need }: NotTaken): number {
  return CONFIDENCES.indexOf(need.confidence)
}

/** What would be taken; undefined where there is nothing, or it is there for another reason. */
async function nameOf(gathering: Gathering, files: RootFiles, one: NotTaken): Promise<string | undefined> {
  const { need, within } = one
  if (need.kind === 'unclear') return undefined
  if (need.kind !== 'library') {
    const { end } = await files.trail(need.path, '/')
    if (end === undefined) return undefined
    const isThere =
      need.kind === 'bare-directory'
        ? gathering.has(need.path)
        : gathering.hasWhole(need.path, need.kind === 'path' ? need.except : undefined)
    return isThere ? undefined : need.path
  }
  if (within === undefined) return undefined
  const { closure, object } = within.subject
  const { loader } = within.examination
  for (const name of need.names) {
    const within = { ...closure, loader: closure.loader }
    const resolution = await unlessRefused(() => loader?.resolve(name, object, within), undefined)
    const path = resolution?.found?.trail.asked
    if (path !== undefined) return gathering.has(path) ? undefined : path
  }
  return undefined
}
