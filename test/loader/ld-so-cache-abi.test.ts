import assert from 'node:assert/strict'
import { test } from 'node:test'
import { acceptsFlags } from '../../src/loader/ld-so-cache-abi.js'

test('a loader takes entries with the flags of its own ABI', () => {
  const rows: [Parameters<typeof acceptsFlags>[1], number[]][] = [
    [{ class: 64, endian: 'little', machineNumber: 62, flags: 0 }, [0x0303]],
    [{ class: 32, endian: 'little', machineNumber: 62, flags: 0 }, [0x0803]],
    [{ class: 32, endian: 'little', machineNumber: 3, flags: 0 }, [1, 3]],
    [{ class: 64, endian: 'little', machineNumber: 183, flags: 0 }, [0x0a03]],
    [{ class: 32, endian: 'little', machineNumber: 40, flags: 0x0500_0400 }, [3, 0x0903]],
    [{ class: 32, endian: 'little', machineNumber: 40, flags: 0x0500_0200 }, [3, 0x0b03]],
    [{ class: 64, endian: 'big', machineNumber: 22, flags: 0 }, [0x0403]],
    [{ class: 64, endian: 'little', machineNumber: 21, flags: 2 }, [0x0503]],
    [{ class: 64, endian: 'little', machineNumber: 243, flags: 5 }, [0x1003]],
    [{ class: 64, endian: 'little', machineNumber: 243, flags: 0 }, [0x0f03]],
    [{ class: 64, endian: 'little', machineNumber: 258, flags: 0x43 }, [0x1203]],
    [{ class: 64, endian: 'little', machineNumber: 258, flags: 0x41 }, [0x1103]],
    [{ class: 64, endian: 'big', machineNumber: 43, flags: 0 }, [0x0103]],
    [{ class: 64, endian: 'little', machineNumber: 8, flags: 0 }, [0x0703]],
    [{ class: 64, endian: 'little', machineNumber: 8, flags: 0x400 }, [0x0e03]],
    [{ class: 32, endian: 'big', machineNumber: 8, flags: 0x20 }, [0x0603]],
    [{ class: 32, endian: 'big', machineNumber: 8, flags: 0x420 }, [0x0d03]],
    [{ class: 32, endian: 'big', machineNumber: 8, flags: 0x400 }, [0x0c03]],
    [{ class: 32, endian: 'big', machineNumber: 8, flags: 0 }, [1, 3]],
    [{ class: 32, endian: 'big', machineNumber: 42, flags: 0 }, [3]],
  ]
  const all = Array.from({ length: 0x1500 }, (_, flags) => flags)
  for (const [port, accepted] of rows) {
    assert.deepEqual(
      all.filter((flags) => acceptsFlags(flags, port)),
      accepted,
      `${port.machineNumber} ${port.flags}`,
    )
  }
})
