import { isIPv4, isIPv6, type Socket } from 'node:net'

/** What the beginning of a connection says about who is at its other end. */
export type ProxyHeader =
  /** More bytes are needed. */
  | { kind: 'incomplete' }
  | { kind: 'invalid' }
  | {
      kind: 'header'
      /** How many bytes it takes; what the client says begins behind them. */
      length: number
      /** Absent when the proxy speaks for itself, or for somebody whose address it cannot tell. */
      source: string | undefined
    }

const SIGNATURE = Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1')
const V1_START = Buffer.from('PROXY ', 'latin1')
/** The longest line of version 1, with its end. */
const V1_MAX = 107
const V2_HEAD = 16
/** Addresses, and more extensions than anybody sends. */
const V2_MAX = 4096

/**
 * Reads the header that a proxy puts in front of a connection, and nothing that only looks like one.
 *
 * @see The PROXY protocol, versions 1 and 2, sections 2.1 and 2.2
 */
export function readProxyHeader(bytes: Buffer): ProxyHeader {
  if (beginsWith(bytes, SIGNATURE)) return readBinary(bytes)
  if (beginsWith(bytes, V1_START)) return readLine(bytes)
  return { kind: 'invalid' }
}

/** Could this be the beginning of something that begins so? */
const beginsWith = (bytes: Buffer, start: Buffer): boolean => {
  const length = Math.min(bytes.length, start.length)
  return bytes.subarray(0, length).equals(start.subarray(0, length))
}

const LINE =
  /^PROXY (?:(UNKNOWN)(?: [\x20-\x7e]*)?|(TCP4|TCP6) ([0-9A-Fa-f.:]+) ([0-9A-Fa-f.:]+) (\d{1,5}) (\d{1,5}))$/

function readLine(bytes: Buffer): ProxyHeader {
  const text = bytes.subarray(0, V1_MAX).toString('latin1')
  const end = text.indexOf('\r\n')
  if (end < 0) return { kind: bytes.length < V1_MAX ? 'incomplete' : 'invalid' }
  const [, unknown, family, source = '', target = '', ...ports] =
    LINE.exec(text.slice(0, end)) ?? []
  const length = end + 2
  if (unknown) return { kind: 'header', length, source: undefined }
  const isAddress = family === 'TCP4' ? isIPv4 : isIPv6
  const isWhole = family !== undefined && isAddress(source) && isAddress(target)
  if (!isWhole || !ports.every(isPort)) return { kind: 'invalid' }
  return { kind: 'header', length, source }
}

const isPort = (text: string): boolean => /^(?:0|[1-9]\d*)$/.test(text) && Number(text) <= 65_535

const LOCAL = 0x20
const PROXY = 0x21
const UNSPECIFIED = 0x00
const TCP4 = 0x11
const TCP6 = 0x21
const UNIX_STREAM = 0x31

function readBinary(bytes: Buffer): ProxyHeader {
  if (bytes.length < V2_HEAD) return { kind: 'incomplete' }
  const [command, family] = [bytes[12], bytes[13]]
  const length = V2_HEAD + bytes.readUInt16BE(14)
  if (length > V2_MAX || (command !== LOCAL && command !== PROXY)) return { kind: 'invalid' }
  if (bytes.length < length) return { kind: 'incomplete' }
  const header = (source: string | undefined): ProxyHeader => ({ kind: 'header', length, source })
  // Whatever stands where the addresses would: the connection is the proxy's own.
  if (command === LOCAL) return header(undefined)

  const addresses = bytes.subarray(V2_HEAD, length)
  if (family === TCP4 && addresses.length >= 12) return header(addresses.subarray(0, 4).join('.'))
  if (family === TCP6 && addresses.length >= 36)
    return header(writtenSix(addresses.subarray(0, 16)))
  const isNobody = family === UNSPECIFIED || (family === UNIX_STREAM && addresses.length >= 216)
  return isNobody ? header(undefined) : { kind: 'invalid' }
}

const writtenSix = (bytes: Buffer): string =>
  Array.from({ length: 8 }, (_, index) => bytes.readUInt16BE(index * 2).toString(16)).join(':')

/** Why a connection is not taken. */
export type Unread = 'invalid' | 'late' | 'gone'

/**
 * Takes the header off a connection; what the client says stays in it.
 *
 * @param seconds How long to wait for it.
 * @returns The source in its usual spelling, or why there is no header.
 */
export function takeProxyHeader(
  socket: Socket,
  seconds: number,
): Promise<{ source: string | undefined } | Unread> {
  return new Promise((resolve) => {
    let bytes: Buffer = Buffer.alloc(0)
    const done = (result: { source: string | undefined } | Unread) => {
      clearTimeout(late)
      socket.off('data', take).off('close', gone).off('error', gone).off('end', gone)
      resolve(result)
    }
    const gone = () => done('gone')
    const late = setTimeout(() => done('late'), seconds * 1000)
    const take = (chunk: Buffer) => {
      bytes = bytes.length === 0 ? chunk : Buffer.concat([bytes, chunk])
      const header = readProxyHeader(bytes)
      if (header.kind === 'incomplete') return
      socket.pause()
      if (header.kind === 'invalid') return done('invalid')
      const rest = bytes.subarray(header.length)
      done({ source: header.source })
      if (rest.length > 0) socket.unshift(rest)
    }
    socket.on('data', take).on('close', gone).on('error', gone).on('end', gone)
  })
}
