import { connect as connectTls } from 'node:tls'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type Authority, makeAuthority } from '../../../support/certificates.ts'
import { valuesOf } from '../../../support/http1.ts'
import { openRecorder, type Recorder } from '../../../support/recorder.ts'
import { type Gate, openGate } from '../gate.ts'
import { openDoor, plainTo, talk } from './doors.ts'

const GET = 'GET /a HTTP/1.1\r\nHost: open.gw.test\r\n'
const LINE = 'PROXY TCP4 192.0.2.7 10.0.0.1 8080 443\r\n'
const UNKNOWN = 'PROXY UNKNOWN\r\n'
const BINARY = Buffer.from('0d0a0d0a000d0a515549540a2111000cc00002070a0000011f9001bb', 'hex')

let recorder: Recorder
let authority: Authority
let gate: Gate
let stranger: Gate
let port: number
let tlsPort: number

beforeAll(async () => {
  recorder = await openRecorder()
  authority = makeAuthority()
  const upstream = `http://127.0.0.1:${recorder.port}`
  const routes = [
    { host: 'open.gw.test', upstream, rules: [{ require: 'bypass' }] },
    {
      host: 'near.gw.test',
      upstream,
      rules: [{ networks: ['192.0.2.0/24'], require: 'bypass' }],
    },
  ]
  gate = await openGate({ routes, trusted: ['127.0.0.1', '198.51.100.1'] })
  stranger = await openGate({ routes, trusted: ['198.51.100.1'] })
  port = await openDoor(gate, { proxy_protocol: true })
  tlsPort = await openDoor(gate, {
    proxy_protocol: true,
    tls: [authority.issue(['open.gw.test'])],
    http2: true,
  })
})
beforeEach(() => {
  recorder.clear()
  gate.events.length = 0
})
afterAll(async () => {
  await gate.close()
  await stranger.close()
  await recorder.close()
  authority.remove()
})

const told = (name: string) => valuesOf(recorder.messages()[0]?.headers ?? [], name)

describe('a connection of a trusted proxy', () => {
  it.each([
    ['in version 1', LINE],
    ['in version 2', BINARY],
  ])('tells whose it is %s', async (_, header) => {
    expect(await talk(plainTo(port), header, `${GET}\r\n`)).toContain('200 OK')
    expect(told('x-forwarded-for')).toEqual(['192.0.2.7'])
  })

  it('may come in one piece with the request, or letter by letter', async () => {
    const whole = Buffer.concat([BINARY, Buffer.from(`${GET}\r\n`)])
    expect(await talk(plainTo(port), whole)).toContain('200 OK')
    const pieces = Array.from(whole, (byte) => Buffer.of(byte))
    expect(await talk(plainTo(port), ...pieces)).toContain('200 OK')
    expect(recorder.messages().map(({ requestLine }) => requestLine)).toEqual([
      'GET /a HTTP/1.1',
      'GET /a HTTP/1.1',
    ])
  })

  it('brings one request after the other, with bodies', async () => {
    const post = `POST /b HTTP/1.1\r\nHost: open.gw.test\r\nContent-Length: 5\r\n\r\nhello`
    const socket = plainTo(port)
    socket.write(`${LINE}${post}${post}`)
    let got = ''
    socket.on('data', (bytes) => {
      got += bytes
    })
    await expect.poll(() => got.match(/200 OK/g)?.length).toBe(2)
    expect(recorder.messages().map(({ body }) => body.toString())).toEqual(['hello', 'hello'])
    socket.destroy()
  })

  it('lets rules look at the client, whoever the client says it is', async () => {
    const near = GET.replace('open', 'near')
    expect(await talk(plainTo(port), `${LINE}${near}\r\n`)).toContain('200 OK')
    const far = LINE.replace('192.0.2.7', '203.0.113.9')
    const claim = 'X-Forwarded-For: 192.0.2.7\r\n'
    expect(await talk(plainTo(port), `${far}${near}${claim}\r\n`)).toContain('403 Forbidden')
  })

  it('lets a client that is a trusted proxy itself speak of others', async () => {
    const header = LINE.replace('192.0.2.7', '198.51.100.1')
    const claim = 'X-Forwarded-For: 203.0.113.9\r\n'
    expect(await talk(plainTo(port), `${header}${GET}${claim}\r\n`)).toContain('200 OK')
    expect(told('x-forwarded-for')).toEqual(['203.0.113.9'])
  })

  it('of the proxy’s own is no client, and may not speak of others', async () => {
    const claim = 'X-Forwarded-For: 203.0.113.9\r\n'
    expect(await talk(plainTo(port), `${UNKNOWN}${GET}${claim}\r\n`)).toContain('200 OK')
    expect(told('x-forwarded-for')).toEqual(['127.0.0.1'])
    const question = 'GET /api/authz/forward-auth HTTP/1.1\r\nHost: open.gw.test\r\n\r\n'
    expect(await talk(plainTo(port), `${UNKNOWN}${question}`)).toContain('403 Forbidden')
  })

  it('goes on in TLS behind the header', async () => {
    const raw = plainTo(tlsPort)
    raw.write(LINE)
    const socket = connectTls({
      socket: raw,
      servername: 'open.gw.test',
      rejectUnauthorized: false,
      ALPNProtocols: ['http/1.1'],
    })
    expect(await talk(socket, `${GET}\r\n`)).toContain('200 OK')
    expect(socket.alpnProtocol).toBe('http/1.1')
    expect(told('x-forwarded-for')).toEqual(['192.0.2.7'])
  })
})

describe('a connection is not taken', () => {
  it.each([
    ['without a header', `${GET}\r\n`, 'proxy_header_invalid'],
    [
      'with half of one and something else',
      `PROXY TCP4 192.0.2.7\r\n${GET}\r\n`,
      'proxy_header_invalid',
    ],
    [
      'with TLS where the header should be',
      Buffer.from('1603010200', 'hex'),
      'proxy_header_invalid',
    ],
  ])('%s', async (_, bytes, reason) => {
    expect(await talk(plainTo(port), bytes)).toBe('')
    expect(recorder.messages()).toEqual([])
    expect(gate.events).toMatchObject([{ name: 'access.refused', details: { reason } }])
  })

  it('from somebody who is no trusted proxy', async () => {
    const other = await openDoor(stranger, { proxy_protocol: true })
    expect(await talk(plainTo(other), `${LINE}${GET}\r\n`)).toBe('')
    expect(stranger.events).toMatchObject([{ details: { reason: 'untrusted_proxy' } }])
    expect(recorder.messages()).toEqual([])
  })
})

it('a header where none is expected is no request', async () => {
  expect(await talk(plainTo(gate.port), `${LINE}${GET}\r\n`)).toContain('400 Bad Request')
  expect(recorder.messages()).toEqual([])
})
