import { readFileSync } from 'node:fs'
import type { RootFs } from '../../src/rootfs/rootfs.js'
import { walk } from '../../src/rootfs/walk.js'
import { paxOf, type TarMember, tarOf } from './tar-builder.js'

/** Layers and what shows of them, as `golden/layers.txt` has them. */
export interface LayerCase {
  readonly rule: string
  /** Uncompressed tars, the lowest first. */
  readonly layers: readonly Uint8Array[]
  /** In an engine's container: lines as `described` makes them, or `refused`. */
  readonly shows: string
  /** What liftbin shows: the same, unless the table says why not. */
  readonly ours: string
}

/** All cases of the table. */
export function layerCases(): LayerCase[] {
  const text = readFileSync(new URL('../golden/layers.txt', import.meta.url), 'utf8')
  return text
    .split('\n\n')
    .filter((block) => block.startsWith('# '))
    .map(caseOf)
}

function caseOf(block: string): LayerCase {
  const lines = block.trimEnd().split('\n')
  const all = (key: string) =>
    lines.filter((line) => line.startsWith(`${key}:`)).map((line) => line.slice(key.length + 2))
  const shows = all('shows')[0]!
  const layers = all('layer').map((line) => tarOf(line === '' ? [] : line.split('; ').map(memberOf)))
  return { rule: lines[0]!.slice(2), layers, shows, ours: all('liftbin')[0] ?? shows }
}

const MEMBER = /^(.) ([^ =]*)(?:=([^ ]*))?(?: -> (\S*))?(?: (\d+))?(?: (\d+):(\d+))?(?: #(\d+):(\d+))?$/
const TYPES: Readonly<Record<string, string>> = {
  d: '5',
  f: '0',
  l: '2',
  h: '1',
  c: '3',
  b: '4',
  p: '6',
  '0': '\0',
}

function memberOf(text: string): TarMember {
  const record = /^([gx]) ([^=]+)=(.*)$/.exec(text)
  if (record !== null) return paxOf({ [record[2]!]: record[3]! }, record[1] as 'g' | 'x')
  const [, kind, path, content, target = '', mode, uid = 0, gid = 0, major, minor] = MEMBER.exec(text) ?? []
  if (kind === undefined || path === undefined) throw new Error(`not a member: ${text}`)
  const isFile = 'f07Z'.includes(kind)
  return {
    path: kind === 'd' ? `${path}/` : path,
    type: TYPES[kind] ?? kind,
    mode: mode === undefined ? (kind === 'd' ? 0o755 : 0o644) : Number.parseInt(mode, 8),
    uid: Number(uid),
    gid: Number(gid),
    target,
    ...(isFile ? { content: content ?? path } : {}),
    ...(major === undefined ? {} : { raw: { 329: octal(major), 337: octal(minor!) } }),
  }
}

function octal(digits: string): Uint8Array {
  return Buffer.from(`${Number(digits).toString(8).padStart(7, '0')}\0`)
}

/** What every container has, whatever its image. */
const ENGINES_OWN = /^\/(dev|etc|proc|sys|\.dockerenv)(\/|$)/

/** A root file system in the words of the table. */
export async function described(rootfs: RootFs): Promise<string> {
  const out: string[] = []
  const first = new Map<string, string>()
  for await (const entry of walk(rootfs, '/')) {
    if (ENGINES_OWN.test(entry.path)) continue
    const path = entry.path.slice(1)
    const owner = entry.uid === 0 && entry.gid === 0 ? '' : ` ${entry.uid}:${entry.gid}`
    const suffix = (usual: number) => (entry.mode === usual ? '' : ` ${entry.mode.toString(8)}`) + owner
    if (entry.kind === 'directory') out.push(`d ${path}${suffix(0o755)}`)
    else if (entry.kind === 'symlink') out.push(`l ${path} -> ${entry.target}${owner}`)
    else if (entry.kind === 'special') out.push(`s ${path}${suffix(0)}`)
    else if (first.has(entry.identity)) out.push(`h ${path} -> ${first.get(entry.identity)}${suffix(0o644)}`)
    else {
      first.set(entry.identity, path)
      const content = Buffer.from(await rootfs.open(entry).read(0, entry.size)).toString()
      out.push(`f ${path}${content === path ? '' : `=${content}`}${suffix(0o644)}`)
    }
  }
  return out.join('; ')
}
