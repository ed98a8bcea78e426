import { spawn, spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { counted } from './counted.js'
import { liftbin } from './liftbin.js'
import { type Command, ENVIRONMENT, medianOf, outputOf, ratioOf, run } from './pairs.js'
import { root } from './places.js'
import { measuredRatio, NotMeasured, type Row, short } from './rows.js'

const PROGRAM = '/usr/bin/curl'

/** Lifting from a registry on this machine, compared with fetching the same bytes. */
export const REGISTRY_ROWS: readonly Row[] = [
  {
    what: 'cold lift of curl from a registry / `curl` of the layer `| gzip -dc`',
    must: 1.2,
    aim: 0.8,
    measure: () => against(({ blob }) => `curl -sf ${blob} | gzip -dc >/dev/null`),
  },
  {
    what: 'the same / `skopeo copy` and `tar -xzf`',
    must: 0.3,
    aim: 0.15,
    measure: () =>
      against(
        ({ host }) => `into=$(mktemp -d)
skopeo --insecure-policy copy --quiet --src-tls-verify=false docker://${host}/bench:1 dir:$into
mkdir $into/root
for layer in $(ls -S $into | head -n 1); do tar -xzf $into/$layer -C $into/root; done
rm -rf $into`,
      ),
  },
  {
    what: 'warm lift of curl from a registry / from a directory',
    measure: () => {
      const { image, folder } = place()
      const warm = `XDG_CACHE_HOME=${folder}/warm exec "$0" "$@"`
      const registry: Command = ['sh', '-c', warm, ...liftbin(image, PROGRAM)]
      return measuredRatio(ratioOf(registry, liftbin(`dir:${root('curl')}`, PROGRAM), 7))
    },
  },
  {
    what: 'peak memory of a cold lift of curl from a registry, MiB',
    must: 140,
    aim: 105,
    measure: () => {
      const peaks = Array.from({ length: 7 }, () => counted([place().image, PROGRAM, '--no-cache']).peak)
      const value = medianOf(peaks.sort((a, b) => a - b))
      return { value, text: `${short(value)} [${short(peaks[0]!)}–${short(peaks.at(-1)!)}]`, n: '7 runs' }
    },
  },
]

function against(script: (place: Place) => string) {
  const there = place()
  const cold = 'XDG_CACHE_HOME=$(mktemp -d); export XDG_CACHE_HOME; "$0" "$@" && rm -rf "$XDG_CACHE_HOME"'
  const ratio = ratioOf(['sh', '-c', cold, ...liftbin(there.image, PROGRAM)], ['sh', '-ec', script(there)], 7)
  const measured = measuredRatio(ratio)
  return { ...measured, n: `${measured.n}, ${(there.size / 1e6).toFixed(0)} MB` }
}

interface Place {
  readonly folder: string
  readonly host: string
  /** As liftbin names it. */
  readonly image: string
  /** Where the layer is, and its size in bytes as it is sent. */
  readonly blob: string
  readonly size: number
}

const HOST = '127.0.0.1:5317'
let known: Place | undefined
let stop = () => {}

/** Ends the registry, if there was one. */
export function stopRegistry(): void {
  stop()
}

function place(): Place {
  known ??= makePlace()
  return known
}

function makePlace(): Place {
  for (const tool of ['docker-registry', 'skopeo', 'umoci', 'curl'])
    if (spawnSync('which', [tool]).status !== 0) throw new NotMeasured(`no ${tool}`)
  const folder = mkdtempSync(join(tmpdir(), 'liftbin-bench-registry-'))
  mkdirSync(join(folder, 'data'))
  const configuration = join(folder, 'registry.yml')
  writeFileSync(
    configuration,
    `version: 0.1
log: {level: error, accesslog: {disabled: true}}
storage: {filesystem: {rootdirectory: ${join(folder, 'data')}}}
http: {addr: '${HOST}'}
`,
  )
  const child = spawn('docker-registry', ['serve', configuration], { stdio: 'ignore', env: ENVIRONMENT })
  stop = () => {
    child.kill()
    rmSync(folder, { recursive: true, force: true })
  }
  run([
    'sh',
    '-c',
    'for n in $(seq 100); do curl -sf "$0" && exit; sleep 0.1; done; exit 1',
    `http://${HOST}/v2/`,
  ])
  run(['sh', '-ec', PUSH, root('curl'), folder, HOST])
  const accept = 'accept: application/vnd.oci.image.manifest.v1+json'
  const manifest = outputOf(['curl', '-sf', '-H', accept, `http://${HOST}/v2/bench/manifests/1`])
  const [layer]: readonly { digest: string; size: number }[] = JSON.parse(manifest).layers
  return {
    folder,
    host: HOST,
    image: `registry:${HOST}/bench:1`,
    blob: `http://${HOST}/v2/bench/blobs/${layer!.digest}`,
    size: layer!.size,
  }
}

const PUSH = `cd "$1"
tar --numeric-owner -C "$0" -cf root.tar .
umoci init --layout image
umoci new --image image:1
umoci raw add-layer --image image:1 root.tar
skopeo --insecure-policy copy --quiet --dest-tls-verify=false oci:image:1 docker://$2/bench:1
rm -r root.tar image`
