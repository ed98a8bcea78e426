import { readFileSync } from 'node:fs'
import { formatPlatform, hostPlatform, type Platform } from '../image/platform.js'

/** Why the kernel of this machine cannot start programs of a platform; undefined when it can. */
export function emulationFault(platform: Platform, registered = readHandler): string | undefined {
  const { architecture } = platform
  const own = hostPlatform().architecture
  if (architecture === own || RUNS_TOO[own]?.includes(architecture)) return undefined
  const name = QEMU_NAMES[architecture] ?? architecture
  const handler = registered(`qemu-${name}`)
  const what = `programs for ${formatPlatform(platform)} do not run on this machine`
  if (handler === undefined || !/^enabled$/m.test(handler))
    return `${what}: qemu-${name} is not registered in binfmt_misc`
  // The interpreter has to be open already: inside the root there is none.
  return /^flags:.*F/m.test(handler) ? undefined : `${what}: qemu-${name} is registered without the flag F`
}

/** 64-bit kernels that start programs of their 32-bit forerunners. */
const RUNS_TOO: Readonly<Record<string, readonly string[]>> = { amd64: ['386'], arm64: [] }

/** Where QEMU has another name for an architecture than OCI. */
const QEMU_NAMES: Readonly<Record<string, string>> = {
  amd64: 'x86_64',
  arm64: 'aarch64',
  '386': 'i386',
  mips64le: 'mips64el',
  loong64: 'loongarch64',
}

function readHandler(name: string): string | undefined {
  try {
    return readFileSync(`/proc/sys/fs/binfmt_misc/${name}`, 'utf8')
  } catch {
    return undefined
  }
}
