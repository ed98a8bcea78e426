import { type ByteReader, bufferOf } from '../bytes.js'
import { envOf } from '../image/config.js'
import type { RootPath } from '../rootfs/path.js'
import type { Confidence, Finder, Need, Surroundings } from './finder.js'

const BUNDLES: readonly RootPath[] = [
  '/etc/ssl/certs/ca-certificates.crt',
  '/etc/pki/tls/certs/ca-bundle.crt',
  '/etc/ssl/ca-bundle.pem',
  '/etc/pki/tls/cacert.pem',
  '/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem',
  '/etc/ssl/cert.pem',
]

/** What a program opens that has the path anywhere: Go puts no end to its texts. */
const NAMED: readonly (readonly [path: RootPath, confidence: Confidence, why: string])[] = [
  ...BUNDLES.map((path) => [path, 'likely', 'knows where the certificates of authorities are'] as const),
  ['/etc/ssl/certs', 'possible', 'looks for certificates of authorities'],
  ['/etc/localtime', 'likely', 'tells the local time'],
  ['/etc/passwd', 'likely', 'looks up users'],
  ['/etc/group', 'likely', 'looks up groups'],
  ['/etc/hosts', 'likely', 'looks up hosts'],
  ['/etc/nsswitch.conf', 'likely', 'looks up names as it says'],
  ['/etc/services', 'possible', 'looks up services'],
  ['/etc/protocols', 'possible', 'looks up protocols'],
  ['/etc/mime.types', 'possible', 'tells types of files'],
  ['/usr/share/mime/globs2', 'possible', 'tells types of files'],
]

const ZONES = '/usr/share/zoneinfo'
/** How glibc calls its modules for name services, and only its own: whoever opens them needs the very same glibc. */
const MODULES = 'libnss_%s.so'

/** What statically linked programs open, which import nothing by which it could be told. */
export const staticTexts: Finder = {
  describe: 'files whose paths are written in a program that is linked statically',
  symbols: [],
  reads: 'all',
  find: async ({ object, closure }, surroundings) => {
    if (object !== closure.program || !/^static/.test(object.elf.kind)) return []
    const reader = surroundings.files.rootfs.open(object.file)
    const found = await textsIn(reader, [...NAMED.map(([path]) => path), ZONES, MODULES])
    return [
      ...NAMED.filter(([path]) => found.has(path)).map(needOf),
      ...(found.has(ZONES) ? zoneNeeds(surroundings) : []),
      ...(found.has(MODULES) ? [UNCLEAR] : []),
    ]
  },
}

const UNCLEAR: Need = {
  kind: 'unclear',
  confidence: 'likely',
  why: 'is linked statically with name services of glibc, which open modules of the very glibc that it was linked with',
}

function needOf([path, confidence, why]: (typeof NAMED)[number]): Need {
  return { kind: 'path', path, confidence, why }
}

function zoneNeeds({ config }: Surroundings): readonly Need[] {
  const zone = envOf(config, 'TZ')?.replace(/^:/, '') ?? ''
  const all: Need = {
    kind: 'path',
    path: ZONES,
    confidence: 'possible',
    why: 'tells the time of any zone that TZ names',
  }
  if (!/^[A-Za-z0-9_+-]+(\/[A-Za-z0-9_+-]+)*$/.test(zone)) return [all]
  const why = `tells the time of the zone that TZ names, ${zone}`
  return [{ kind: 'path', path: `${ZONES}/${zone}`, confidence: 'likely', why }, all]
}

const PIECE = 1 << 20
const MOST = 256 << 20

/** Which of some texts stand anywhere in a file, read piece by piece with as much again as a text may be cut. */
async function textsIn(reader: ByteReader, texts: readonly string[]): Promise<ReadonlySet<string>> {
  const overlap = Math.max(...texts.map(({ length }) => length))
  const found = new Set<string>()
  for (let at = 0; at < Math.min(reader.size, MOST) && found.size < texts.length; at += PIECE) {
    const bytes = bufferOf(await reader.read(at, PIECE + overlap))
    for (const text of texts) if (!found.has(text) && bytes.includes(text, 0, 'latin1')) found.add(text)
  }
  return found
}
