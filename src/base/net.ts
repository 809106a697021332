import { BlockList, isIP, isIPv6, SocketAddress } from 'node:net'
import { remembering } from './memo.ts'

/** A set of networks that an address can be in. */
export interface Networks {
  has(address: string): boolean
}

/** Splits `10.0.0.0/8` or a bare address; `undefined` when it is neither. */
export function parseNetwork(text: string): { address: string; prefix: number } | undefined {
  const [address = '', prefix, more] = text.split('/')
  const version = isIP(address)
  if (!version || more !== undefined) return undefined
  const bits = version === 6 ? 128 : 32
  if (prefix === undefined) return { address, prefix: bits }
  if (!/^\d{1,3}$/.test(prefix) || Number(prefix) > bits) return undefined
  return { address, prefix: Number(prefix) }
}

/** Stands for the address of whoever comes over a socket of the file system, and has none. */
export const UNIX_PEER = 'unix'

/** @param list CIDR networks, bare addresses or {@link UNIX_PEER}, already validated. */
export function networks(list: readonly string[]): Networks {
  const block = new BlockList()
  const hasUnix = list.includes(UNIX_PEER)
  for (const text of list) {
    if (text === UNIX_PEER) continue
    const network = parseNetwork(text)
    if (!network) throw new TypeError(`not a network: ${text}`)
    block.addSubnet(network.address, network.prefix, isIPv6(network.address) ? 'ipv6' : 'ipv4')
  }
  const has = (address: string) => {
    if (address === UNIX_PEER) return hasUnix
    const version = isIP(address)
    return version !== 0 && block.check(address, version === 6 ? 'ipv6' : 'ipv4')
  }
  return { has: remembering(1_000, has) }
}

// Wider than any network that belongs to one party: 10.0.0.0/8 and fc00::/7 are the widest.
const WIDEST = { ipv4: 8, ipv6: 7 } as const
const MAPPED_BITS = 96

/**
 * Is a network so wide that it holds strangers?
 *
 * @param text A network in CIDR form or one address, already validated.
 */
export function holdsStrangers(text: string): boolean {
  if (text === UNIX_PEER) return false
  const { address = '', prefix = 0 } = parseNetwork(text) ?? {}
  if (!isIPv6(address)) return prefix < WIDEST.ipv4
  // IPv4 in the dress of IPv6: ::ffff:0:0/96 is the whole of it.
  const plain = plainAddress(new SocketAddress({ address, family: 'ipv6' }).address)
  const isMapped = prefix >= MAPPED_BITS && !isIPv6(plain)
  return isMapped ? prefix - MAPPED_BITS < WIDEST.ipv4 : prefix < WIDEST.ipv6
}

/** `::ffff:10.0.0.1` is the same peer as `10.0.0.1`; a dual-stack socket tells the first. */
export const plainAddress = (address: string): string =>
  /^::ffff:\d+\.\d+\.\d+\.\d+$/i.test(address) ? address.slice(7) : address

/**
 * Networks that no address on the open internet lies in: this machine, private ones, those kept for
 * documents, for carriers and for protocols, and those in which IPv4 addresses hide.
 *
 * @see RFC 6890 (Special-Purpose IP Address Registries)
 */
const NOT_PUBLIC = networks([
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/3',
  '2001::/23',
  '2001:db8::/32',
  '2002::/16',
  '3fff::/20',
])
const GLOBAL_UNICAST = networks(['2000::/3'])

/** Can an address be reached over the open internet? `false` for whatever is no address at all. */
export function isPublicAddress(address: string): boolean {
  if (isIP(address) === 0 || NOT_PUBLIC.has(address)) return false
  return isIPv6(address) ? GLOBAL_UNICAST.has(address) : true
}

/** One spelling an address, so that no rule is dodged by another one; `undefined` when it is none. */
export function canonicalAddress(text: string): string | undefined {
  const version = isIP(text)
  if (version === 4) return text
  // A zone (`fe80::1%eth0`) names an interface of some other machine.
  if (version === 0 || text.includes('%')) return undefined
  return plainAddress(new SocketAddress({ address: text, family: 'ipv6' }).address)
}

/**
 * The unit in which guesses are counted: an IPv4 address, or an IPv6 /64, because whoever has one
 * IPv6 address usually has 2⁶⁴ of them.
 */
export const sourceOf = (address: string): string =>
  isIPv6(address) ? `${firstGroups(address, 4)}::/64` : address

/** A network that guesses may come from together. */
export interface SourceNetwork {
  source: string
  /** How many of the smallest kind it is counted as: the wider it is, the more it may hold. */
  worth: number
}

/**
 * All networks in which guesses from an address are counted, the narrowest first. Whoever has one
 * IPv6 /64 often has 256 of them (a /56), or 65,536 (a /48).
 */
export function sourcesOf(address: string): SourceNetwork[] {
  const narrowest = { source: sourceOf(address), worth: 1 }
  if (!isIPv6(address)) return [narrowest]
  const three = firstGroups(address, 3)
  const fourth = Number.parseInt(firstGroups(address, 4).slice(three.length + 1), 16)
  return [
    narrowest,
    { source: `${three}:${(fourth & 0xff00).toString(16)}::/56`, worth: 4 },
    { source: `${three}::/48`, worth: 16 },
  ]
}

/**
 * The network that an address lies in, wide enough to hold many people: an IPv4 /24 or an IPv6 /48.
 * What is no address stays what it is.
 */
export function networkOf(address: string): string {
  const plain = plainAddress(address)
  const version = isIP(plain)
  if (version === 0) return address
  if (version === 6) return `${firstGroups(plain, 3)}::/48`
  return `${plain.split('.').slice(0, 3).join('.')}.0/24`
}

/** The first groups of an IPv6 address, without leading zeros. */
function firstGroups(address: string, count: number): string {
  const [head = '', tail] = address.toLowerCase().split('%')[0]?.split('::') ?? []
  const left = head === '' ? [] : head.split(':')
  const right = tail === undefined || tail === '' ? [] : tail.split(':')
  const middle = tail === undefined ? 0 : Math.max(0, 8 - left.length - right.length)
  const groups = [...left, ...Array<string>(middle).fill('0'), ...right]
  return groups
    .slice(0, count)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(':')
}

/** Where to listen: a TCP address. */
export interface ListenAddress {
  host: string
  port: number
}

/** A socket of the file system. */
export interface UnixAddress {
  path: string
}

/** Where a door may stand. */
export type ListenPlace = ListenAddress | UnixAddress

export const isUnixPlace = (place: ListenPlace): place is UnixAddress => 'path' in place

/** As it is written: `127.0.0.1:9091`, `[::1]:9091` or `unix:/run/gatehouse.sock`. */
export function writtenPlace(place: ListenPlace): string {
  if (isUnixPlace(place)) return `unix:${place.path}`
  return `${isIPv6(place.host) ? `[${place.host}]` : place.host}:${place.port}`
}

/** What the kernel has room for, with the byte that ends it. */
const UNIX_PATH_BYTES = 108

/** Reads an address and a port, or `unix:` and an absolute path; `undefined` when it is neither. */
export function parseListenPlace(text: string): ListenPlace | undefined {
  if (!text.startsWith('unix:')) return parseListenAddress(text)
  const path = text.slice('unix:'.length)
  const fits = Buffer.byteLength(path) < UNIX_PATH_BYTES
  return fits && /^\/[^\0]*[^\0/]$/.test(path) ? { path } : undefined
}

/** Reads `127.0.0.1:9091`, `[::1]:9091` or `:9091`; `undefined` when it is none of them. */
export function parseListenAddress(text: string): ListenAddress | undefined {
  const [, six, plain, port] =
    /^(?:\[([0-9a-fA-F:.]+)\]|([0-9A-Za-z.-]*)):(\d{1,5})$/.exec(text) ?? []
  if (port === undefined || Number(port) > 65535) return undefined
  if (six !== undefined && !isIPv6(six)) return undefined
  return { host: six ?? (plain || '0.0.0.0'), port: Number(port) }
}
