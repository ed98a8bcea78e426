import type { ElfFile } from '../elf/elf.js'
import type { Machine } from '../elf/machine.js'

/** PT_INTERP of programs, by machine: glibc's and musl's customary paths (glibc shlib-versions, musl configure). */
const INTERPRETERS: Partial<Record<Machine, { readonly glibc: readonly string[]; readonly musl: string }>> = {
  amd64: { glibc: ['/lib64/ld-linux-x86-64.so.2'], musl: '/lib/ld-musl-x86_64.so.1' },
  i386: { glibc: ['/lib/ld-linux.so.2'], musl: '/lib/ld-musl-i386.so.1' },
  x32: { glibc: ['/libx32/ld-linux-x32.so.2'], musl: '/lib/ld-musl-x32.so.1' },
  arm64: { glibc: ['/lib/ld-linux-aarch64.so.1'], musl: '/lib/ld-musl-aarch64.so.1' },
  armhf: { glibc: ['/lib/ld-linux-armhf.so.3'], musl: '/lib/ld-musl-armhf.so.1' },
  armel: { glibc: ['/lib/ld-linux.so.3'], musl: '/lib/ld-musl-arm.so.1' },
  arm: { glibc: ['/lib/ld-linux-armhf.so.3', '/lib/ld-linux.so.3'], musl: '/lib/ld-musl-armhf.so.1' },
  riscv64: { glibc: ['/lib/ld-linux-riscv64-lp64d.so.1'], musl: '/lib/ld-musl-riscv64.so.1' },
  ppc64el: { glibc: ['/lib64/ld64.so.2'], musl: '/lib/ld-musl-powerpc64le.so.1' },
  ppc64: { glibc: ['/lib64/ld64.so.1'], musl: '/lib/ld-musl-powerpc64.so.1' },
  powerpc: { glibc: ['/lib/ld.so.1'], musl: '/lib/ld-musl-powerpc.so.1' },
  s390x: { glibc: ['/lib/ld64.so.1'], musl: '/lib/ld-musl-s390x.so.1' },
  s390: { glibc: ['/lib/ld.so.1'], musl: '/lib/ld-musl-s390.so.1' },
  mips: { glibc: ['/lib/ld.so.1'], musl: '/lib/ld-musl-mips.so.1' },
  mipsel: { glibc: ['/lib/ld.so.1'], musl: '/lib/ld-musl-mipsel.so.1' },
  mips64: { glibc: ['/lib64/ld.so.1'], musl: '/lib/ld-musl-mips64.so.1' },
  mips64el: { glibc: ['/lib64/ld.so.1'], musl: '/lib/ld-musl-mips64el.so.1' },
  loong64: { glibc: ['/lib64/ld-linux-loongarch-lp64d.so.1'], musl: '/lib/ld-musl-loongarch64.so.1' },
}

/**
 * The interpreters to try for a library, which has none of its own: musl's first where it asks for musl's C
 * library by name, else glibc's first.
 */
export function defaultInterpreters(library: ElfFile): readonly string[] {
  const row = library.machine === undefined ? undefined : INTERPRETERS[library.machine]
  if (row === undefined) return []
  const names = library.dynamic?.needed ?? []
  const asksForMusl = names.some((name) => name === 'libc.so' || name.startsWith('libc.musl-'))
  return asksForMusl ? [row.musl, ...row.glibc] : [...row.glibc, row.musl]
}
