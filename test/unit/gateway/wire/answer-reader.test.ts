import { request } from 'node:http'
import { Duplex } from 'node:stream'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { AnswerHead } from '../../../../src/gateway/wire/answer-head.ts'
import { createAnswerReader } from '../../../../src/gateway/wire/answer-reader.ts'

/** What a reader has understood. */
interface Understood {
  status: number
  reason: string
  headers: string[][]
  body: string
}

interface Read extends Partial<Understood> {
  isWhole: boolean
  isClean: boolean
  fault?: string
  stays?: boolean
  endsWithConnection?: boolean
}

/** Reads bytes as they come over a connection, cut where the numbers say. */
function read(answer: string, { method = 'GET', cuts = [] as number[], ends = true } = {}): Read {
  let head: AnswerHead | undefined
  let body = ''
  const result: Read = { isWhole: false, isClean: false }
  const reader = createAnswerReader({
    interim: () => undefined,
    head: (given) => {
      head = given
    },
    data: (piece) => {
      body += typeof piece === 'string' ? piece : piece.toString('latin1')
    },
    end: (isClean) => {
      result.isWhole = true
      result.isClean = isClean
    },
  })
  reader.expect(method)
  try {
    for (const piece of piecesOf(answer, cuts)) {
      const bytes = Buffer.from(piece, 'latin1')
      // What comes while nothing is expected ends the connection.
      if (result.isWhole && bytes.length > 0) result.isClean = false
      reader.read(bytes)
      // Whoever is told of bytes has a copy.
      bytes.fill(0)
    }
    if (ends) reader.finish()
  } catch (cause) {
    result.fault = cause instanceof Error && 'detail' in cause ? String(cause.detail) : `${cause}`
  }
  if (!head) return result
  const { status, reason, stays } = head
  const headers = head.headers.map((line) => [...line])
  const endsWithConnection = head.framing === 'until_end'
  return { ...result, status, reason, stays, endsWithConnection, headers, body }
}

function piecesOf(text: string, cuts: readonly number[]): string[] {
  const places = [...new Set(cuts.map((cut) => cut % (text.length + 1)))].sort((a, b) => a - b)
  return [0, ...places].map((from, index) => text.slice(from, places[index]))
}

const head = (lines: readonly string[] = [], status = '200 OK') =>
  `HTTP/1.1 ${[status, ...lines].join('\r\n')}\r\n\r\n`
const CHUNKED = 'Transfer-Encoding: chunked'

describe('an answer', () => {
  it.each([
    ['with a length', `${head(['Content-Length: 5'])}hello`, 'hello'],
    ['of nothing', head(['Content-Length: 0']), ''],
    [
      'in chunks',
      `${head([CHUNKED])}5\r\nhello\r\n6;a=b;c="d"\r\n world\r\n0\r\n\r\n`,
      'hello world',
    ],
    ['in chunks with trailers', `${head([CHUNKED])}5\r\nhello\r\n000\r\nETag: x\r\n\r\n`, 'hello'],
    ['that ends with the connection', `${head()}hello`, 'hello'],
    ['without a reason', 'HTTP/1.1 200\r\nContent-Length: 2\r\n\r\nok', 'ok'],
    ['of HTTP/1.0', 'HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok', 'ok'],
    [
      'after interim ones',
      `${head(['Link: <a>'], '103 Early')}${head(['Content-Length: 2'])}ok`,
      'ok',
    ],
    ['304 with the length of what it is about', head(['Content-Length: 9'], '304 Same'), ''],
  ])('%s is the same however it is cut', (_, answer, body) => {
    for (let cut = 0; cut < answer.length; cut += 1) {
      const got = read(answer, { cuts: [cut, cut + 1, cut + 2] })
      expect(got).toMatchObject({ isWhole: true, body })
      expect(got.fault).toBeUndefined()
    }
  })

  it('to HEAD has no body, whatever its head says', () => {
    const got = read(head(['Content-Length: 5']), { method: 'HEAD' })
    expect(got).toMatchObject({ isWhole: true, isClean: true, body: '' })
  })

  it.each([
    ['a line that is folded', head(['A: b', ' c', 'Content-Length: 0'])],
    ['a space before a colon', head(['Content-Length : 0'])],
    ['a name with a sign that none has', head(['Content(Length: 0'])],
    ['a line without a name', head([': x', 'Content-Length: 0'])],
    ['a lone LF after a line', 'HTTP/1.1 200 OK\nContent-Length: 0\r\n\r\n'],
    ['a lone LF in a value', head(['A: b\nContent-Length: 0'])],
    ['a lone CR in a value', head(['A: b\rc', 'Content-Length: 0'])],
    ['a NUL in a value', head(['A: \0', 'Content-Length: 0'])],
    ['an empty line before it', `\r\n${head(['Content-Length: 0'])}`],
    ['two lengths', head(['Content-Length: 0', 'content-length: 0'])],
    ['a list of lengths', head(['Content-Length: 0, 0'])],
    ['a signed length', head(['Content-Length: +2'])],
    ['a length in hexadecimal', head(['Content-Length: 0x2'])],
    ['an empty length', head(['Content-Length:'])],
    ['a length beyond all numbers', head([`Content-Length: ${'9'.repeat(30)}`])],
    ['a length and chunks', head(['Content-Length: 5', CHUNKED])],
    ['two encodings', head([CHUNKED, CHUNKED])],
    ['an encoding within another', head(['Transfer-Encoding: gzip, chunked'])],
    ['an encoding that is none', head(['Transfer-Encoding: identity'])],
    ['an encoding of HTTP/1.0', `HTTP/1.0 200 OK\r\n${CHUNKED}\r\n\r\n0\r\n\r\n`],
    ['204 with a body', `${head(['Content-Length: 2'], '204 None')}ok`],
    ['101, asked by nobody', head(['Upgrade: x', 'Connection: upgrade'], '101 Go')],
    ['another version', 'HTTP/2.0 200 OK\r\nContent-Length: 0\r\n\r\n'],
    ['a short status', head(['Content-Length: 0'], '20 OK')],
    ['a long status', head(['Content-Length: 0'], '2000 OK')],
    ['a head without end', head([`A: ${'x'.repeat(70_000)}`])],
    ['interim answers without end', head([], '102 Wait').repeat(17)],
    ['a chunk without a size', `${head([CHUNKED])}\r\nhello\r\n0\r\n\r\n`],
    ['a chunk of a signed size', `${head([CHUNKED])}+5\r\nhello\r\n0\r\n\r\n`],
    ['a chunk of a size in front of a space', `${head([CHUNKED])}5 \r\nhello\r\n0\r\n\r\n`],
    ['a chunk of a size written 0x5', `${head([CHUNKED])}0x5\r\nhello\r\n0\r\n\r\n`],
    ['a chunk of a size beyond all numbers', `${head([CHUNKED])}${'f'.repeat(17)}\r\nhello`],
    ['a chunk that is longer than it says', `${head([CHUNKED])}4\r\nhello\r\n0\r\n\r\n`],
    ['a chunk whose line ends with LF', `${head([CHUNKED])}5\nhello\r\n0\r\n\r\n`],
    ['a chunk that ends with LF', `${head([CHUNKED])}5\r\nhello\n0\r\n\r\n`],
    ['an extension without end', `${head([CHUNKED])}5;${'x'.repeat(2_000)}\r\nhello\r\n0\r\n\r\n`],
    ['a trailer that is none', `${head([CHUNKED])}0\r\nno colon\r\n\r\n`],
    ['trailers without end', `${head([CHUNKED])}0\r\n${'a: b\r\n'.repeat(20_000)}\r\n`],
  ])('with %s is none', (_, answer) => {
    const got = read(answer, { ends: false })
    expect(got.fault).toBeDefined()
    expect(got.isWhole).toBe(false)
  })

  it.each([
    ['a length', `${head(['Content-Length: 5'])}hell`],
    ['chunks', `${head([CHUNKED])}5\r\nhello\r\n0\r\n`],
    ['a head', 'HTTP/1.1 200 OK\r\nContent-Le'],
    ['nothing', ''],
  ])('with %s that breaks off is not whole', (_, answer) => {
    expect(read(answer).isWhole).toBe(false)
  })

  it.each([
    ['more than its length', `${head(['Content-Length: 5'])}hello!`],
    ['more than its last chunk', `${head([CHUNKED])}0\r\n\r\n!`],
    ['a second one', head(['Content-Length: 0']).repeat(2)],
    ['a body that it must not have', `${head(['Content-Length: 2'], '304 Same')}ok`],
  ])('with %s is told to be unclean', (_, answer) => {
    expect(read(answer)).toMatchObject({ isWhole: true, isClean: false })
  })

  it.each([
    [[], '1.1', true],
    [['Connection: keep-alive'], '1.1', true],
    [['Connection: x, CLOSE'], '1.1', false],
    [['Connection: x', 'Connection: close'], '1.1', false],
    [[], '1.0', false],
    [['Connection: Keep-Alive'], '1.0', true],
    [['Connection: keep-alive, close'], '1.0', false],
  ])('with %j in HTTP/%s says whether the connection stays', (lines, version, stays) => {
    const answer = head([...lines, 'Content-Length: 0']).replace('1.1', version)
    expect(read(answer).stays).toBe(stays)
  })
})

describe('whatever is taken for a whole answer', () => {
  it('is one for Node’s own client too, with the same head and the same body', async () => {
    let compared = 0
    const runs = fc.asyncProperty(
      answers(),
      fc.constantFrom('GET', 'HEAD', 'POST'),
      fc.array(fc.nat(400), { maxLength: 6 }),
      async (answer, method, cuts) => {
        const ours = read(answer, { method, cuts })
        // What follows an answer that is whole is none of it, and the connection ends over it.
        if (!ours.isWhole || !(ours.isClean || ours.endsWithConnection)) return
        const { status, reason, headers, body } = ours
        compared += 1
        expect(await asNodeReads(answer, method)).toEqual({ status, reason, headers, body })
      },
    )
    await fc.assert(runs, { numRuns: 12_000 })
    // Most are refused; those that are not are many enough.
    expect(compared).toBeGreaterThan(100)
  }, 30_000)

  it('does not depend on where it was cut', () => {
    const runs = fc.property(answers(), fc.array(fc.nat(400), { maxLength: 8 }), (answer, cuts) => {
      const { fault: _, ...whole } = read(answer)
      const { fault: __, ...cut } = read(answer, { cuts })
      if (whole.isWhole) expect({ ...cut, isClean: whole.isClean }).toEqual(whole)
      else expect(cut.isWhole).toBe(false)
    })
    fc.assert(runs, { numRuns: 3_000 })
  })
})

/** Answers, most of them nearly right. */
function answers() {
  const status = fc.constantFrom(
    ...['200 OK', '200', '204 No Content', '304 Not Modified', '404 Not  Found', '100 Continue'],
    ...['99 Low', '2 00', '200 \xe9', '1000 High', '101 Go'],
  )
  const line = fc.constantFrom(
    ...['Content-Length: 5', 'content-length: 0', 'Content-Length: 05', 'Content-Length:\t5 '],
    ...['Content-Length: 5, 5', 'Content-Length: 5\t', 'Content-Length: ', 'Content-Length : 5'],
    ...['Transfer-Encoding: chunked', 'Transfer-Encoding: Chunked', 'Transfer-Encoding: xchunked'],
    ...['Transfer-Encoding: chunked, identity', 'Connection: close', 'Connection: upgrade'],
    ...[
      'Upgrade: websocket',
      'Set-Cookie: a=b; c',
      'X:',
      'X: \xff',
      ' folded',
      'no colon',
      'X: a:b',
    ],
    ...['Keep-Alive: timeout=5', 'Trailer: X', "!#$%&'*+-.^_`|~1: x"],
  )
  const chunk = fc.constantFrom(
    ...[
      '5\r\nhello\r\n',
      '05\r\nhello\r\n',
      '5;a\r\nhello\r\n',
      '5;a="b"\r\nhello\r\n',
      '1\r\nx\r\n',
    ],
    ...[
      '5 \r\nhello\r\n',
      '5;\r\nhello\r\n',
      '4\r\nhello\r\n',
      'A\r\n0123456789\r\n',
      '5;a=\r\nhello\r\n',
    ],
    ...['0\r\n\r\n', '0\r\nA: b\r\n\r\n', '0\r\nA\r\n\r\n', '00\r\n\r\n', '0;x=y\r\n\r\n'],
  )
  const body = fc.oneof(
    fc.constantFrom('', 'hello', 'hell', 'hello!'),
    fc.array(chunk, { maxLength: 4 }).map((chunks) => `${chunks.join('')}0\r\n\r\n`),
  )
  const plain = fc
    .tuple(fc.constantFrom('1.1', '1.1', '1.0'), status, fc.array(line, { maxLength: 4 }), body)
    .map(([version, first, lines, rest]) =>
      [`HTTP/${version} ${first}`, ...lines, '', rest].join('\r\n'),
    )
  const sign = fc.constantFrom(...'\r\n\t\0 :;,0159afx"=\x7f\x80\xff')
  const slip = fc.tuple(fc.nat(300), fc.constantFrom(0, 1, 2), fc.oneof(sign, fc.constant('\r\n')))
  return fc.tuple(plain, fc.array(slip, { maxLength: 2 })).map(([text, slips]) =>
    slips.reduce((before, [place, cut, put]) => {
      const at = place % (before.length + 1)
      return before.slice(0, at) + put + before.slice(at + cut)
    }, text),
  )
}

/** What Node's client makes of the same bytes; `undefined` when it refuses them. */
function asNodeReads(answer: string, method: string): Promise<Understood | undefined> {
  return new Promise((resolve) => {
    const line = new Duplex({ read() {}, write: (_, __, done) => done() })
    const asked = request({ method, createConnection: () => line, insecureHTTPParser: false })
    asked.on('error', () => resolve(undefined))
    asked.on('response', (message) => {
      let body = ''
      message.on('data', (bytes: Buffer) => {
        body += bytes.toString('latin1')
      })
      message.on('error', () => resolve(undefined))
      message.on('end', () => {
        const { statusCode: status = 0, statusMessage: reason = '', rawHeaders: raw } = message
        const headers = raw.flatMap((name, at) => (at % 2 === 0 ? [[name, raw[at + 1] ?? '']] : []))
        resolve({ status, reason, headers, body })
      })
    })
    asked.end()
    setImmediate(() => {
      line.push(Buffer.from(answer, 'latin1'))
      line.push(null)
    })
  })
}
