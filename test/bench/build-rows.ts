import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { closureOf, liftbin } from './liftbin.js'
import { type Command, type Ratio, ratioOf, run } from './pairs.js'
import { type RootName, requireEngine, root, withFolder } from './places.js'
import { measuredRatio, type Row } from './rows.js'

/** Programs that with their loader and libraries are 5, 50 and 215 files. */
const FEW = ['echo', 'cat', 'true']
const SOME = ['curl', 'apt', 'bash']
const MANY = ['ffmpeg']

/** Making the image itself, compared with what would make it otherwise. */
export const BUILD_ROWS: readonly Row[] = [
  loadRow('curl', FEW, 5),
  loadRow('curl', SOME, 50),
  loadRow('ffmpeg', MANY, 200),
  packRow('curl', FEW, 5),
  packRow('curl', SOME, 50),
  packRow('ffmpeg', MANY, 200),
]

const TAG = 'liftbin-bench/built:1'

function loadRow(name: RootName, programs: readonly string[], about: number): Row {
  return {
    what: `build into Docker, about ${about} files / BuildKit with a COPY per file`,
    // Few files cost less than starting anything does, so only one row is held to a limit.
    ...(about === 50 ? { must: 0.25, aim: 0.12 } : {}),
    measure: () => {
      requireEngine()
      const files = closureOf(`dir:${root(name)}`, ...programs)
      const build = liftbin('build', `dir:${root(name)}`, ...programs, '--quiet', '--to', `docker:${TAG}`)
      try {
        return withFolder((folder) =>
          measured(ratioOf(build, copyEach(root(name), files, folder), 7), files.length),
        )
      } finally {
        run(['docker', 'rmi', '--force', TAG])
      }
    },
  }
}

/** An engine stacks no more layers than some 120, so what BuildKit is asked for is less than what we make. */
const MOST_COPIES = 100

/** What one would write by hand, if one knew the files; nothing of an earlier build is used again. */
function copyEach(context: string, files: readonly string[], folder: string): Command {
  const dockerfile = join(folder, 'Dockerfile')
  const copies = files.slice(0, MOST_COPIES).map((file) => `COPY ${JSON.stringify([file, file])}`)
  writeFileSync(dockerfile, ['FROM scratch', ...copies, ''].join('\n'))
  const options = ['--quiet', '--no-cache', '--tag', TAG, '--file', dockerfile]
  return ['env', 'DOCKER_BUILDKIT=1', 'docker', 'build', ...options, context]
}

function packRow(name: RootName, programs: readonly string[], about: number): Row {
  return {
    what: `build of an archive, about ${about} files, uncompressed / \`tar -c\` plus \`node -e 0\``,
    ...(about === 200 ? { must: 3, aim: 1.5 } : {}),
    measure: () => {
      const files = closureOf(`dir:${root(name)}`, ...programs)
      return withFolder((folder) => {
        const to = ['--compression', 'none', '--to', `oci-archive:${join(folder, 'image.tar')}`]
        const build = liftbin('build', `dir:${root(name)}`, ...programs, '--quiet', ...to)
        // biome-ignore lint/suspicious/noTemplateCurlyInString: of bash
        const script = '"$0" -e 0 && tar -C "$1" -cf "$2" -- "${@:3}"'
        const relative = files.map((file) => file.slice(1))
        const tar = [
          'bash',
          '-c',
          script,
          process.execPath,
          root(name),
          join(folder, 'tar'),
          ...relative,
        ] as const
        return measured(ratioOf(build, tar, 7), files.length)
      })
    },
  }
}

function measured(ratio: Ratio, files: number) {
  const measurement = measuredRatio(ratio)
  return { ...measurement, n: `${measurement.n}, ${files} files` }
}
