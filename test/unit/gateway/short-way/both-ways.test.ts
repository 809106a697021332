import { once } from 'node:events'
import { connect } from 'node:net'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { openKeptUpstream, type PlainUpstream } from '../../../support/plain-upstream.ts'
import { type Gate, openGate } from '../gate.ts'

const HOST = 'app.gw.test'

let gate: Gate
let upstream: PlainUpstream
let cookie: string
/** What applications got to read. */
let heard: string[]
/** What the server of HTTP got to read. */
let served = 0

beforeAll(async () => {
  heard = []
  upstream = await openKeptUpstream((socket, head) => {
    heard.push(head)
    socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok')
  })
  gate = await openGate({
    trusted: ['127.0.0.1'],
    routes: [
      {
        host: HOST,
        upstream: upstream.origin,
        rules: [
          { paths: ['/open', '/open/**'], require: 'bypass' },
          { paths: ['/shut', '/shut/**'], require: 'deny' },
          { require: 'two_factor' },
        ],
      },
    ],
  })
  gate.front.server.on('request', () => {
    served += 1
  })
  cookie = gate.signIn('alice')
})
afterAll(async () => {
  upstream.close()
  await gate.close()
})

/** Says something, all at once or with its first byte before the rest, and reads to the end of the connection. */
async function say(
  bytes: string,
  atOnce: boolean,
): Promise<{ statuses: string[]; heard: string[] }> {
  heard.length = 0
  const socket = connect(gate.port, '127.0.0.1')
  socket.setNoDelay(true).on('error', () => undefined)
  await once(socket, 'connect')
  let got = ''
  socket.on('data', (chunk) => {
    got += chunk.toString('latin1')
  })
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()))
  if (atOnce) socket.write(bytes, 'latin1')
  else {
    const before = served
    socket.write(bytes.slice(0, 1), 'latin1')
    await new Promise((resolve) => setTimeout(resolve, 3))
    socket.write(bytes.slice(1), 'latin1')
    expect(served).toBe(before)
  }
  // The first request of the other kind ends the connection, whatever became of the one before.
  for (let waited = 0; waited < 400 && !got.includes('\r\n\r\n'); waited += 1) {
    await new Promise((resolve) => setTimeout(resolve, 1))
  }
  socket.end('GET /open/last HTTP/1.1\r\nHost: app.gw.test\r\nConnection: close\r\n\r\n')
  await Promise.race([closed, new Promise((resolve) => setTimeout(resolve, 2_000))])
  socket.destroy()
  const statuses = [...got.matchAll(/^HTTP\/1\.1 (\d{3})/gm)].map(([, status = '']) => status)
  return { statuses, heard: heard.map(comparable) }
}

/** A statement is signed anew for each second. */
const comparable = (head: string) => head.replace(/^x-gatehouse-assertion: .*$/im, '')

const value = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom('a', 'keep-alive', 'mallory', '192.0.2.9', '') },
  {
    weight: 1,
    arbitrary: fc.constantFrom(' ', 'close', 'upgrade', '\t', 'a\0b', 'ä', 'a, b', '"', 'a\nb'),
  },
)
const line = fc
  .tuple(
    fc.oneof(
      {
        weight: 4,
        arbitrary: fc.constantFrom(
          'Accept',
          'X-A',
          'X-Forwarded-For',
          'Remote-User',
          'remote_user',
          'X-Gatehouse-Assertion',
          'Range',
          'Origin',
          'Sec-Fetch-Mode',
          'X-Forwarded-Proto',
        ),
      },
      {
        weight: 1,
        arbitrary: fc.constantFrom(
          'Connection',
          'Host',
          'Expect',
          'TE',
          'Upgrade',
          'X A',
          '',
          'Cookie',
        ),
      },
    ),
    fc.constantFrom(': ', ':', ':  ', ' :', ''),
    value,
  )
  .map((parts) => parts.join(''))
const target = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.constantFrom('/', '/open', '/open/a?b=c', '/shut', '/a%2Fb', '/private?x=/open'),
  },
  {
    weight: 2,
    arbitrary: fc
      .array(
        fc.constantFrom(
          '/',
          '..',
          '.',
          '%2e',
          '%2F',
          '%5c',
          '\\',
          ';a',
          'open',
          'shut',
          '?',
          '#',
          '//',
        ),
        { minLength: 1, maxLength: 5 },
      )
      .map((parts) => `/${parts.join('')}`),
  },
  { weight: 1, arbitrary: fc.constantFrom('*', 'http://app.gw.test/', 'app.gw.test:80', '', '/ä') },
)
const opening = fc.oneof(
  { weight: 6, arbitrary: fc.constant('GET') },
  { weight: 1, arbitrary: fc.constantFrom('HEAD', 'OPTIONS', 'get', 'GET ', ' GET', 'TRACE') },
)
const host = fc.oneof(
  { weight: 6, arbitrary: fc.constant(HOST) },
  {
    weight: 1,
    arbitrary: fc.constantFrom('APP.gw.test', 'app.gw.test.', 'app.gw.test:80', 'x', ''),
  },
)

const request = fc
  .record({
    opening,
    target,
    host,
    signedIn: fc.boolean(),
    lines: fc.array(line, { maxLength: 4 }),
  })
  .map(({ opening: method, target: where, host: whose, signedIn, lines }) =>
    [
      `${method} ${where} HTTP/1.1`,
      `Host: ${whose}`,
      ...(signedIn ? [`Cookie: a=b; ${cookie}`] : []),
      ...lines,
      '',
      '',
    ].join('\r\n'),
  )

it('is the same, said at once or in two pieces', async () => {
  let short = 0
  await fc.assert(
    fc.asyncProperty(request, async (bytes) => {
      const before = served
      const one = await say(bytes, true)
      if (served === before + 1) short += 1
      const other = await say(bytes, false)
      expect(one).toEqual(other)
      for (const head of one.heard) {
        expect(head).not.toMatch(/^remote.user: *mallory/im)
        expect(head.match(/^remote-user:/gim)?.length ?? 0).toBeLessThanOrEqual(1)
      }
    }),
    { numRuns: 400 },
  )
  // A good part of them is plain.
  expect(short).toBeGreaterThan(80)
}, 180_000)
