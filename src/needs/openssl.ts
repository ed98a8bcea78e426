import { join, type RootPath } from '../rootfs/path.js'
import type { Confidence, Finder, Need, Subject } from './finder.js'
import { pathFinder } from './path-finder.js'
import { PATH_RULES } from './path-rules.js'

const rows = pathFinder(PATH_RULES.openssl)

/** OpenSSL's configuration and modules: where distributions have them, and where libcrypto itself says that it looks. */
export const openssl: Finder = {
  ...rows,
  find: async (subject, surroundings) => {
    const usual = await rows.find(subject, surroundings)
    if (!isCrypto(subject)) return usual
    const texts = await subject.texts()
    return [
      ...usual,
      ...directoriesIn(texts).flatMap((directory) => needsIn(directory, subject)),
      ...modulesIn(texts),
    ]
  },
}

function isCrypto({ object }: Subject): boolean {
  return object.elf.dynamic?.soname?.startsWith('libcrypto.so') === true
}

/** OPENSSLDIR is known by the file of certificates in it (crypto/x509, x509_def.c). */
function directoriesIn(texts: readonly string[]): readonly RootPath[] {
  return texts
    .filter((text): text is RootPath => /^\/.+\/cert\.pem$/.test(text))
    .map((text) => text.slice(0, -'/cert.pem'.length) as RootPath)
}

function needsIn(directory: RootPath, { closure }: Subject): readonly Need[] {
  const isTls = closure.objects.some(({ elf }) => elf.dynamic?.soname?.startsWith('libssl.so') === true)
  return [
    need(join(directory, 'openssl.cnf'), 'likely', 'reads its configuration at the start'),
    need(
      join(directory, 'cert.pem'),
      isTls ? 'likely' : 'possible',
      'verifies certificates with those of authorities',
    ),
    need(join(directory, 'certs'), 'possible', 'looks up certificates by their hash'),
  ]
}

function modulesIn(texts: readonly string[]): readonly Need[] {
  return texts
    .filter((text): text is RootPath => /^\/.+\/(ossl-modules|engines-[0-9.]+)$/.test(text))
    .map((path) => need(path, 'possible', 'opens modules that its configuration names'))
}

function need(path: RootPath, confidence: Confidence, why: string): Need {
  return { kind: 'path', path, confidence, why }
}
