import type { Random } from './fuzz-random.js'
import type { TarMember } from './tar-builder.js'

/** A random layer over a few names, so that members meet each other within it and across layers. */
export function randomLayer(random: Random): TarMember[] {
  return random.several(0, 6, () => randomMember(random))
}

function randomMember(random: Random): TarMember {
  const path = randomPath(random)
  const mode = random.pick([0o644, 0o755, 0o1777])
  const cut = path.lastIndexOf('/') + 1
  const kind = random.below(10)
  if (kind < 3) return { path, content: String(random.below(1000)), mode }
  if (kind < 5) return { path: `${path}/`, type: '5', mode }
  if (kind === 5) return { path, type: '2', target: randomTarget(random) }
  if (kind === 6) return { path, type: '1', target: randomPath(random), mode }
  if (kind === 7) return { path: `${path}/.wh..wh..opq` }
  return { path: `${path.slice(0, cut)}.wh.${path.slice(cut)}` }
}

function randomPath(random: Random): string {
  return random.several(1, 3, () => random.pick(['a', 'b', 'c'])).join('/')
}

function randomTarget(random: Random): string {
  return `${random.pick(['', '/', '../', '../../../'])}${randomPath(random)}`
}

/** What an engine's folder of one layer holds: names that lie beside each other, whiteouts among them. */
type Folder = Map<string, Thing>
type Thing =
  | { kind: 'd'; inside: Folder; mode: number; opaque: boolean }
  | { kind: 'f' | 'l'; text: string; mode: number }
  | { kind: 'w' }

/** What a container of the layers shows, or undefined where an engine refuses one of them: unpacked step by step. */
export function unpackedAndMounted(layers: readonly (readonly TarMember[])[]): string | undefined {
  const folders: Folder[] = []
  for (const layer of layers) {
    const folder: Folder = new Map()
    for (const member of layer) if (!unpack(folder, member)) return undefined
    folders.unshift(folder)
  }
  const lines: string[] = []
  list(folders, '', lines)
  return lines.join('; ')
}

function unpack(root: Folder, member: TarMember): boolean {
  const parts = member.path.split('/').filter((part) => part !== '')
  const name = parts.pop()!
  const folder = makeFolders(root, parts)
  if (folder === undefined) return false
  if (name === '.wh..wh..opq') {
    folder.opaque = true
    return true
  }
  const { inside } = folder
  if (name.startsWith('.wh.')) {
    const known = inside.get(name.slice(4))
    // The specification's meaning, where an engine would refuse: it hides what is below, and nothing else.
    if (known?.kind === 'd') known.opaque = true
    else if (known === undefined) inside.set(name.slice(4), { kind: 'w' })
    return true
  }
  const mode = member.mode ?? 0o644
  const known = inside.get(name)
  if (member.type === '5' && known?.kind === 'd') {
    known.mode = mode
    return true
  }
  inside.delete(name)
  if (member.type === '5') inside.set(name, { kind: 'd', inside: new Map(), mode, opaque: false })
  else if (member.type === '2') inside.set(name, { kind: 'l', text: member.target!, mode })
  else if (member.type === '1') return hardLink(root, inside, name, member.target!, mode)
  else inside.set(name, { kind: 'f', text: String(member.content), mode })
  return true
}

function hardLink(root: Folder, inside: Folder, name: string, target: string, mode: number): boolean {
  const parts = target.split('/')
  const last = parts.pop()!
  const thing = walkTo(root, parts)?.at(-1)?.inside.get(last)
  if (thing === undefined || thing.kind === 'd') return false
  if (thing.kind !== 'w') thing.mode = mode
  inside.set(name, thing)
  return true
}

type FolderThing = Thing & { kind: 'd' }

function makeFolders(root: Folder, parts: readonly string[]): FolderThing | undefined {
  for (let count = 1; count <= parts.length; count++) {
    if (walkTo(root, parts.slice(0, count)) !== undefined) continue
    const above = walkTo(root, parts.slice(0, count - 1))!.at(-1)!
    const name = parts[count - 1]!
    if (above.inside.has(name)) return undefined
    above.inside.set(name, { kind: 'd', inside: new Map(), mode: 0o755, opaque: false })
  }
  return walkTo(root, parts)!.at(-1)
}

/** The folders on the way, or undefined; gives up after more links than the names here can make without a loop. */
function walkTo(root: Folder, parts: readonly string[]): FolderThing[] | undefined {
  const top: FolderThing = { kind: 'd', inside: root, mode: 0o755, opaque: false }
  const at = [top]
  const pending = [...parts]
  for (let links = 0; pending.length > 0; ) {
    const name = pending.shift()!
    if (name === '..' && at.length > 1) at.pop()
    if (name === '..' || name === '') continue
    const next = at.at(-1)!.inside.get(name)
    if (next?.kind === 'l') {
      if (++links > 40) return undefined
      if (next.text.startsWith('/')) at.length = 1
      pending.unshift(...next.text.split('/'))
    } else if (next?.kind === 'd') at.push(next)
    else return undefined
  }
  return at
}

/** Looks into the folders from the uppermost on, as overlayfs does. */
function list(folders: readonly Folder[], path: string, lines: string[]): void {
  const names = [...new Set(folders.flatMap((folder) => [...folder.keys()]))].sort()
  for (const name of names) {
    const things = folders.flatMap((folder) => folder.get(name) ?? [])
    const [first] = things
    if (first === undefined || first.kind === 'w') continue
    const here = path === '' ? name : `${path}/${name}`
    const mode = first.mode.toString(8)
    lines.push(
      first.kind === 'd'
        ? `d ${here} ${mode}`
        : `${first.kind} ${here}=${first.text}${first.kind === 'l' ? '' : ` ${mode}`}`,
    )
    if (first.kind === 'd') list(joined(things), here, lines)
  }
}

function joined(things: readonly Thing[]): Folder[] {
  const out: Folder[] = []
  for (const thing of things) {
    if (thing.kind !== 'd') break
    out.push(thing.inside)
    if (thing.opaque) break
  }
  return out
}
