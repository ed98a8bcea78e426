import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { removeFromPodman, skopeo, tool, withUsualEngine } from './images.js'
import { type Running, startRegistry } from './real-registry.js'
import {
  BUILDERS,
  type Builder,
  buildImage,
  CLI,
  docker,
  type Outcome,
  root,
  run,
  runImage,
} from './surroundings.js'

interface Subject {
  readonly name: string
  readonly platform: string
  readonly binaries: readonly string[]
}

const SUBJECTS: readonly Subject[] = [
  {
    name: 'bookworm',
    platform: 'linux/amd64',
    binaries: [
      '/usr/bin/curl',
      'git',
      'python3',
      'hello.sh',
      '/usr/local/bin/origin',
      '/opt/cached/bin/cached',
    ],
  },
  { name: 'musl', platform: 'linux/amd64', binaries: ['/usr/bin/hello', '/usr/bin/chain'] },
  { name: 'arm64', platform: 'linux/arm64', binaries: ['bash', '/bin/ls'] },
]

let folder = ''
let registry: Running | undefined

before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'liftbin-sources-'))
  registry = await startRegistry(folder)
})

after(async () => {
  await registry?.[Symbol.asyncDispose]()
  rmSync(folder, { recursive: true, force: true })
})

for (const subject of SUBJECTS) {
  describe(`the image ${subject.name} is the same`, () => {
    const { name } = subject
    const engine = `docker-daemon:liftbin-e2e/${name}:latest`
    const file = (kind: string) => join(folder, `${name}-${kind}`)
    let expected: Answers | undefined

    const same = (what: string, make: () => Way) => {
      test(what, () => {
        const { image, options = [], env = {} } = make()
        expected ??= answersOf(`docker:liftbin-e2e/${name}`, subject, [], {})
        const found = answersOf(image, subject, options, env)
        assert.equal(found.lift, expected.lift)
        assert.equal(found.audit, expected.audit)
      })
    }

    before(() => {
      tool('docker', 'save', '--output', file('docker-save.tar'), `liftbin-e2e/${name}:latest`)
      tool('podman', 'load', '--quiet', '--input', file('docker-save.tar'))
      skopeo(engine, `docker://${registry?.host}/e2e/${name}:1`)
    })
    after(() => removeFromPodman(ofPodman(name)))

    same('in Podman', () => ({ image: `podman:${ofPodman(name)}` }))
    same('in a registry', () => ({ image: `registry:${registry?.host}/e2e/${name}:1` }))
    same('in what `docker save` wrote', () => ({ image: `docker-archive:${file('docker-save.tar')}` }))
    same('in an OCI archive', () => {
      skopeo(engine, `oci-archive:${file('oci.tar')}:1`)
      return { image: `oci-archive:${file('oci.tar')}` }
    })
    same('in an OCI layout', () => {
      skopeo(engine, `oci:${file('oci')}:1`)
      return { image: `oci-dir:${file('oci')}:1` }
    })
    same('in a directory', () => ({
      image: `dir:${root(name)}`,
      options: ['--platform', subject.platform],
    }))
    same('by a bare name, in Docker', () => ({ image: `liftbin-e2e/${name}` }))
    same('by a bare name, in a registry, where no engine is', () => ({
      image: `${registry?.host}/e2e/${name}:1`,
      env: { DOCKER_HOST: `unix://${folder}/no.sock`, PATH: '/usr/bin:/bin' },
    }))
    same('in what `skopeo copy` wrote as an archive of Docker', () => {
      skopeo(engine, `docker-archive:${file('skopeo.tar')}:liftbin-e2e/${name}:latest`)
      return { image: `docker-archive:${file('skopeo.tar')}` }
    })
    same('with layers in zstd', () => {
      skopeo(engine, `oci:${file('zstd')}:1`, '--dest-compress', '--dest-compress-format', 'zstd')
      return { image: `oci-dir:${file('zstd')}` }
    })
    same('in a registry with layers in zstd', () => {
      const zstd = `${registry?.host}/zstd/${name}:1`
      skopeo(engine, `docker://${zstd}`, '--format', 'oci', '--dest-compress-format', 'zstd')
      return { image: `registry:${zstd}` }
    })
    same('in what `podman save` wrote as an archive of Docker', () => {
      tool('podman', 'save', '--quiet', '--output', file('podman.tar'), ofPodman(name))
      return { image: `docker-archive:${file('podman.tar')}` }
    })
    same('in what `podman save` wrote as an OCI archive', () => {
      const path = file('podman-oci.tar')
      tool('podman', 'save', '--quiet', '--format', 'oci-archive', '--output', path, ofPodman(name))
      return { image: `oci-archive:${path}` }
    })
    same('in an archive that is compressed as a whole', () => {
      tool('gzip', '--keep', '--fast', file('docker-save.tar'))
      return { image: `docker-archive:${file('docker-save.tar.gz')}` }
    })
    same('after buildah has put another layer on it', () => {
      writeFileSync(file('note'), 'a note')
      const container = tool('buildah', 'from', '--quiet', `docker-archive:${file('docker-save.tar')}`).trim()
      tool('buildah', 'copy', '--quiet', container, file('note'), '/etc/note')
      tool('buildah', 'commit', '--quiet', '--rm', container, `oci-archive:${file('buildah.tar')}`)
      return { image: `oci-archive:${file('buildah.tar')}` }
    })
    same('after umoci has put another layer on it', () => {
      writeFileSync(file('note'), 'a note')
      skopeo(engine, `oci:${file('umoci')}:1`)
      tool('umoci', 'insert', '--image', `${file('umoci')}:1`, file('note'), '/etc/note')
      return { image: `oci-dir:${file('umoci')}:1` }
    })
  })
}

describe('what the Dockerfile says to do first makes it build', () => {
  const image = 'liftbin-e2e/musl'
  const engine = `docker-daemon:${image}:latest`
  const CASES: Readonly<Record<string, () => string>> = {
    'an archive of docker save': () => {
      const path = join(folder, "docker's own.tar")
      tool('docker', 'save', '--output', path, `${image}:latest`)
      return `docker-archive:${path}`
    },
    'an archive of docker save without a name': () => {
      const path = join(folder, 'nameless.tar')
      const id = docker(['image', 'inspect', '--format', '{{.Id}}', image]).stdout.trim()
      tool('docker', 'save', '--output', path, id)
      return `docker-archive:${path}`
    },
    'an OCI archive': () => {
      skopeo(engine, `oci-archive:${folder}/first.tar:one`)
      return `oci-archive:${folder}/first.tar`
    },
    'an OCI layout': () => {
      skopeo(engine, `oci:${folder}/two images:one`)
      skopeo('docker-daemon:liftbin-e2e/bookworm:latest', `oci:${folder}/two images:two`)
      return `oci-dir:${folder}/two images:one`
    },
  }
  for (const [what, make] of Object.entries(CASES)) {
    test(what, () => {
      const { status, stdout, stderr } = liftbin([make(), '/usr/bin/hello'])
      assert.equal(status, 0, stderr)
      const first = /^# First: (.*)$/m.exec(stdout)?.[1]
      assert.ok(first, stdout)
      withUsualEngine(first)
      for (const builder of Object.keys(BUILDERS) as Builder[]) {
        assert.equal(runImage(buildImage(stdout, builder)).stdout, 'hello from musl\n', builder)
      }
    })
  }
})

interface Way {
  readonly image: string
  readonly options?: readonly string[]
  readonly env?: NodeJS.ProcessEnv
}

interface Answers {
  readonly lift: string
  readonly audit: string
}

function answersOf(
  image: string,
  { binaries }: Subject,
  options: readonly string[],
  env: NodeJS.ProcessEnv,
): Answers {
  return {
    lift: answer(liftbin([image, ...binaries, '--format', 'json', ...options], env)),
    audit: answer(liftbin(['audit', image, '--format', 'json', ...options], env)),
  }
}

/** Without what names the image. */
function answer({ status, stdout, stderr }: Outcome): string {
  assert.ok(status === 0 || status === 1, stderr)
  const document: Document = JSON.parse(stdout)
  delete document.image.reference
  delete document.image.digest
  if (document.findings !== undefined) {
    document.findings = document.findings.filter(({ kind }) => kind !== 'unpinned')
  }
  return JSON.stringify({ status, ...document }, undefined, 1)
}

interface Document {
  readonly image: { reference?: string; digest?: string }
  findings?: readonly { readonly kind: string }[]
}

function liftbin(args: readonly string[], env: NodeJS.ProcessEnv = {}): Outcome {
  return run(process.execPath, [CLI, ...args], {
    env: { ...process.env, XDG_CACHE_HOME: join(folder, 'cache'), ...env },
  })
}

/** As Podman calls what Docker saved. */
function ofPodman(name: string): string {
  return `localhost/liftbin-e2e/${name}:latest`
}
