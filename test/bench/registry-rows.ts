import { spawn, spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { counted } from './counted.js'
import { liftbin } from './liftbin.js'
import { type Command, ENVIRONMENT, medianOf, outputOf, ratioOf, run } from './pairs.js'
import { type RootName, root } from './places.js'
import { type Measurement, measuredRatio, NotMeasured, type Row, short } from './rows.js'

const PROGRAM = '/usr/bin/curl'

/** Lifting from a registry on this machine, compared with fetching the same bytes. */
export const REGISTRY_ROWS: readonly Row[] = [
  {
    what: 'cold lift of curl from a registry / `curl` of the layer `| gzip -dc`',
    must: 1.2,
    aim: 0.8,
    measure: () => against('curl', 7, fetched),
  },
  {
    what: 'the same / `skopeo copy` and `tar -xzf`',
    must: 0.3,
    aim: 0.15,
    measure: () => against('curl', 7, unpacked),
  },
  {
    what: 'warm lift of curl from a registry / from a directory',
    must: 1.5,
    measure: () => {
      const { image, folder } = place('curl')
      const warm = `XDG_CACHE_HOME=${folder}/warm exec "$0" "$@"`
      const registry: Command = ['sh', '-c', warm, ...liftbin(image, PROGRAM)]
      return measuredRatio(ratioOf(registry, liftbin(`dir:${root('curl')}`, PROGRAM), 15))
    },
  },
  peakRow('curl', 7, { must: 140, aim: 105 }),
  {
    what: 'cold lift of curl from a registry, large layer / `curl` of the layer `| gzip -dc`',
    must: 1.1,
    aim: 0.8,
    measure: () => against('large', 3, fetched),
  },
  peakRow('large', 3, { must: 320, aim: 250 }),
]

const fetched = ({ blob }: Place) => `curl -sf ${blob} | gzip -dc >/dev/null`

const unpacked = ({ host, name }: Place) => `into=$(mktemp -d)
skopeo --insecure-policy copy --quiet --src-tls-verify=false docker://${host}/${name}:1 dir:$into
mkdir $into/root
for layer in $(ls -S $into | head -n 1); do tar -xzf $into/$layer -C $into/root; done
rm -rf $into`

function peakRow(name: RootName, runs: number, limits: { readonly must: number; readonly aim: number }): Row {
  return {
    what: `peak memory of a cold lift of curl from a registry${name === 'large' ? ', large layer' : ''}, MiB`,
    ...limits,
    measure: () => {
      const peaks = Array.from(
        { length: runs },
        () => counted([place(name).image, PROGRAM, '--no-cache']).peak,
      )
      const value = medianOf(peaks.sort((a, b) => a - b))
      return {
        value,
        text: `${short(value)} [${short(peaks[0]!)}–${short(peaks.at(-1)!)}]`,
        n: `${runs} runs`,
      }
    },
  }
}

function against(name: RootName, pairs: number, script: (place: Place) => string): Measurement {
  const there = place(name)
  const cold = 'XDG_CACHE_HOME=$(mktemp -d); export XDG_CACHE_HOME; "$0" "$@" && rm -rf "$XDG_CACHE_HOME"'
  const ratio = ratioOf(
    ['sh', '-c', cold, ...liftbin(there.image, PROGRAM)],
    ['sh', '-ec', script(there)],
    pairs,
  )
  const measured = measuredRatio(ratio)
  return { ...measured, n: `${measured.n}, ${(there.size / 1e6).toFixed(0)} MB` }
}

/** A root file system as an image of one layer in the registry. */
interface Place {
  readonly folder: string
  readonly host: string
  readonly name: RootName
  /** As liftbin names it. */
  readonly image: string
  /** Where the layer is, and its size in bytes as it is sent. */
  readonly blob: string
  readonly size: number
}

const HOST = '127.0.0.1:5317'
const places = new Map<RootName, Place>()
let folder: string | undefined
let stop = () => {}

/** Ends the registry, if there was one. */
export function stopRegistry(): void {
  stop()
}

function place(name: RootName): Place {
  const known = places.get(name)
  if (known !== undefined) return known
  const from = root(name)
  folder ??= startRegistry()
  run(['sh', '-ec', PUSH, from, folder, `${HOST}/${name}:1`])
  const accept = 'accept: application/vnd.oci.image.manifest.v1+json'
  const manifest = outputOf(['curl', '-sf', '-H', accept, `http://${HOST}/v2/${name}/manifests/1`])
  const [layer]: readonly { digest: string; size: number }[] = JSON.parse(manifest).layers
  const made = {
    folder,
    host: HOST,
    name,
    image: `registry:${HOST}/${name}:1`,
    blob: `http://${HOST}/v2/${name}/blobs/${layer!.digest}`,
    size: layer!.size,
  }
  places.set(name, made)
  return made
}

/** Gives the folder it has for itself. */
function startRegistry(): string {
  for (const tool of ['docker-registry', 'skopeo', 'umoci', 'curl'])
    if (spawnSync('which', [tool]).status !== 0) throw new NotMeasured(`no ${tool}`)
  const own = mkdtempSync(join(tmpdir(), 'liftbin-bench-registry-'))
  mkdirSync(join(own, 'data'))
  const configuration = join(own, 'registry.yml')
  writeFileSync(
    configuration,
    `version: 0.1
log: {level: error, accesslog: {disabled: true}}
storage: {filesystem: {rootdirectory: ${join(own, 'data')}}}
http: {addr: '${HOST}'}
`,
  )
  const child = spawn('docker-registry', ['serve', configuration], { stdio: 'ignore', env: ENVIRONMENT })
  stop = () => {
    child.kill()
    rmSync(own, { recursive: true, force: true })
  }
  run([
    'sh',
    '-c',
    'for n in $(seq 100); do curl -sf "$0" && exit; sleep 0.1; done; exit 1',
    `http://${HOST}/v2/`,
  ])
  return own
}

const PUSH = `cd "$1"
tar --numeric-owner -C "$0" -cf root.tar .
umoci init --layout image
umoci new --image image:1
umoci raw add-layer --image image:1 root.tar
skopeo --insecure-policy copy --quiet --dest-tls-verify=false oci:image:1 docker://$2
rm -r root.tar image`
