import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { BOOKWORM } from './cases.js'
import {
  BUILDERS,
  type Builder,
  buildImage,
  docker,
  dockerfileOf,
  liftbin,
  runImage,
} from './surroundings.js'

const BOTH = Object.keys(BUILDERS) as readonly Builder[]

/** An image that has a program to look at files with, and some files of another one. */
function consumer(store: string): string {
  return [
    `FROM ${store} AS store`,
    `FROM ${BOOKWORM}`,
    'COPY --from=store /usr/share/zoneinfo /copied/zoneinfo',
    `COPY --from=${store} /etc/terminfo /copied/terminfo`,
    'ENTRYPOINT []\nCMD ["sh", "-c", "TZDIR=/copied/zoneinfo TZ=Asia/Tokyo date +%Z -d @0; ls /copied/terminfo"]',
  ].join('\n')
}

const INCLUDED = ['--include', '/usr/share/zone*', '--include', '/etc/terminfo']

function check(store: string, builder: Builder): void {
  const original = runImage(BOOKWORM, ['-c', 'ls /etc/terminfo'], ['--entrypoint', 'sh']).stdout
  const { stdout, stderr } = runImage(buildImage(consumer(store), builder))
  assert.equal(stdout, `JST\n${original}`, stderr)
}

describe('an image without a program is a store that both builders copy from', () => {
  for (const builder of BOTH) {
    test(`made from a Dockerfile by the ${builder} builder`, () => {
      const store = buildImage(dockerfileOf(`docker:${BOOKWORM}`, ...INCLUDED), builder)
      const { Entrypoint, Cmd } = JSON.parse(
        docker(['image', 'inspect', '--format', '{{json .Config}}', store]).stdout,
      )
      assert.deepEqual([Entrypoint ?? [], Cmd ?? []], [[], []])
      check(store, builder)
    })

    test(`made by build, for the ${builder} builder`, () => {
      const store = `liftbin-e2e-store-${builder.toLowerCase()}:${process.pid}`
      const { status, stderr } = liftbin(
        'build',
        `docker:${BOOKWORM}`,
        ...INCLUDED,
        '--to',
        `docker:${store}`,
      )
      assert.equal(status, 0, stderr)
      check(store, builder)
    })
  }
})
