import { generateKeyPairSync, sign } from 'node:crypto'

/** A key, and a certificate for it that only it itself vouches for; both as PEM. */
export interface SelfSigned {
  readonly key: string
  readonly cert: string
}

/** Makes one that is valid for any time and for these DNS names (RFC 5280, section 4.1). */
export function selfSigned(...names: readonly string[]): SelfSigned {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const algorithm = der(SEQUENCE, oid(0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02))
  const name = der(SEQUENCE, der(SET, der(SEQUENCE, oid(0x55, 0x04, 0x03), der(UTF8, Buffer.from('test')))))
  const time = der(SEQUENCE, ...['700101000000Z', '491231235959Z'].map((one) => der(UTC, Buffer.from(one))))
  const others = der(SEQUENCE, ...names.map((one) => der(DNS_NAME, Buffer.from(one))))
  const extension = der(SEQUENCE, oid(0x55, 0x1d, 0x11), der(OCTETS, others))
  const signed = der(
    SEQUENCE,
    der(FIELD_0, der(INTEGER, Buffer.of(2))),
    der(INTEGER, Buffer.of(1)),
    algorithm,
    name,
    time,
    name,
    publicKey.export({ type: 'spki', format: 'der' }),
    der(FIELD_3, der(SEQUENCE, extension)),
  )
  const signature = der(BITS, Buffer.of(0), sign('sha256', signed, privateKey))
  return {
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    cert: pem(der(SEQUENCE, signed, algorithm, signature)),
  }
}

const INTEGER = 0x02
const BITS = 0x03
const OCTETS = 0x04
const UTF8 = 0x0c
const UTC = 0x17
const SEQUENCE = 0x30
const SET = 0x31
const DNS_NAME = 0x82
const FIELD_0 = 0xa0
const FIELD_3 = 0xa3

function oid(...bytes: readonly number[]): Buffer {
  return der(0x06, Buffer.from(bytes))
}

/** A tag, a length and content (X.690, section 8.1). */
function der(tag: number, ...parts: readonly Uint8Array[]): Buffer {
  const content = Buffer.concat(parts)
  const { length } = content
  const size = length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff]
  return Buffer.concat([Buffer.of(tag, ...size), content])
}

function pem(bytes: Buffer): string {
  return `-----BEGIN CERTIFICATE-----\n${bytes.toString('base64')}\n-----END CERTIFICATE-----\n`
}
