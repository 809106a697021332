import type { HeaderLine } from '../request.ts'
import { isName, isValue } from './grammar.ts'

/** How a request goes over the line. */
export interface RequestHead {
  method: string
  target: string
  /** The Host line stands first; no line about the connection is among them. */
  headers: readonly HeaderLine[]
  hasBody: boolean
  /** May the connection carry others after it? */
  stays: boolean
}

/** Methods of which servers expect a body, and are told when there is none (RFC 9110, 8.6). */
const EXPECT_A_BODY = new Set(['POST', 'PUT', 'PATCH'])

/**
 * Writes the head of a request, as Latin-1.
 *
 * @throws {Error} when anything in it could be taken for more than it is.
 */
export function requestHead(request: RequestHead): { text: string; length: number | undefined } {
  const { method, target, headers, hasBody, stays } = request
  if (!isName(method) || !isValue(target) || /[\s]/.test(target)) throw new Error('no request line')
  let text = `${method} ${target} HTTP/1.1\r\n`
  let length: number | undefined
  for (const [name, value] of headers) {
    if (!isName(name) || !isValue(value)) throw new Error('a header line that is none')
    text += `${name}: ${value}\r\n`
    if (hasBody && name.length === 14 && name.toLowerCase() === 'content-length') {
      length = Number(value)
    }
  }
  if (hasBody && length === undefined) text += 'Transfer-Encoding: chunked\r\n'
  if (!hasBody && EXPECT_A_BODY.has(method)) text += 'Content-Length: 0\r\n'
  text += stays ? 'Connection: keep-alive\r\n\r\n' : 'Connection: close\r\n\r\n'
  return { text, length }
}
