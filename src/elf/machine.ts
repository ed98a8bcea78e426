import type { ElfHeader } from './elf.js'

/** An ABI, in Debian's words for architectures where it has one. */
export type Machine = keyof typeof PLATFORMS

/** The two fields of an OCI platform that name a machine (image-spec: the values of Go's GOARCH and GOARM). */
export interface MachinePlatform {
  readonly architecture: string
  readonly variant?: string
}

/**
 * The ABI of a file by class, byte order, e_machine and e_flags together, because no single one of them decides:
 * a 32-bit file of e_machine 62 is x32. Undefined for a combination that has no name here.
 */
export function machineOf(
  header: Pick<ElfHeader, 'class' | 'endian' | 'machineNumber' | 'flags'>,
): Machine | undefined {
  const { machineNumber } = header
  if (machineNumber === EM_ARM) return armOf(header)
  if (machineNumber === EM_MIPS) return mipsOf(header)
  const number = machineNumber === EM_S390_OLD ? EM_S390 : machineNumber
  return MACHINES[`${number}/${header.class}/${header.endian}`]
}

/** The OCI platform of an image for this machine; undefined where OCI has no word for it. */
export function ociPlatform(machine: Machine): MachinePlatform | undefined {
  const [architecture, variant] = PLATFORMS[machine]
  if (architecture === undefined) return undefined
  return variant === undefined ? { architecture } : { architecture, variant }
}

/** The machine whose programs an image of this platform is expected to hold; undefined for an unknown word. */
export function machineOfPlatform({ architecture, variant }: MachinePlatform): Machine | undefined {
  if (architecture === 'arm') return variant === 'v5' ? 'armel' : 'armhf'
  return BY_ARCHITECTURE.get(architecture)
}

const EM_MIPS = 8
const EM_S390 = 22
const EM_ARM = 40
const EM_S390_OLD = 0xa390

const PLATFORMS = {
  amd64: ['amd64'],
  i386: ['386'],
  x32: ['amd64'],
  arm64: ['arm64'],
  arm64be: ['arm64be'],
  arm64ilp32: [],
  armhf: ['arm', 'v7'],
  armel: ['arm', 'v5'],
  arm: ['arm'],
  armeb: ['armbe'],
  riscv64: ['riscv64'],
  riscv32: ['riscv'],
  ppc64el: ['ppc64le'],
  ppc64: ['ppc64'],
  powerpc: ['ppc'],
  s390x: ['s390x'],
  s390: ['s390'],
  mips: ['mips'],
  mipsel: ['mipsle'],
  mipsn32: ['mips64p32'],
  mipsn32el: ['mips64p32le'],
  mips64: ['mips64'],
  mips64el: ['mips64le'],
  loong64: ['loong64'],
  loong32: [],
  sparc: ['sparc'],
  sparc64: ['sparc64'],
  alpha: ['alpha'],
  hppa: [],
  ia64: [],
  m68k: [],
  sh4: [],
  sh4eb: [],
  or1k: [],
  arc: [],
} as const satisfies Record<string, readonly [] | readonly [string] | readonly [string, string]>

/** By e_machine, class and byte order, where e_flags do not matter. */
const MACHINES: Readonly<Record<string, Machine>> = {
  '2/32/big': 'sparc',
  '3/32/little': 'i386',
  '4/32/big': 'm68k',
  '15/32/big': 'hppa',
  '18/32/big': 'sparc',
  '20/32/big': 'powerpc',
  '21/64/little': 'ppc64el',
  '21/64/big': 'ppc64',
  '22/32/big': 's390',
  '22/64/big': 's390x',
  '42/32/little': 'sh4',
  '42/32/big': 'sh4eb',
  '43/64/big': 'sparc64',
  '50/64/little': 'ia64',
  '62/32/little': 'x32',
  '62/64/little': 'amd64',
  '92/32/big': 'or1k',
  '183/32/little': 'arm64ilp32',
  '183/64/little': 'arm64',
  '183/64/big': 'arm64be',
  '195/32/little': 'arc',
  '243/32/little': 'riscv32',
  '243/64/little': 'riscv64',
  '258/32/little': 'loong32',
  '258/64/little': 'loong64',
  '36902/64/little': 'alpha',
}

const BY_ARCHITECTURE: ReadonlyMap<string, Machine> = new Map(
  Object.entries(PLATFORMS)
    .filter(([machine]) => machine !== 'x32')
    .flatMap(([machine, [architecture]]) =>
      architecture === undefined ? [] : [[architecture, machine as Machine]],
    ),
)

type AbiFields = Pick<ElfHeader, 'class' | 'endian' | 'flags'>

/** ARM ELF, "ELF header": the float ABI bits mean something for EABI version 5 only. */
function armOf({ class: size, endian, flags }: AbiFields): Machine | undefined {
  if (size !== 32) return undefined
  if (endian === 'big') return 'armeb'
  if (flags >>> 24 !== 5) return 'arm'
  if (flags & 0x400) return 'armhf'
  return flags & 0x200 ? 'armel' : 'arm'
}

/** EF_MIPS_ABI2 (0x20) makes a 32-bit file n32. */
function mipsOf({ class: size, endian, flags }: AbiFields): Machine {
  const family = size === 64 ? 'mips64' : flags & 0x20 ? 'mipsn32' : 'mips'
  return endian === 'little' ? `${family}el` : family
}

/** The operating system that EI_OSABI names, when that is not Linux and one we know (gABI, "ELF Identification"). */
export function foreignSystem(osabi: number): string | undefined {
  return FOREIGN_SYSTEMS[osabi]
}

const FOREIGN_SYSTEMS: Readonly<Record<number, string>> = {
  1: 'HP-UX',
  2: 'NetBSD',
  6: 'Solaris',
  7: 'AIX',
  8: 'IRIX',
  9: 'FreeBSD',
  10: 'Tru64',
  12: 'OpenBSD',
  13: 'OpenVMS',
  17: 'CloudABI',
}
