import { connect } from 'node:net'
import { type Http1Message, type Kind, takeMessage, valuesOf } from './http1.ts'

/** What came back over one connection. The fields tell of the last answer. */
export interface RawAnswer {
  /** 0 when there was no whole answer. */
  status: number
  head: string
  headers: [name: string, value: string][]
  body: string
  /** Did the other side close the connection? */
  closed: boolean
  /** How many answers came, interim ones (1xx, but for 101) not counted. */
  answers: number
  /** All that came, byte for byte as Latin-1. */
  raw: string
  /** The values of every header line of one name. */
  all(name: string): string[]
}

export interface RawOptions {
  /** Gives up, with what has come so far. */
  timeoutMs?: number
  /** After a whole answer, waits this long for another one. */
  quietMs?: number
}

/**
 * Writes bytes on a TCP socket to loopback and reads every answer.
 *
 * @param bytes A string is Latin-1: one code unit, one byte.
 */
export async function sendRaw(
  port: number,
  bytes: Buffer | string,
  { timeoutMs = 5_000, quietMs = 60 }: RawOptions = {},
): Promise<RawAnswer> {
  const kind: Kind = isHead(bytes) ? 'answer to HEAD' : 'answer'
  const socket = connect(port, '127.0.0.1')
  const chunks: Buffer[] = []
  let closed = false

  await new Promise<void>((resolve) => {
    let quiet: NodeJS.Timeout | undefined
    const deadline = setTimeout(resolve, timeoutMs)
    const end = () => {
      clearTimeout(deadline)
      clearTimeout(quiet)
      resolve()
    }
    socket.on('data', (chunk) => {
      chunks.push(Buffer.from(chunk))
      clearTimeout(quiet)
      const { answers, rest } = readAnswers(Buffer.concat(chunks), kind, false)
      if (answers.length > 0 && rest.length === 0) quiet = setTimeout(end, quietMs)
    })
    // A reset is a close too: the server refuses to go on.
    socket.on('error', () => undefined)
    socket.on('close', () => {
      closed = true
      end()
    })
    socket.write(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes)
  })
  socket.destroy()
  return toAnswer(Buffer.concat(chunks), kind, closed)
}

/** A well-formed request, as far as the values given are. */
export interface PlainRequest {
  method?: string
  host: string
  path: string
  headers?: readonly (readonly [name: string, value: string])[]
  /** Its length is stated for it. */
  body?: string
}

/** Sends one request on a connection of its own. */
export function send(
  port: number,
  request: PlainRequest,
  options?: RawOptions,
): Promise<RawAnswer> {
  return sendRaw(port, toBytes(request), options)
}

function toBytes({ method = 'GET', host, path, headers = [], body }: PlainRequest): Buffer {
  const content = Buffer.from(body ?? '', 'utf8')
  const lines = [`${method} ${path} HTTP/1.1`, `Host: ${host}`]
  for (const [name, value] of headers) lines.push(`${name}: ${value}`)
  if (body !== undefined) lines.push(`Content-Length: ${content.length}`)
  if (!headers.some(([name]) => name.toLowerCase() === 'connection'))
    lines.push('Connection: close')
  return Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1'), content])
}

const isHead = (bytes: Buffer | string): boolean =>
  Buffer.from(bytes.slice(0, 5)).toString('latin1') === 'HEAD '

function readAnswers(bytes: Buffer, kind: Kind, ended: boolean) {
  const answers: Http1Message[] = []
  let rest = bytes
  for (let taken = takeMessage(rest, kind, ended); taken; taken = takeMessage(rest, kind, ended)) {
    rest = taken.rest
    if (!/^HTTP\/1\.\d 1(?!01)/.test(taken.message.startLine)) answers.push(taken.message)
  }
  return { answers, rest }
}

function toAnswer(bytes: Buffer, kind: Kind, closed: boolean): RawAnswer {
  const { answers } = readAnswers(bytes, kind, closed)
  const last = answers.at(-1)
  const headers = last?.headers ?? []
  return {
    status: Number(/^HTTP\/1\.\d (\d{3})/.exec(last?.startLine ?? '')?.[1] ?? 0),
    head: last ? (last.raw.toString('latin1').split('\r\n\r\n')[0] ?? '') : '',
    headers,
    body: last?.body.toString('utf8') ?? '',
    closed,
    answers: answers.length,
    raw: bytes.toString('latin1'),
    all: (name) => valuesOf(headers, name),
  }
}
