import assert from 'node:assert/strict'
import { test } from 'node:test'
import { hostPlatform } from '../../src/image/platform.js'
import { emulationFault } from '../../src/verify/emulation.js'

const foreign = { os: 'linux', architecture: hostPlatform().architecture === 's390x' ? 'ppc64le' : 's390x' }
const faultWith = (handler: string | undefined) => emulationFault(foreign, () => handler)

test("this machine's own programs need no emulation", () => {
  assert.equal(
    emulationFault(hostPlatform(), () => undefined),
    undefined,
  )
})

test('foreign programs run where QEMU is registered and open already', () => {
  const asked: string[] = []
  const registered = (name: string) => {
    asked.push(name)
    return 'enabled\ninterpreter /usr/bin/qemu\nflags: OCF\n'
  }
  assert.equal(emulationFault(foreign, registered), undefined)
  assert.deepEqual(asked, [`qemu-${foreign.architecture}`])
})

test('where it is not registered, not enabled or not open, it is said why they do not run', () => {
  assert.match(faultWith(undefined)!, /qemu-\w+ is not registered/)
  assert.match(faultWith('disabled\nflags: F\n')!, /is not registered/)
  assert.match(faultWith('enabled\nflags: OC\n')!, /without the flag F/)
})
