import { once } from 'node:events'
import { createServer, type Server } from 'node:https'
import { connect } from 'node:net'
import type { Duplex } from 'node:stream'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Authority, makeAuthority, pairOf } from '../../support/certificates.ts'
import { portOf } from '../../support/ports.ts'
import { send } from '../../support/raw.ts'
import { type Gate, openGate } from './gate.ts'

let authority: Authority
let stranger: Authority
let servers: Server[]
let gate: Gate
let sni: (string | false | null)[]

/** An application of its own certificate; over a WebSocket it says nothing but yes. */
async function application(names: readonly string[]): Promise<string> {
  const server = createServer(pairOf(authority.issue(names)), (message, response) => {
    response.end(`${message.headers.host} by HTTP/${message.httpVersion}`)
  })
  server.on('secureConnection', (socket) => sni.push(socket.servername ?? null))
  server.on('upgrade', (_, socket: Duplex) => {
    const accept = 's3pPLMBiTxaQ9kYGzzhZRbK+xOo='
    const lines = ['Upgrade: websocket', 'Connection: Upgrade', `Sec-WebSocket-Accept: ${accept}`]
    socket.write(`HTTP/1.1 101 Switching Protocols\r\n${lines.join('\r\n')}\r\n\r\n`)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  servers.push(server)
  return `https://127.0.0.1:${portOf(server)}`
}

beforeAll(async () => {
  authority = makeAuthority()
  stranger = makeAuthority()
  servers = []
  sni = []
  const numbered = await application(['127.0.0.1'])
  const named = await application(['wiki.internal'])
  const route = (host: string, upstream: string, tls?: object) => ({
    host: `${host}.gw.test`,
    upstream,
    ...(tls ? { proxy: { tls } } : {}),
    rules: [{ require: 'bypass' }],
  })
  gate = await openGate({
    routes: [
      route('known', numbered, { ca: authority.ca }),
      route('named', named, { ca: authority.ca, server_name: 'wiki.internal' }),
      route('unknown', numbered),
      route('stranger', numbered, { ca: stranger.ca }),
      route('other-name', named, { ca: authority.ca }),
      route('wrong-name', named, { ca: authority.ca, server_name: 'mail.internal' }),
      route('anybody', named, { verify: false }),
    ],
    timeouts: { connect: '2s', head: '2s' },
  })
})
afterAll(async () => {
  await gate.close()
  for (const server of servers) server.close()
  authority.remove()
  stranger.remove()
})

async function handshake(host: string): Promise<string> {
  const socket = connect(gate.port, '127.0.0.1')
  const lines = ['Connection: Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Version: 13']
  const key = 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=='
  socket.write(`GET / HTTP/1.1\r\nHost: ${host}\r\n${lines.join('\r\n')}\r\n${key}\r\n\r\n`)
  const [bytes] = await once(socket, 'data')
  socket.destroy()
  return String(bytes)
}

describe('an application over TLS', () => {
  it.each([
    ['known', 'by the authority that is named'],
    ['named', 'under the name that is given'],
    ['anybody', 'without a look, where that is said'],
  ])('%s is recognized %s', async (name) => {
    const host = `${name}.gw.test`
    const answer = await send(gate.port, { host, path: '/' })
    expect(answer.status).toBe(200)
    expect(answer.body).toBe(`${host} by HTTP/1.1`)
    expect(await handshake(host)).toContain('101 Switching Protocols')
  })

  it.each([
    ['unknown', 'no authority that is known has vouched for it'],
    ['stranger', 'another authority is named'],
    ['other-name', 'its certificate is not for the address'],
    ['wrong-name', 'its certificate is not for the name'],
  ])('%s is not spoken to: %s', async (name) => {
    const host = `${name}.gw.test`
    expect((await send(gate.port, { host, path: '/' })).status).toBe(502)
    expect(await handshake(host)).toContain('502 Bad Gateway')
  })

  it('hears the name that is given, never the browser’s', () => {
    expect(sni).toContain('wiki.internal')
    expect(sni.filter((name) => name && /gw\.test/.test(name))).toEqual([])
  })
})
