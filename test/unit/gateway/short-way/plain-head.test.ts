import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import { connect } from 'node:net'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createPlainReader, type PlainHead } from '../../../../src/gateway/short-way/plain-head.ts'
import { portOf } from '../../../support/ports.ts'

const LIMIT = 16 * 1024
const read = (text: string) => createPlainReader(LIMIT)(Buffer.from(text, 'latin1'))
const head = (...lines: string[]) => `${lines.join('\r\n')}\r\n\r\n`

describe('a plain head', () => {
  it('is read line by line', () => {
    const text = head('GET /a?b=c HTTP/1.1', 'Host: x', 'x-Empty:', 'X-Tab:\t a  b\t', 'Host: y')
    expect(read(text)).toEqual({
      method: 'GET',
      url: '/a?b=c',
      lines: [
        ['Host', 'x'],
        ['x-Empty', ''],
        ['X-Tab', 'a  b'],
        ['Host', 'y'],
      ],
    })
  })

  it.each(['keep-alive', 'Keep-Alive'])('may say that its connection stays: %s', (value) => {
    expect(read(head('GET / HTTP/1.1', `Connection: ${value}`))).toBeDefined()
  })

  it.each([
    ['another method', head('POST / HTTP/1.1', 'Host: x')],
    ['a method in lower case', head('get / HTTP/1.1', 'Host: x')],
    ['another version', head('GET / HTTP/1.0', 'Host: x')],
    ['no version', head('GET /', 'Host: x')],
    ['a length', head('GET / HTTP/1.1', 'Host: x', 'content-length: 0')],
    ['chunks', head('GET / HTTP/1.1', 'Host: x', 'Transfer-Encoding: chunked')],
    ['an expectation', head('GET / HTTP/1.1', 'Host: x', 'Expect: 100-continue')],
    ['an upgrade', head('GET / HTTP/1.1', 'Host: x', 'Upgrade: websocket')],
    ['the end of its connection', head('GET / HTTP/1.1', 'Host: x', 'Connection: close')],
    ['names of lines to drop', head('GET / HTTP/1.1', 'Host: x', 'Connection: keep-alive, x')],
    ['trailers', head('GET / HTTP/1.1', 'Host: x', 'TE: trailers')],
    ['a folded line', head('GET / HTTP/1.1', 'Host: x', 'X: a', ' b')],
    ['a space before the colon', head('GET / HTTP/1.1', 'Host: x', 'X : a')],
    ['a line without a colon', head('GET / HTTP/1.1', 'Host: x', 'X')],
    ['a line without a name', head('GET / HTTP/1.1', 'Host: x', ': a')],
    ['a bare LF', head('GET / HTTP/1.1', 'Host: x\nX: a')],
    ['a bare CR', head('GET / HTTP/1.1', 'Host: x\rX: a')],
    ['a NUL', head('GET / HTTP/1.1', 'Host: x', 'X: a\0')],
    ['a byte beyond ASCII', head('GET / HTTP/1.1', 'Host: x', 'X: \xe4')],
    ['an empty line before it', `\r\n${head('GET / HTTP/1.1', 'Host: x')}`],
    ['something behind it', `${head('GET / HTTP/1.1', 'Host: x')}G`],
    ['a second one behind it', head('GET / HTTP/1.1', 'Host: x').repeat(2)],
    ['half of it', 'GET / HTTP/1.1\r\nHost: x\r\n'],
    ['nothing', ''],
    ['more than may be', head('GET / HTTP/1.1', `X: ${'x'.repeat(LIMIT)}`)],
  ])('has nothing of this: %s', (_, text) => {
    expect(read(text)).toBeUndefined()
  })
})

describe('whatever is read of it', () => {
  /** Names and values by turns, as a server tells them. */
  type Heard = Omit<PlainHead, 'lines'> & { rawHeaders: string[] }
  const heard: Heard[] = []
  const server = createServer((message: IncomingMessage, response) => {
    heard.push({
      method: message.method as 'GET',
      url: message.url ?? '',
      rawHeaders: message.rawHeaders,
    })
    response.end()
  })
  server.maxHeadersCount = 0
  beforeAll(async () => {
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
  })
  afterAll(() => void server.close())

  /** What a whole server of HTTP reads of the same bytes: all requests that it finds in them. */
  async function readByServer(text: string): Promise<Heard[]> {
    heard.length = 0
    const socket = connect(portOf(server), '127.0.0.1')
    socket.on('error', () => undefined).resume()
    socket.end(Buffer.from(text, 'latin1'))
    await once(socket, 'close')
    return [...heard]
  }

  const piece = fc.oneof(
    { weight: 6, arbitrary: fc.constantFrom('a', 'Host', 'X-Forwarded-Uri', 'Cookie', '/', 'x=y') },
    {
      weight: 3,
      arbitrary: fc.constantFrom(' ', '\t', ':', ': ', ',', ';', '"', '%', '\\', '\x7f'),
    },
    {
      weight: 1,
      arbitrary: fc.constantFrom('\r', '\n', '\r\n', '\0', '\x0b', '\xa0', '\xe4', ' HTTP/1.1'),
    },
  )
  const text = fc.array(piece, { maxLength: 5 }).map((pieces) => pieces.join(''))
  const name = fc.oneof(
    { weight: 4, arbitrary: fc.constantFrom('X-A', 'cookie', 'Connection', 'a!#$%&*+-.^_`|~') },
    { weight: 1, arbitrary: text },
  )
  const line = fc.tuple(name, fc.constantFrom(':', ': ', ':\t', ' :', ''), text)
  const anyHead = fc
    .tuple(fc.array(line, { maxLength: 5 }), fc.oneof(fc.constant('/a'), text))
    .map(([lines, target]) =>
      head(`GET ${target} HTTP/1.1`, 'Host: h', ...lines.map((parts) => parts.join(''))),
    )

  it('is what a whole server of HTTP reads', async () => {
    let taken = 0
    await fc.assert(
      fc.asyncProperty(anyHead, async (bytes) => {
        const plain = read(bytes)
        // What no target is, is refused by the reading that follows; a server may refuse it itself.
        if (!plain || !/^\/[\x21-\x7e]*$/.test(plain.url)) return
        taken += 1
        const { lines, ...rest } = plain
        expect(await readByServer(bytes)).toEqual([{ ...rest, rawHeaders: lines.flat() }])
      }),
      { numRuns: 600 },
    )
    expect(taken).toBeGreaterThan(60)
  }, 120_000)
})
