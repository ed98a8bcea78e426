import { decodeText } from '../bytes.js'
import type { RootFiles } from '../loader/files.js'
import type { Confidence, Finder, Need, Subject, Surroundings } from './finder.js'
import { importsAny } from './finder.js'
import { LOOKUPS, type Lookup } from './lookups.js'

/**
 * What looking up users, groups, hosts, services and protocols opens: for musl the files alone, for glibc what
 * `nsswitch.conf` says and modules for it (nsswitch.conf(5)). `resolv.conf` is left to whoever runs the container.
 */
export const nss: Finder = {
  describe: 'user names, groups, host names and services',
  symbols: LOOKUPS.flatMap(({ symbols }) => symbols),
  reads: 'all',
  find: async (subject, surroundings) => {
    const lookups = LOOKUPS.filter(({ symbols }) => importsAny(subject, symbols))
    if (subject.dialect === 'musl') return lookups.filter(({ musl }) => musl === 'read').flatMap(fileNeeds)
    if (lookups.length === 0) return []
    return [...lookups.flatMap(fileNeeds), ...(await switchNeeds(subject, lookups, surroundings))]
  },
}

function fileNeeds({ files, what }: Lookup): readonly Need[] {
  return files.map((path) => ({ kind: 'path', path, confidence: 'likely', why: `looks up ${what}` }))
}

async function switchNeeds(
  subject: Subject,
  lookups: readonly Lookup[],
  { files }: Surroundings,
): Promise<readonly Need[]> {
  const lines = await switchLines(files)
  const conf: Need = {
    kind: 'path',
    path: '/etc/nsswitch.conf',
    confidence: 'likely',
    why: 'looks up names as it says',
  }
  const resolver: readonly Need[] = lookups.some(({ what }) => what === 'hosts') ? HOST_NEEDS : []
  const modules = lookups.flatMap(({ databases, what }) =>
    databases.flatMap((database) => moduleNeeds(subject, lines.get(database), { database, what })),
  )
  return [conf, ...resolver, ...modules]
}

const HOST_NEEDS: readonly Need[] = [
  { kind: 'path', path: '/etc/host.conf', confidence: 'possible', why: 'looks up hosts' },
  { kind: 'path', path: '/etc/gai.conf', confidence: 'possible', why: 'looks up hosts' },
  {
    kind: 'path',
    path: '/etc/services',
    confidence: 'possible',
    why: 'looks up hosts, maybe with a service',
  },
  {
    kind: 'library',
    names: ['libidn2.so.0'],
    confidence: 'possible',
    why: 'looks up hosts, whose names may not be ASCII',
  },
]

/**
 * glibc has files and dns built in since 2.34; before that not even `/etc/passwd` is opened without its module. A line
 * that names neither fails altogether when its modules are not there; else they are passed over. Debian leaves groups of
 * hosts to a module that few install.
 */
function moduleNeeds(
  subject: Subject,
  line: readonly string[] | undefined,
  { database, what }: { readonly database: string; readonly what: string },
): readonly Need[] {
  const services = line ?? (what === 'hosts' ? ['files', 'dns'] : ['files'])
  const isBuiltIn = hasBuiltIn(subject)
  const confidenceOf = (service: string): Confidence =>
    BUILT_IN.has(service) || !(database === 'netgroup' || services.some((one) => BUILT_IN.has(one)))
      ? 'likely'
      : 'possible'
  return services
    .filter((service) => !isBuiltIn || !BUILT_IN.has(service))
    .map((service) => ({
      kind: 'library',
      names: [`libnss_${service}.so.2`],
      confidence: confidenceOf(service),
      why: `looks up ${what}, which nsswitch.conf leaves to ${service}`,
    }))
}

const BUILT_IN: ReadonlySet<string> = new Set(['files', 'dns'])

/** Symbol versions tell the C library's own version; where it cannot be told it is taken for a new one. */
function hasBuiltIn({ closure }: Subject): boolean {
  const libc = closure.objects.find(({ elf }) => /^libc\.so\.6(\.1)?$/.test(elf.dynamic?.soname ?? ''))
  const versions = libc?.elf.dynamic?.versionsDefined
  return versions === undefined || versions.includes('GLIBC_2.34')
}

const LARGEST = 1 << 16
const MOST_SERVICES = 32

/** The services of each database, without what to do about their answers (`[NOTFOUND=return]`). */
async function switchLines(files: RootFiles): Promise<ReadonlyMap<string, readonly string[]>> {
  const { end } = await files.trail('/etc/nsswitch.conf', '/')
  if (end?.kind !== 'file' || end.size > LARGEST) return new Map()
  const text = decodeText(await files.content(end))
  const lines = text.split('\n').flatMap((line) => {
    const [, database, services] = /^\s*([a-z_]+)\s*:([^#]*)/.exec(line) ?? []
    return database === undefined || services === undefined ? [] : [[database, servicesIn(services)] as const]
  })
  return new Map(lines)
}

function servicesIn(text: string): readonly string[] {
  return text
    .replace(/\[[^\][]*\]/g, ' ')
    .split(/\s+/)
    .filter((word) => /^[A-Za-z0-9_-]+$/.test(word))
    .slice(0, MOST_SERVICES)
}
