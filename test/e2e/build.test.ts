import assert from 'node:assert/strict'
import { chmodSync, cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { BOOKWORM, CASES, MUSL } from './cases.js'
import { buildImage, CLI, docker, liftbin, must, root, runImage, withFolder } from './surroundings.js'

/** Builds, which must succeed, and gives what is printed. */
function build(...args: readonly string[]): string {
  const { status, stdout, stderr } = liftbin('build', ...args)
  assert.equal(status, 0, `liftbin build ${args.join(' ')}\n${stderr}`)
  return stdout.trim()
}

let images = 0

function built(...args: readonly string[]): string {
  const tag = `liftbin-e2e-packed:${process.pid}-${++images}`
  const id = build(...args, '--to', `docker:${tag}`)
  assert.equal(docker(['image', 'inspect', '--format', '{{.Id}}', tag]).stdout.trim(), id)
  return tag
}

describe('a program of a packed image says and returns what the original does', () => {
  for (const { what, image, command, options = [], run: manner = [], says } of CASES) {
    const [program, ...args] = command
    test(what, () => {
      const original = runImage(image, command, manner)
      assert.ok(original.stdout.includes(says), original.stdout + original.stderr)
      assert.deepEqual(runImage(built(`docker:${image}`, program, ...options), args, manner), original)
    })
  }

  test('nginx, as a user who is not root, answers', async () => {
    await withFolder(async (folder) => {
      const conf = join(folder, 'nginx.conf')
      writeFileSync(conf, NGINX)
      chmodSync(folder, 0o755)
      const image = built(`dir:${root('many')}`, 'nginx', '--user', '33:33', '--cmd', '-c /conf/nginx.conf')
      const name = `liftbin-e2e-nginx-${process.pid}`
      const options = ['--network=host', '--tmpfs', '/tmp:mode=1777', '--volume', `${folder}:/conf:ro`]
      assert.equal(docker(['run', '--detach', '--name', name, ...options, image]).status, 0)
      try {
        assert.equal(await answerOf('http://127.0.0.1:18081/', name), 'it works')
        assert.match(docker(['top', name, '-eo', 'uid,pid,cmd']).stdout, /^ *33 +[0-9]+ +nginx: master/m)
      } finally {
        docker(['rm', '--force', name])
      }
    })
  })
})

const NGINX = `daemon off; pid /tmp/pid; error_log stderr; events {}
http { access_log off; client_body_temp_path /tmp/a; proxy_temp_path /tmp/b; fastcgi_temp_path /tmp/c;
uwsgi_temp_path /tmp/d; scgi_temp_path /tmp/e; server { listen 127.0.0.1:18081; return 200 "it works"; } }
`

/** Asks until there is an answer, or the container has ended. */
async function answerOf(url: string, container: string): Promise<string> {
  for (;;) {
    try {
      return await (await fetch(url)).text()
    } catch {
      const { stdout } = docker(['inspect', '--format', '{{.State.Running}}', container])
      assert.equal(stdout, 'true\n', docker(['logs', container]).stderr)
      await new Promise((done) => setTimeout(done, 50))
    }
  }
}

describe('the user of the source', () => {
  const RIGHTS = ['-E', '^(Uid|Gid|Groups):', '/proc/self/status']
  const files = ['--include', '/etc/passwd', '--include', '/etc/group']

  test('has the same rights and the same home where the lift knows it', () => {
    const image = imageOfUser()
    const rights = runImage(image, ['grep', ...RIGHTS])
    assert.match(rights.stdout, /^Gid:\t1001\t.*^Groups:\t6 24 /ms)
    assert.deepEqual(runImage(built(`docker:${image}`, 'grep', ...files), RIGHTS), rights)
    assert.equal(runImage(built(`docker:${image}`, 'printenv', ...files), ['HOME']).stdout, '/srv/app\n')
  })

  test('has the same home, and no other groups than its own, where the lift does not know it', () => {
    const image = imageOfUser()
    assert.equal(runImage(image, ['printenv', 'HOME']).stdout, '/srv/app\n')
    assert.equal(runImage(built(`docker:${image}`, 'printenv'), ['HOME']).stdout, '/srv/app\n')
    assert.match(
      runImage(built(`docker:${image}`, 'grep'), RIGHTS).stdout,
      /^Gid:\t1001\t.*^Groups:[\t ]*(1001 )?$/ms,
    )
  })
})

/** An image whose user has a home and is in two groups besides its own. */
function imageOfUser(): string {
  return buildImage(
    [
      `FROM ${BOOKWORM}`,
      'RUN echo app:x:1000:1001::/srv/app: >> /etc/passwd',
      'RUN sed -i -E "/^(disk|cdrom):/s/$/app/" /etc/group && echo own:x:1001: >> /etc/group',
      'USER app',
      'ENTRYPOINT []',
    ].join('\n'),
    'BuildKit',
  )
}

describe('what no Dockerfile keeps is kept', () => {
  test('capabilities of a file, and what they are good for', async () => {
    await withFolder((folder) => {
      const image = capableImage()
      const tag = built(`docker:${image}`, '/usr/local/bin/allowed')
      const manner = ['--user', '1000:1000']
      const original = runImage(image, [], manner)
      assert.match(original.stdout, /^CapEff:\s+0000000000000400$/m)
      assert.deepEqual(runImage(tag, [], manner), original)
      build(`docker:${image}`, '/usr/local/bin/allowed', '--to', `tar:${folder}/t.tar`)
      must('tar', ['--xattrs', '--xattrs-include=*', '-xf', `${folder}/t.tar`, '-C', folder])
      assert.match(must('getcap', [`${folder}/usr/local/bin/allowed`]), /cap_net_bind_service=ep/)
    })
  })

  test('links, hard links, owners and modes', async () => {
    await withFolder((folder) => {
      const source = join(folder, 'root')
      mkdirSync(source)
      must('sh', ['-ec', ODD], { cwd: source })
      const tag = built(`dir:${source}`, '/opt/static-hello', '--include', '/srv')
      const id = docker(['create', tag]).stdout.trim()
      const made = join(folder, 'made')
      mkdirSync(made)
      must('sh', ['-ec', `docker export ${id} | tar -x --numeric-owner -C "$0"`, made])
      docker(['rm', id])
      const listed = (directory: string) => must('sh', ['-ec', LIST], { cwd: directory })
      assert.equal(listed(made), listed(source))
    })
  })
})

/** An image with a copy of `grep` that may bind low ports and shows it. */
function capableImage(): string {
  const base = buildImage(`FROM ${BOOKWORM}\nENTRYPOINT []\n`, 'BuildKit')
  const name = `liftbin-e2e-capable-${process.pid}`
  const script = 'cp /usr/bin/env /usr/local/bin/allowed && cp /usr/bin/grep /usr/local/bin/allowed'
  must('docker', ['run', '--name', name, '--network=none', base, 'sh', '-ec', script])
  const dump = 'docker export "$0" | tar -x --numeric-owner -C "$1"'
  return withImported(name, dump)
}

function withImported(name: string, dump: string): string {
  const folder = must('mktemp', ['-d']).trim()
  try {
    must('sh', ['-ec', dump, name, folder])
    must('setcap', ['cap_net_bind_service=ep', `${folder}/usr/local/bin/allowed`])
    const tag = `liftbin-e2e-capable:${process.pid}`
    const change = 'CMD ["CapEff", "/proc/self/status"]'
    const entry = 'ENTRYPOINT ["/usr/local/bin/allowed"]'
    const pack =
      'tar --xattrs --xattrs-include=* --numeric-owner -C "$0" -c . | docker import -c "$1" -c "$2" - "$3"'
    must('sh', ['-ec', pack, folder, entry, change, tag])
    return tag
  } finally {
    must('rm', ['-rf', folder])
    docker(['rm', '--force', name])
  }
}

/** A root with everything that is easily lost. */
const ODD = `mkdir -p opt srv/deep/empty "srv/a b"
cp "$LIFTBIN_E2E_ROOTS"/bookworm/usr/local/bin/static-hello opt/
echo one >srv/one; ln srv/one srv/other; ln -s ../one srv/deep/link; ln -s /nowhere srv/dangling
echo x >"srv/a b/caf\\303\\251"; printf y >"$(printf 'srv/\\377bytes')"
chown 12:34 srv/one; chown 56:78 srv/deep; chown -h 9:9 srv/deep/link; chmod 1777 srv/deep/empty; chmod 2750 srv/deep
chmod 6711 opt/static-hello; touch -d @1234567890 srv/one; chmod 700 opt`
/** The engine adds places of its own at the top. */
const LIST = `find opt srv -printf '%P %y %m %U:%G %n %l\\n' | sort; stat -c '%n %Y' srv/one`

describe('the same everywhere', () => {
  const digestOf = (env: Readonly<Record<string, string>>, umask: string, options: readonly string[]) =>
    withFolder((folder) => {
      const script = `umask ${umask}; exec "$0" "$@"`
      const args = ['build', `dir:${root('bookworm')}`, 'curl', ...options, '--to', `oci-dir:${folder}/o`]
      return must('sh', ['-ec', script, process.execPath, CLI, ...args], { env: { ...process.env, ...env } })
    })

  test('the digest depends on nothing around, nor on the order of options', async () => {
    const one = await digestOf({ TZ: 'UTC', LC_ALL: 'C' }, '022', [
      '--include',
      '/etc/ssl',
      '--include',
      '/etc/apt',
    ])
    const env = { TZ: 'Pacific/Kiritimati', LC_ALL: 'tr_TR.UTF-8', LANG: 'tr_TR.UTF-8', HOME: '/nowhere' }
    assert.equal(await digestOf(env, '077', ['--include', '/etc/apt', '--include', '/etc/ssl']), one)
    assert.notEqual(await digestOf({}, '022', []), one)
  })

  test('the image ID is the same wherever the image goes', async () => {
    await withFolder((folder) => {
      const ids = [
        'oci-archive:a.tar',
        'docker-archive:b.tar',
        `docker:liftbin-e2e-packed:${process.pid}-same`,
      ].map((to) => {
        const args = ['build', `docker:${MUSL}`, '/usr/bin/hello', '-f', 'json', '--to', to]
        const text = must(process.execPath, [CLI, ...args], { cwd: folder })
        return (JSON.parse(text) as { written: { imageId: string } }).written.imageId
      })
      assert.equal(new Set(ids).size, 1, ids.join())
    })
  })

  test('a change of one byte in a library changes one layer', async () => {
    await withFolder((folder) => {
      const source = join(folder, 'root')
      cpSync(root('musl'), source, { recursive: true, preserveTimestamps: true, verbatimSymlinks: true })
      const layers = (name: string) => {
        build(
          `dir:${source}`,
          '/usr/bin/chain',
          '--include',
          '/usr/bin/hello',
          '--to',
          `oci-dir:${folder}/${name}`,
        )
        const { Layers } = JSON.parse(must('skopeo', ['inspect', `oci:${folder}/${name}`])) as Inspected
        return Layers
      }
      const before = layers('one')
      const library = join(source, 'opt/chain/lib/libfar.so.1')
      const bytes = readFileSync(library)
      bytes[bytes.indexOf('far\0')] = 0x46
      writeFileSync(library, bytes)
      const after = layers('two')
      assert.equal(after.length, before.length)
      assert.equal(after.filter((digest) => !before.includes(digest)).length, 1)
    })
  })
})

interface Inspected {
  readonly Layers: readonly string[]
}

test('the packages that dpkg finds in the built image are the owners that the JSON names', async () => {
  await withFolder((folder) => {
    const args = [`dir:${root('bookworm')}`, 'git', 'curl', 'perl', '-f', 'json', '--to', `dir:${folder}/new`]
    const {
      images: [image],
    } = JSON.parse(build(...args)) as { images: [{ files: { package?: string }[] }] }
    const owners = new Set(image.files.flatMap((file) => file.package ?? []))
    const listed = must('dpkg-query', [`--admindir=${folder}/new/var/lib/dpkg`, '-W'])
    const found = listed
      .trim()
      .split('\n')
      .map((line) => line.split(/[:\t]/)[0]!)
      .sort()
    assert.deepEqual(found, [...new Set([...owners].map((name) => name.split(':')[0]!))].sort())
    assert.ok(found.includes('libc6') && found.includes('git'))
    assert.equal(must('dpkg', [`--root=${folder}/new`, '--verify']), '')
  })
})

test('what goes wrong is told with the next step, and leaves nothing behind', async () => {
  await withFolder((folder) => {
    const disk = join(folder, 'disk')
    mkdirSync(disk)
    must('mount', ['-t', 'tmpfs', '-o', 'size=2m', 'tmpfs', disk])
    const image = `dir:${root('bookworm')}`
    const cases: readonly [readonly string[], number, RegExp][] = [
      [['dir:/nowhere', 'curl', '--to', `tar:${folder}/t`], 3, /there is no directory \/nowhere\n {2}\S/],
      [[image, 'curl', '--to', 'somewhere:x'], 2, /is no destination\n {2}Write one of: docker:/],
      [
        [image, 'curl', '--to', `tar:${folder}/no/t`],
        3,
        /^liftbin: cannot write .*no such file or directory\n {2}\S/,
      ],
      [[image, 'curl', '--to', `oci-dir:${disk}/o`], 3, /no space left on device/],
      [[image, 'curl', '--to', `dir:${disk}/d`], 3, /no space left on device/],
      [[image, 'curl', '--to', 'registry:127.0.0.1:1/x'], 3, /the registry 127\.0\.0\.1:1 cannot be reached/],
    ]
    try {
      for (const [args, expected, message] of cases) {
        const { status, stdout, stderr } = liftbin('build', ...args)
        assert.deepEqual([status, stdout], [expected, ''], args.join(' '))
        assert.match(stderr, message)
        assert.doesNotMatch(stderr, /bug/)
      }
      assert.deepEqual([readdirSync(disk), readdirSync(folder)], [[], ['disk']])
    } finally {
      must('umount', [disk])
    }
  })
})
