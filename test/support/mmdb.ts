import { isIPv4 } from 'node:net'
import { parseNetwork } from '../../src/base/net.ts'

/** What a database says of one network, as databases of MaxMind do. */
export interface PlaceRecord {
  country?: { iso_code: string }
  location?: { latitude: number; longitude: number; accuracy_radius?: number }
  autonomous_system_number?: number
}

/**
 * Makes a database in the format of MaxMind: a tree of 24-bit records over IPv6, with IPv4 below ::/96.
 *
 * @param networks CIDR networks, none within another.
 * @see https://maxmind.github.io/MaxMind-DB/
 */
export function mmdb(networks: Record<string, PlaceRecord>): Buffer {
  const root: Node = [undefined, undefined]
  const data: Buffer[] = []
  let size = 0
  for (const [network, record] of Object.entries(networks)) {
    plant(root, bitsOf(network), size)
    const written = encoded(record)
    data.push(written)
    size += written.length
  }
  const nodes = numbered(root)
  const valueIn = (branch: Branch): number => {
    if (branch === undefined) return nodes.length
    return typeof branch === 'number' ? nodes.length + 16 + branch : nodes.indexOf(branch)
  }
  const tree = nodes.flatMap((node) => node.map((branch) => uint(valueIn(branch), 3)))
  const metadata = encoded({
    binary_format_major_version: 2,
    binary_format_minor_version: 0,
    build_epoch: 1_700_000_000,
    database_type: 'Gatehouse-Test',
    description: { en: 'places of a test' },
    ip_version: 6,
    languages: ['en'],
    node_count: nodes.length,
    record_size: 24,
  })
  const marker = Buffer.from('abcdef4d61784d696e642e636f6d', 'hex')
  return Buffer.concat([...tree, Buffer.alloc(16), ...data, marker, metadata])
}

/** A further node, the place of a record among the data, or nothing. */
type Branch = Node | number | undefined
type Node = [Branch, Branch]

function plant(root: Node, bits: readonly (0 | 1)[], place: number): void {
  let node = root
  for (const bit of bits.slice(0, -1)) {
    const next = node[bit]
    const below: Node = typeof next === 'object' ? next : [undefined, undefined]
    node[bit] = below
    node = below
  }
  node[bits.at(-1) ?? 0] = place
}

const numbered = (node: Node): Node[] => [
  node,
  ...node.flatMap((branch) => (typeof branch === 'object' ? numbered(branch) : [])),
]

function bitsOf(network: string): (0 | 1)[] {
  const { address = '', prefix = 0 } = parseNetwork(network) ?? {}
  const bytes = isIPv4(address)
    ? [...Array<number>(12).fill(0), ...address.split('.').map(Number)]
    : bytesOfIPv6(address)
  const bits = bytes.flatMap((byte) =>
    Array.from({ length: 8 }, (_, at): 0 | 1 => (byte & (128 >> at) ? 1 : 0)),
  )
  return bits.slice(0, isIPv4(address) ? 96 + prefix : prefix)
}

function bytesOfIPv6(address: string): number[] {
  const [head = '', tail = ''] = address.split('::')
  const left = head.split(':').filter(Boolean)
  const right = tail.split(':').filter(Boolean)
  const zeros = Array<string>(8 - left.length - right.length).fill('0')
  return [...left, ...zeros, ...right].flatMap((group) => {
    const value = Number.parseInt(group, 16)
    return [value >> 8, value & 255]
  })
}

function encoded(value: unknown): Buffer {
  if (typeof value === 'string') {
    const bytes = Buffer.from(value)
    return Buffer.concat([control(2, bytes.length), bytes])
  }
  if (Array.isArray(value)) {
    return Buffer.concat([Buffer.from([value.length, 11 - 7]), ...value.map(encoded)])
  }
  if (typeof value === 'number' && Number.isInteger(value) && value >= 0 && value < 2 ** 32) {
    return Buffer.concat([control(6, 4), uint(value, 4)])
  }
  if (typeof value === 'number') {
    const bytes = Buffer.alloc(8)
    bytes.writeDoubleBE(value)
    return Buffer.concat([control(3, 8), bytes])
  }
  const entries = Object.entries(value ?? {})
  return Buffer.concat([control(7, entries.length), ...entries.flat().map(encoded)])
}

// The sizes here are below 29, or the byte behind tells how much more.
const control = (type: number, size: number) =>
  size < 29 ? Buffer.from([(type << 5) | size]) : Buffer.from([(type << 5) | 29, size - 29])

function uint(value: number, bytes: number): Buffer {
  const buffer = Buffer.alloc(bytes)
  buffer.writeUIntBE(value, 0, bytes)
  return buffer
}
