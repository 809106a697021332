import { createHash, type KeyObject, sign } from 'node:crypto'
import type { Vouch } from './authenticator.ts'
import type { Cbor } from './cbor.ts'
import type { IssueOptions, TestCertificate } from './x509.ts'

// Structures and numbers of "TPM 2.0 Library, Part 2: Structures".
const RSA = 0x0001
const ECC = 0x0023
const SHA256 = 0x000b
const NULL = 0x0010
const P256 = 0x0003
const GENERATED = 0xff544347
const ATTEST_CERTIFY = 0x8017
/** Fixed to this chip, made in it, for signing, used with the person's consent. */
const ATTRIBUTES = 0x00040072
const ES256 = -7

/** What a TPM says that is not so. Sizes and places stay as they are, the signature is always good. */
export interface TpmLies {
  /** Of the statement around it. */
  statement?: Record<string, Cbor | undefined>
  magic?: number
  /** Of what it attests: a quote, a time, a key. */
  attests?: number
  /** Digest of what was signed for. */
  extraData?: Buffer
  /** Name of the key that it attests. */
  name?: Buffer
  /** The key itself. */
  publicArea?: Partial<PublicArea>
  /** The key that is named, where another is shown. */
  namedArea?: Partial<PublicArea>
}

interface PublicArea {
  type: number
  curve: number
  x: Buffer
  y: Buffer
  /** Of an RSA key; the exponent is 0 for the usual one. */
  n: Buffer
  exponent: number
}

export interface TestTpm {
  /** The key by which the chip attests others, and its certificate. */
  aik: { key: KeyObject; der: Buffer }
  /** Further certificates on the way to its maker. */
  chain?: readonly TestCertificate[]
}

/** What the certificate of an attesting key says that is not so. */
export interface AikLies {
  subject?: string
  /** The chip, by its maker, its model and its version; `undefined` for none. */
  chip?: readonly string[] | undefined
  /** What the key is for. */
  usage?: Buffer | undefined
  authority?: boolean
  aaguid?: string
}

const TCG = [0x67, 0x81, 0x05]
const AIK_CERTIFICATE = Buffer.of(...TCG, 8, 3)
const CHIP = ['id:494E5443', 'SPT', 'id:00020000']

/**
 * Makes an attesting key, with its certificate: without a subject, naming the chip, for this use alone.
 *
 * @see TCG EK Credential Profile, and WebAuthn Level 3, section 8.3.1
 */
export function makeAik(maker: TestCertificate, lies: AikLies = {}): Promise<TestCertificate> {
  const { subject = '', authority = false, aaguid } = lies
  const { chip, usage } = { chip: CHIP, usage: AIK_CERTIFICATE, ...lies }
  const further: IssueOptions['further'] = [
    ...(chip ? [{ oid: '2.5.29.17', critical: true, der: subjectOf(chip) }] : []),
    ...(usage ? [{ oid: '2.5.29.37', der: tlv(0x30, tlv(0x06, usage)) }] : []),
  ]
  return maker.issue(subject, { authority, further, ...(aaguid === undefined ? {} : { aaguid }) })
}

/** A directory name: maker, model and version of a chip, each a part of its own. */
function subjectOf(chip: readonly string[]): Buffer<ArrayBuffer> {
  const parts = chip.map((text, index) => {
    const oid = tlv(0x06, Buffer.of(...TCG, 2, index + 1))
    return tlv(0x31, tlv(0x30, oid, tlv(0x0c, Buffer.from(text))))
  })
  return tlv(0x30, tlv(0xa4, tlv(0x30, ...parts)))
}

/** DER, for contents below 128 bytes. */
function tlv(tag: number, ...parts: readonly Uint8Array[]): Buffer<ArrayBuffer> {
  const content = Buffer.concat(parts)
  if (content.byteLength > 127) throw new Error('too long')
  return Buffer.concat([Buffer.of(tag, content.byteLength), content])
}

/** Vouches for a new key as a Windows laptop does (WebAuthn Level 3, section 8.3). */
export const vouchByTpm =
  ({ aik, chain = [] }: TestTpm, lies: TpmLies = {}): Vouch =>
  (jwk, signed) => {
    const own = keyIn(jwk)
    const pubArea = publicArea({ ...own, ...lies.publicArea })
    const named = lies.namedArea ? publicArea({ ...own, ...lies.namedArea }) : pubArea
    const name = lies.name ?? Buffer.concat([u16(SHA256), sha256(named)])
    const certInfo = attestation({
      magic: lies.magic ?? GENERATED,
      type: lies.attests ?? ATTEST_CERTIFY,
      extraData: lies.extraData ?? sha256(signed),
      name,
    })
    const honest: Record<string, Cbor | undefined> = {
      ver: '2.0',
      alg: ES256,
      x5c: [aik.der, ...chain.map(({ der }) => der)],
      sig: sign('sha256', certInfo, aik.key),
      certInfo,
      pubArea,
    }
    const members = Object.entries({ ...honest, ...lies.statement })
    return {
      format: 'tpm',
      statement: new Map(members.flatMap(([key, it]) => (it === undefined ? [] : [[key, it]]))),
    }
  }

const keyIn = ({ x, y, n }: Parameters<Vouch>[0]): PublicArea => ({
  type: n === undefined ? ECC : RSA,
  curve: P256,
  exponent: 0,
  ...{ x: bytes(x), y: bytes(y), n: bytes(n) },
})

/** TPMT_PUBLIC. */
function publicArea({ type, curve, x, y, n, exponent }: PublicArea): Buffer {
  const head = [u16(type), u16(SHA256), u32(ATTRIBUTES), sized(Buffer.alloc(0))]
  const unbound = [u16(NULL), u16(NULL)]
  return n.byteLength > 0
    ? Buffer.concat([...head, ...unbound, u16(n.byteLength * 8), u32(exponent), sized(n)])
    : Buffer.concat([...head, ...unbound, u16(curve), u16(NULL), sized(x), sized(y)])
}

/** TPMS_ATTEST. */
function attestation(given: { magic: number; type: number; extraData: Buffer; name: Buffer }) {
  const { magic, type, extraData, name } = given
  const signer = Buffer.concat([u16(SHA256), sha256('signer')])
  const clock = Buffer.alloc(17, 1)
  const firmware = Buffer.alloc(8, 7)
  return Buffer.concat([
    ...[u32(magic), u16(type), sized(signer), sized(extraData), clock, firmware],
    ...[sized(name), sized(signer)],
  ])
}

const bytes = (text = '') => Buffer.from(text, 'base64url')
const sha256 = (data: Uint8Array | string) => createHash('sha256').update(data).digest()
const sized = (data: Buffer) => Buffer.concat([u16(data.byteLength), data])

function u16(value: number): Buffer {
  const data = Buffer.alloc(2)
  data.writeUInt16BE(value)
  return data
}

function u32(value: number): Buffer {
  const data = Buffer.alloc(4)
  data.writeUInt32BE(value)
  return data
}
