/**
 * Reads HTTP/1 messages off raw bytes, for tests that must see what really went over the wire: no
 * header is merged, renamed or dropped, and a second message is told from the body of the first.
 */
export interface Http1Message {
  /** Every byte, as it came. */
  raw: Buffer
  startLine: string
  /** In their order and spelling; values without the white space around them. */
  headers: [name: string, value: string][]
  body: Buffer
}

/** What decides where a message without a stated length ends. */
export type Kind = 'request' | 'answer' | 'answer to HEAD'

/** Where the next message stands. */
export interface Taken {
  message: Http1Message
  rest: Buffer
}

/**
 * Takes one message off the front.
 *
 * @param ended Will no more bytes come? Then an answer without a stated length is complete.
 * @returns `undefined` while the message is not complete.
 */
export function takeMessage(bytes: Buffer, kind: Kind, ended = false): Taken | undefined {
  const head = readHead(bytes)
  if (!head) return undefined
  const body = takeBody(bytes.subarray(head.length), head, kind, ended)
  if (!body) return undefined
  const end = head.length + body.length
  const { startLine, headers } = head
  return {
    message: { raw: bytes.subarray(0, end), startLine, headers, body: body.content },
    rest: bytes.subarray(end),
  }
}

export interface Head {
  startLine: string
  headers: [name: string, value: string][]
  /** With the empty line at its end. */
  length: number
}

/** Reads the head alone; `undefined` while its empty line has not come. */
export function readHead(bytes: Buffer): Head | undefined {
  const end = bytes.indexOf('\r\n\r\n')
  if (end < 0) return undefined
  const [startLine = '', ...lines] = bytes.toString('latin1', 0, end).split('\r\n')
  return { startLine, headers: lines.map(splitLine), length: end + 4 }
}

/** Values of every line of one name, in any case. */
export function valuesOf(headers: readonly [string, string][], name: string): string[] {
  return headers
    .filter(([other]) => other.toLowerCase() === name.toLowerCase())
    .map(([, value]) => value)
}

function splitLine(line: string): [string, string] {
  const colon = line.indexOf(':')
  return colon < 0 ? [line, ''] : [line.slice(0, colon), line.slice(colon + 1).trim()]
}

interface Body {
  content: Buffer
  /** On the wire, which for chunks is more than the content. */
  length: number
}

const NOTHING: Body = { content: Buffer.alloc(0), length: 0 }

function takeBody(bytes: Buffer, head: Head, kind: Kind, ended: boolean): Body | undefined {
  if (kind === 'answer to HEAD' || hasNoBody(head, kind)) return NOTHING
  if (valuesOf(head.headers, 'transfer-encoding').join().toLowerCase().includes('chunked')) {
    return takeChunks(bytes)
  }
  const [stated] = valuesOf(head.headers, 'content-length')
  if (stated !== undefined) return takeBytes(bytes, Number(stated))
  if (kind === 'request') return NOTHING
  return ended ? takeBytes(bytes, bytes.length) : undefined
}

const hasNoBody = ({ startLine }: Head, kind: Kind): boolean =>
  kind === 'answer' && /^HTTP\/1\.\d (1\d\d|204|304)/.test(startLine)

function takeBytes(bytes: Buffer, length: number): Body | undefined {
  return bytes.length < length ? undefined : { content: bytes.subarray(0, length), length }
}

function takeChunks(bytes: Buffer): Body | undefined {
  const parts: Buffer[] = []
  let at = 0
  while (true) {
    const lineEnd = bytes.indexOf('\r\n', at)
    if (lineEnd < 0) return undefined
    const size = Number.parseInt(bytes.toString('latin1', at, lineEnd), 16)
    at = lineEnd + 2
    if (!(size > 0)) return takeTrailers(bytes, at, parts)
    if (bytes.length < at + size + 2) return undefined
    parts.push(bytes.subarray(at, at + size))
    at += size + 2
  }
}

function takeTrailers(bytes: Buffer, from: number, parts: Buffer[]): Body | undefined {
  let at = from
  while (true) {
    const lineEnd = bytes.indexOf('\r\n', at)
    if (lineEnd < 0) return undefined
    const empty = lineEnd === at
    at = lineEnd + 2
    if (empty) return { content: Buffer.concat(parts), length: at }
  }
}
