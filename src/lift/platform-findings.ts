import { type Machine, machineOfPlatform } from '../elf/elf.js'
import { formatPlatform, type Platform } from '../image/platform.js'
import type { Examination } from './examine.js'
import { type Finding, finding } from './finding.js'

/** Says of a program that it is for another machine than its image. */
export function platformFindings({ kind, elf, trail }: Examination, platform: Platform): readonly Finding[] {
  if (kind !== 'program' && kind !== 'static') return []
  const own = machineOfPlatform(platform)
  if (own === undefined || runsOn(own, elf.machine)) return []
  const machine = elf.machine ?? `unknown (${elf.machineNumber})`
  return [
    finding({ kind: 'other-platform', program: trail.asked, machine, platform: formatPlatform(platform) }),
  ]
}

const ARM: readonly Machine[] = ['arm', 'armel', 'armhf']

/** What kernels start besides programs of their own machine (CONFIG_COMPAT and its like). */
const COMPATIBLE: Partial<Record<Machine, readonly Machine[]>> = {
  amd64: ['i386', 'x32'],
  arm64: ARM,
  armhf: ARM,
  armel: ARM,
  ppc64: ['powerpc'],
  s390x: ['s390'],
  sparc64: ['sparc'],
  mips64: ['mips', 'mipsn32'],
  mips64el: ['mipsel', 'mipsn32el'],
}

function runsOn(own: Machine, machine: Machine | undefined): boolean {
  return machine !== undefined && (machine === own || COMPATIBLE[own]?.includes(machine) === true)
}
