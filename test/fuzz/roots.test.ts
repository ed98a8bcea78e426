import assert from 'node:assert/strict'
import { audit } from '../../src/audit/audit-image.js'
import { AUDIT_FORMATS, LIFT_FORMATS } from '../../src/emit/index.js'
import { PLAIN } from '../../src/emit/paint.js'
import { LiftError } from '../../src/errors.js'
import type { Lift } from '../../src/lift/lift.js'
import { lift } from '../../src/lift/lift-image.js'
import { why } from '../../src/lift/why.js'
import { memoryRootFs } from '../../src/rootfs/memory.js'
import { normalise } from '../../src/rootfs/path.js'
import type { RootFs } from '../../src/rootfs/rootfs.js'
import { answerOrRefusal, fuzz } from '../support/fuzz.js'
import type { Random } from '../support/fuzz-random.js'
import { imageOf, PROGRAMS, randomRoot, type Work } from '../support/fuzz-root.js'

/** These roots hold at most 20 files of 3 KB; each is read as ELF, as configuration and once more as planned. */
const MOST_BYTES = 20 * 3000 * 10
/** Some 20 objects with 5 requests each in 30 places of 10 components, for each of four CPU levels. */
const MOST_LOOKS = 20 * 5 * 30 * 10 * 4
/** Codes that say that a file of the image gives no answer; all others would blame something else. */
const CODES = ['file-not-found', 'not-a-file', 'not-elf', 'malformed-elf', 'unsupported', 'limit']

fuzz({
  title: 'a lift from a damaged root is an answer that every format can write, or a LiftError',
  rounds: 150,
  share: 0.2,
  round: async (random) => {
    const tree = randomRoot(random)
    const { image, work } = imageOf(random, tree)
    const asked = random.several(1, 3, () => random.pick(PROGRAMS))
    const include = random.oneIn(4) ? [random.pick(['/opt', '/etc/*', '/app/link', '/lib'])] : []
    const answer = await answerOrRefusal(() => lift(image, asked, { include }))
    checkWork(work)
    if (answer instanceof LiftError) return assert(CODES.includes(answer.code), answer.code)
    await checkLift(answer, memoryRootFs(tree))
    for (const { path } of answer.entries) why(answer, path)
    for (const format of Object.values(LIFT_FORMATS)) format.emit(answer, {})
  },
})

fuzz({
  title: 'an audit of a damaged root is an answer that every format can write, or a LiftError',
  rounds: 150,
  share: 0.2,
  round: async (random) => {
    const { image, work } = imageOf(random, randomRoot(random))
    const answer = await answerOrRefusal(() => audit(image, asked(random)))
    checkWork(work)
    if (answer instanceof LiftError) return assert(CODES.includes(answer.code), answer.code)
    for (const format of Object.values(AUDIT_FORMATS)) format.emit(answer, PLAIN)
  },
})

/** Nothing asked for is the whole image. */
function asked(random: Random): string[] {
  return random.oneIn(2) ? [] : [random.pick(PROGRAMS)]
}

function checkWork({ looks, bytes }: Work): void {
  assert(looks <= MOST_LOOKS, `${looks} looks`)
  assert(bytes <= MOST_BYTES, `${bytes} bytes read`)
}

/** Every file is one of the root, and every destination a clean path. */
async function checkLift({ copies, entries }: Lift, rootfs: RootFs): Promise<void> {
  for (const { realPath, to, kind } of copies) {
    assert.equal((await rootfs.lstat(realPath))?.kind, kind, realPath)
    assert.equal(to, normalise(to))
  }
  for (const { entry } of entries) assert.deepEqual(await rootfs.lstat(entry.path), entry)
}
