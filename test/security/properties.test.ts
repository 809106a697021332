import { connect } from 'node:net'
import fc from 'fast-check'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { valuesOf } from '../support/http1.ts'
import type { RecordedMessage } from '../support/recorder.ts'
import { identityLines } from './assertions.ts'
import { type Fixture, openFixture } from './fixture.ts'
import { framingOf } from './framing.ts'

// Over real sockets, to an application that writes down every byte.
const RUNS = 200
const TIMEOUT_MS = 120_000

let fixture: Fixture
let alice = ''
beforeAll(async () => {
  fixture = await openFixture()
  alice = await fixture.resolve('COOKIE:alice:aal2')
})
afterAll(() => fixture.close())

/** The gateway waits for more, or has nothing more to say. */
const QUIET_MS = 40

/** Says it all, waits for the answers, and says that this was all. */
function say(bytes: string): Promise<void> {
  return new Promise((resolve) => {
    const socket = connect(fixture.port, '127.0.0.1')
    const end = () => {
      socket.end()
      quiet = setTimeout(() => socket.destroy(), QUIET_MS)
    }
    let quiet = setTimeout(end, QUIET_MS)
    socket.on('data', () => {
      clearTimeout(quiet)
      quiet = setTimeout(end, QUIET_MS)
    })
    socket.on('error', () => undefined)
    socket.on('close', () => {
      clearTimeout(quiet)
      resolve()
    })
    socket.write(Buffer.from(bytes, 'latin1'))
  })
}

let runs = 0
let hits = 0
beforeEach(() => {
  hits = 0
})
// A property of what gets through says nothing where nothing does.
afterEach(() => expect(hits).toBeGreaterThan(RUNS / 50))

/** What reached the application of one connection; each of its requests carries the run's number, or was smuggled. */
async function reached(message: (mark: string) => string): Promise<RecordedMessage[]> {
  runs += 1
  const mark = `X-Run: ${runs}`
  fixture.recorder.clear()
  await say(message(mark))
  const numbered = (each: RecordedMessage) => valuesOf(each.headers, 'x-run')[0]
  // Of an earlier run half a request may still come to its end.
  const messages = fixture.recorder
    .messages()
    .filter((each) => [String(runs), undefined].includes(numbered(each)))
  if (messages.length > 0) hits += 1
  return messages
}

/** One request with an end that nobody can mistake. */
const request =
  (target: string, lines: readonly string[] = []) =>
  (mark: string) =>
    `${[`GET ${target} HTTP/1.1`, 'Host: app.gw.test', 'Connection: close', mark, ...lines].join('\r\n')}\r\n\r\n`

const PIECES = [
  '/',
  '/',
  '//',
  '.',
  '..',
  '...',
  '%2e',
  '%2E%2e',
  '%2f',
  '%5c',
  '\\',
  ';',
  ';a=b',
  '%3b',
  '?',
  '%3f',
  '#',
  '%23',
  '%00',
  '%0a',
  '%20',
  '%09',
  '%',
  '%zz',
  '%25',
  '%252e',
  '%c0%ae',
  '%e2%80%ae',
  '%ef%bc%8e',
  '%ef%bc%8f',
  '%EF%BD%81',
  '%u002e',
  'admin',
  'Admin',
  '%61dmin',
  'adm%C4%B1n',
  'public',
  'PUBLIC',
  '%70ublic',
  'a',
  'x',
  '@',
  ':',
  '*',
  '&',
  '=',
  '+',
  '~',
  "'",
  '"',
  '|',
  '^',
  '{',
  '`',
  '<',
  '%e9',
  'é',
]
const piece = fc.constantFrom(...PIECES)
const target = fc.oneof(
  fc.array(piece, { maxLength: 10 }).map((pieces) => `/${pieces.join('')}`),
  fc.array(piece, { maxLength: 4 }).map((pieces) => `/public/${pieces.join('')}`),
  fc.string({
    unit: fc.integer({ min: 0x21, max: 0x7e }).map((code) => String.fromCharCode(code)),
    maxLength: 20,
  }),
)

/** What servers do to a path before they look at it, each on its own account. */
const HABITS: readonly ((path: string) => string)[] = [
  (path) => path.replace(/[?#].*$/s, ''),
  (path) => path.replace(/;[^/]*/g, ''),
  (path) => path.replace(/\\/g, '/'),
  (path) => path.replace(/\/{2,}/g, '/'),
  (path) => path.toLowerCase(),
  (path) => path.normalize('NFKC'),
  (path) => path.replace(/[ .]+(?=\/|$)/g, ''),
  (path) => {
    try {
      return decodeURIComponent(path)
    } catch {
      return path.replace(/%([0-9a-f]{2})/gi, (_, hex: string) =>
        String.fromCharCode(Number.parseInt(hex, 16)),
      )
    }
  },
  (path) => (URL.canParse(path, 'http://x/') ? new URL(path, 'http://x/').pathname : path),
]

/** Everything that any chain of them makes of it. */
function understandings(path: string): Set<string> {
  const all = new Set([path])
  for (const known of all) {
    for (const habit of HABITS) all.add(habit(known))
  }
  return all
}

/** Letters, digits and the like mean the same, encoded or not (RFC 3986, section 6.2.2.2). */
const withoutNeedlessEscapes = (path: string): string =>
  path.replace(/%([0-9a-f]{2})/gi, (whole, hex: string) => {
    const sign = String.fromCharCode(Number.parseInt(hex, 16))
    return /[\w.~-]/.test(sign) ? sign : whole
  })

const isAdmin = (path: string): boolean => /^\/admin(?:\/|$)/i.test(path)

describe('whatever the path', () => {
  it(
    'what was decided on is byte for byte what the application gets',
    async () => {
      await fc.assert(
        fc.asyncProperty(target, async (asked) => {
          const messages = await reached(request(asked, [`Cookie: ${alice}`]))
          expect(messages.length).toBeLessThanOrEqual(1)
          for (const { requestLine } of messages) expect(requestLine).toBe(`GET ${asked} HTTP/1.1`)
        }),
        { numRuns: RUNS },
      )
    },
    TIMEOUT_MS,
  )

  it(
    'no server takes for /admin what was let through as something else',
    async () => {
      await fc.assert(
        fc.asyncProperty(target, async (asked) => {
          const messages = await reached(request(asked, [`Cookie: ${alice}`]))
          if (messages.length === 0) return
          expect([...understandings(asked)].filter(isAdmin)).toEqual([])
        }),
        { numRuns: RUNS },
      )
    },
    TIMEOUT_MS,
  )

  it(
    'nobody gets out of /public',
    async () => {
      await fc.assert(
        fc.asyncProperty(target, async (asked) => {
          const messages = await reached(request(asked))
          if (messages.length === 0) return
          const outside = [...understandings(withoutNeedlessEscapes(asked))].filter(
            (path) => !/^\/+public(?:[/;?#]|$)/i.test(path),
          )
          expect(outside).toEqual([])
        }),
        { numRuns: RUNS },
      )
    },
    TIMEOUT_MS,
  )
})

const IDENTITY = [
  'Remote-User',
  'Remote-Groups',
  'Remote-Name',
  'Remote-Email',
  'X-Gatehouse-Assertion',
]

/** Another spelling of a name, which some server takes for the same. */
const disguised = (name: string) =>
  fc
    .tuple(
      fc.array(fc.boolean(), { minLength: name.length, maxLength: name.length }),
      fc.constantFrom('-', '_', '.', '~', '!', '|'),
    )
    .map(([upper, dash]) =>
      Array.from(name, (sign, index) =>
        sign === '-' ? dash : upper[index] ? sign.toUpperCase() : sign.toLowerCase(),
      ).join(''),
    )

const headerName = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(...IDENTITY).chain(disguised) },
  {
    weight: 2,
    arbitrary: fc
      .constantFrom(
        'Connection',
        'X-Forwarded-For',
        'X-Forwarded-User',
        'Forwarded',
        'X-Auth-Request-User',
        'TE',
        'Trailer',
        'Proxy-Authorization',
        'Host_',
        'Cookie',
      )
      .chain(disguised),
  },
  { weight: 1, arbitrary: fc.stringMatching(/^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,20}$/) },
)
const headerValueText = fc.oneof(
  fc.constantFrom(
    'carol',
    'admins',
    'x.y.z',
    '',
    'close, Remote-User',
    'Remote-User, X-Gatehouse-Assertion',
    'keep-alive, remote_user',
    'alice',
    '10.0.0.1',
    'trailers',
  ),
  fc.string({
    unit: fc
      .integer({ min: 0x20, max: 0xff })
      .filter((code) => code !== 0x7f)
      .map((code) => String.fromCharCode(code)),
    maxLength: 30,
  }),
)
const headerLines = fc.array(fc.tuple(headerName, headerValueText), { maxLength: 12 })

/** Those would make another request of it, or another person. */
const isOurs = (name: string) =>
  /^(host|cookie|content-length|transfer-encoding|upgrade|expect|x-run)$/i.test(name)

describe('whatever the headers', () => {
  const told = async (lines: [string, string][], cookie: string | undefined) => {
    const written = lines
      .filter(([name]) => !isOurs(name))
      .map(([name, value]) => `${name}: ${value}`)
    return reached(
      request(cookie ? '/x' : '/public/x', cookie ? [...written, `Cookie: ${cookie}`] : written),
    )
  }

  it(
    'the application hears each identity header at most once, and only ours',
    async () => {
      await fc.assert(
        fc.asyncProperty(headerLines, async (lines) => {
          const messages = await told(lines, alice)
          expect(messages.length).toBeLessThanOrEqual(1)
          for (const message of messages) {
            const heard = identityLines(message)
            expect(heard.map(([name]) => name).toSorted()).toEqual(IDENTITY.toSorted())
            expect(Object.fromEntries(heard)).toMatchObject({
              'Remote-User': 'alice',
              'Remote-Groups': '',
              'Remote-Name': 'Alice Adams',
              'Remote-Email': 'alice@gw.test',
              'X-Gatehouse-Assertion': expect.stringMatching(/^ey/),
            })
            expect(valuesOf(message.headers, 'x-forwarded-for')).toEqual(['127.0.0.1'])
          }
        }),
        { numRuns: RUNS },
      )
    },
    TIMEOUT_MS,
  )

  it(
    'the application hears of nobody where nobody is signed in',
    async () => {
      await fc.assert(
        fc.asyncProperty(headerLines, async (lines) => {
          for (const message of await told(lines, undefined)) {
            expect(identityLines(message)).toEqual([])
          }
        }),
        { numRuns: RUNS },
      )
    },
    TIMEOUT_MS,
  )
})

const INNER = 'GET /admin/x HTTP/1.1\r\nHost: app.gw.test\r\n\r\n'
const FRAMING_LINES = [
  'Content-Length: 5',
  'Content-Length: 0',
  'content-length: 47',
  'Content-Length: 5, 5',
  'Content-Length: +5',
  'Content-Length:5',
  'Content-Length : 5',
  'Content-Length: 99999999999999999999',
  'Transfer-Encoding: chunked',
  'Transfer-Encoding: identity',
  'Transfer-Encoding: gzip, chunked',
  'Transfer-Encoding:\tchunked',
  'Transfer-Encoding: chunked\u000b',
  'transfer_encoding: chunked',
  ' Transfer-Encoding: chunked',
  'Expect: 100-continue',
  'Upgrade: h2c',
  'Upgrade: websocket',
  'Connection: Upgrade',
  'Connection: keep-alive',
  'Connection: close',
  'TE: trailers',
  'Trailer: X',
  'X: a\n b',
  'X: y\nContent-Length: 5',
]
const BODY_PARTS = [
  'hello',
  '5\r\nhello\r\n',
  '0\r\n\r\n',
  '0\r\nX: y\r\n\r\n',
  '5;a=b\r\nhello\r\n',
  '2f\r\n',
  INNER,
  'f\r\n',
  '\r\n',
  '\n',
  '0',
  '\0',
  'GET /admin/x HTTP/1.1\r\nX: ',
]
const framed = fc.record({
  method: fc.constantFrom('GET', 'POST', 'HEAD', 'DELETE', 'OPTIONS', 'PUT', 'PROPFIND'),
  version: fc.constantFrom('1.1', '1.1', '1.1', '1.0', '2.0'),
  lines: fc.array(fc.constantFrom(...FRAMING_LINES), { maxLength: 4 }),
  body: fc.array(fc.constantFrom(...BODY_PARTS), { maxLength: 6 }),
})

/** Adds, drops or changes single bytes behind the first lines. */
const spoiled = fc.array(
  fc.record({
    at: fc.nat({ max: 400 }),
    drop: fc.nat({ max: 2 }),
    put: fc.constantFrom('', '\r', '\n', '\0', ' ', ':', ';', '\t', '0', 'A', '\x80'),
  }),
  { maxLength: 3 },
)

describe('whatever the bytes', () => {
  const expectAtMostOne = (messages: RecordedMessage[], method: string) => {
    expect(
      messages
        .map(({ requestLine }) => requestLine)
        .filter((line) => line !== `${method} /outer HTTP/1.1`),
    ).toEqual([])
    expect(messages.length).toBeLessThanOrEqual(1)
    for (const message of messages) {
      expect(framingOf(message).length).toBeLessThanOrEqual(1)
      expect(
        message.headers.filter(([name]) => /^(upgrade|expect|te|trailer)$/i.test(name)),
      ).toEqual([])
    }
  }

  it(
    'one message of the client is at most one to the application, and its end is beyond doubt',
    async () => {
      await fc.assert(
        fc.asyncProperty(framed, async ({ method, version, lines, body }) => {
          const messages = await reached(
            (mark) =>
              `${[`${method} /outer HTTP/${version}`, 'Host: app.gw.test', `Cookie: ${alice}`, mark, ...lines].join('\r\n')}\r\n\r\n${body.join('')}`,
          )
          expectAtMostOne(messages, method)
        }),
        { numRuns: RUNS },
      )
    },
    TIMEOUT_MS,
  )

  it(
    'the same holds for what is spoiled on its way',
    async () => {
      await fc.assert(
        fc.asyncProperty(framed, spoiled, async ({ method, lines, body }, changes) => {
          const messages = await reached((mark) => {
            const start = `${method} /outer HTTP/1.1\r\nHost: app.gw.test\r\nCookie: ${alice}\r\n${mark}\r\n`
            let rest = `${lines.map((line) => `${line}\r\n`).join('')}\r\n${body.join('')}`
            for (const { at, drop, put } of changes) {
              const place = at % (rest.length + 1)
              rest = rest.slice(0, place) + put + rest.slice(place + drop)
            }
            return start + rest
          })
          expectAtMostOne(messages, method)
        }),
        { numRuns: RUNS },
      )
    },
    TIMEOUT_MS,
  )
})
