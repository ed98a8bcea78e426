import { remembered } from '../rootfs/cached.js'
import type { RootPath } from '../rootfs/path.js'
import { contentOf } from './content.js'
import type { DpkgState, Installed } from './dpkg.js'
import { diversionsText } from './dpkg-diversions.js'
import { fieldOf } from './dpkg-status.js'
import type { GeneratedFile, Ownership, Package } from './package.js'
import { bytesOf } from './wanted.js'

/**
 * The packages as one `status` with lists in `info`, whatever form the image has. Scanners read both `status` and
 * `status.d` and would count a package that is in both twice; dpkg-query reads `status` alone; and only what is
 * listed in `info` is known to be a package's, so that it is not taken for something installed without one.
 */
export async function reducedDpkg(
  state: DpkgState,
  owned: readonly Ownership[],
): Promise<readonly GeneratedFile[]> {
  const files = listedBy(owned)
  const kept = state.packages
    .map((one) => [one, [...(files.get(one.package) ?? [])].sort()] as const)
    .filter(([, listed]) => listed.length > 0)
    .sort(([a], [b]) => compare(a.stem, b.stem))
  if (kept.length === 0) return []
  const status = kept.map(([one, listed]) => `${reducedParagraph(one, new Set(listed))}\n`).join('\n')
  const out = [generated('status', status), generated('info/format', '1\n')]
  for (const [one, listed] of kept) {
    out.push(generated(`info/${one.stem}.list`, lines(listed)))
    const sums = await reducedSums(state, one, new Set(listed))
    if (sums.length > 0) out.push(generated(`info/${one.stem}.md5sums`, lines(sums)))
  }
  const paths = new Set(owned.map(({ listed }) => listed))
  const diverted = state.diversions.filter(({ from }) => paths.has(from))
  return diverted.length === 0 ? out : [...out, generated('diversions', diversionsText(diverted))]
}

function listedBy(owned: readonly Ownership[]): ReadonlyMap<Package, ReadonlySet<string>> {
  const files = new Map<Package, Set<string>>()
  for (const { package: owner, listed } of owned)
    remembered(files, owner, () => new Set<string>()).add(bytesOf(listed))
  return files
}

/** dpkg takes a paragraph without a state for a package that is not installed. */
function reducedParagraph({ text }: Installed, listed: ReadonlySet<string>): string {
  const fields = text.split(/\n(?![ \t])/).flatMap((field) => reducedField(field, listed))
  const [first = '', ...rest] = fields
  return [first, ...(fieldOf(text, 'Status') === undefined ? [STATUS] : []), ...rest].join('\n')
}

const STATUS = 'Status: install ok installed'

function reducedField(field: string, listed: ReadonlySet<string>): readonly string[] {
  if (!/^Conffiles:/i.test(field)) return [field]
  const [name, ...files] = field.split('\n')
  const kept = files.filter((line) => listed.has(line.trim().split(' ')[0] ?? ''))
  return kept.length === 0 ? [] : [[name, ...kept].join('\n')]
}

async function reducedSums({ root }: DpkgState, { sums }: Installed, listed: ReadonlySet<string>) {
  if (sums === undefined) return []
  const all = (await contentOf(root, sums)).toString('latin1').split('\n')
  return all.filter((line) => listed.has(`/${line.slice(34)}`))
}

function lines(all: readonly string[]): string {
  return all.map((line) => `${line}\n`).join('')
}

function generated(name: string, text: string): GeneratedFile {
  return { path: `/var/lib/dpkg/${name}` as RootPath, bytes: Buffer.from(text, 'latin1'), mode: 0o644 }
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
