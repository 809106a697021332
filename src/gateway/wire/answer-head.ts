import { remembering } from '../../base/memo.ts'
import { UpstreamBroken } from '../errors.ts'
import type { HeaderLine } from '../request.ts'
import { isName, isValue, lengthIn } from './grammar.ts'

/** How the body of an answer ends: it has none, after so many bytes, with its last chunk, or with the connection. */
export type Framing = number | 'chunked' | 'until_end'

/** The first part of an answer, understood in the one way in which it can be. */
export interface AnswerHead {
  status: number
  reason: string
  headers: readonly HeaderLine[]
  framing: Framing
  /** May the connection carry another request, as far as the application says? */
  stays: boolean
  /** For how many seconds it will be open, if it says so. */
  staysFor: number | undefined
}

const STATUS = /^HTTP\/1\.([01]) ([1-9]\d\d)(?: (.*))?$/s

/** Lines of which two would contradict each other, or say nothing that is known to both sides. */
type Kind = 'length' | 'encoding' | 'connection' | 'keep_alive' | 'other'

const KINDS: ReadonlyMap<string, Kind> = new Map([
  ['content-length', 'length'],
  ['transfer-encoding', 'encoding'],
  ['connection', 'connection'],
  ['keep-alive', 'keep_alive'],
])

const kindOf = remembering(1_000, (name): Kind => KINDS.get(name.toLowerCase()) ?? 'other')

/**
 * Reads the head of an answer. Whatever two readers might understand in two ways is none.
 *
 * @param text From the status line to the end of the last header line, as Latin-1.
 * @param method What was asked with: an answer to HEAD has no body, whatever its head says.
 * @throws {UpstreamBroken} when it is no head of HTTP/1.
 *
 * @see RFC 9112, sections 4, 5 and 6.3
 */
export function readAnswerHead(text: string, method: string): AnswerHead {
  const [statusLine = '', ...lines] = text.split('\r\n')
  const [, minor, code, reason = ''] = STATUS.exec(statusLine) ?? []
  if (code === undefined || !isValue(reason)) throw broken('no status line')
  const headers: HeaderLine[] = []
  let length: string | undefined
  let encoding: string | undefined
  let connection = ''
  let hint = ''

  for (const line of lines) {
    const colon = line.indexOf(':')
    const name = line.slice(0, Math.max(colon, 0))
    const value = withoutSpace(line, colon + 1)
    // A line that is folded begins with a space, and so has no name.
    if (!isName(name) || !isValue(value)) throw broken('a header line that is none')
    headers.push([name, value])
    const kind = kindOf(name)
    if (kind === 'other') continue
    if (kind === 'length') {
      if (length !== undefined) throw broken('two lengths')
      length = value
    } else if (kind === 'encoding') {
      if (encoding !== undefined) throw broken('two encodings')
      encoding = value
    } else if (kind === 'connection') connection += `,${value.toLowerCase()}`
    else hint = value
  }

  const status = Number(code)
  const framing = framingOf({ length, encoding, minor }, status, method)
  const saysClose = /,[ \t]*close[ \t]*(?:,|$)/.test(connection)
  const saysKeep = minor === '1' || /,[ \t]*keep-alive[ \t]*(?:,|$)/.test(connection)
  return {
    status,
    reason,
    headers,
    framing,
    // Whoever says of a body that must not be there how it ends may send it all the same.
    stays: saysKeep && !saysClose && framing !== 'until_end' && !(status === 204 && encoding),
    staysFor: hint === '' ? undefined : lengthIn(/timeout=(\d{1,9})/i.exec(hint)?.[1] ?? ''),
  }
}

function framingOf(
  said: { length: string | undefined; encoding: string | undefined; minor: string | undefined },
  status: number,
  method: string,
): Framing {
  const { length, encoding, minor } = said
  const bytes = length === undefined ? undefined : lengthIn(length)
  if (length !== undefined && bytes === undefined) throw broken('a length that is none')
  if (encoding !== undefined) {
    if (bytes !== undefined) throw broken('a length and an encoding')
    // Another coding before it would have to be undone, or told about; HTTP/1.0 knows none of it.
    if (minor === '0' || encoding.toLowerCase() !== 'chunked') throw broken('an unknown encoding')
  }
  // The client would wait for what never comes.
  if (status === 204 && bytes) throw broken('a length of nothing')
  if (method === 'HEAD' || status < 200 || status === 204 || status === 304) return 0
  return encoding === undefined ? (bytes ?? 'until_end') : 'chunked'
}

const SPACE = 0x20
const TAB = 0x09

/** The rest of a line without the white space around it. */
function withoutSpace(line: string, start: number): string {
  let from = start
  let to = line.length
  while (from < to && isSpace(line.charCodeAt(from))) from += 1
  while (to > from && isSpace(line.charCodeAt(to - 1))) to -= 1
  return line.slice(from, to)
}

const isSpace = (code: number): boolean => code === SPACE || code === TAB

const broken = (detail: string) => new UpstreamBroken({ detail })
