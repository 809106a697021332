import { once } from 'node:events'
import { connect } from 'node:net'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { valuesOf } from '../../support/http1.ts'
import { send } from '../../support/raw.ts'
import { openRecorder, type Recorder } from '../../support/recorder.ts'
import { type Gate, openGate } from './gate.ts'

let recorder: Recorder
let gate: Gate
const open = [{ require: 'bypass' }]

beforeAll(async () => {
  recorder = await openRecorder()
  const upstream = `http://127.0.0.1:${recorder.port}`
  const route = (host: string, proxy: object, rules: object[] = open) => ({
    host: `${host}.gw.test`,
    upstream,
    proxy,
    rules,
  })
  gate = await openGate({
    routes: [
      route('kept', {}),
      route('theirs', { host_header: 'upstream' }),
      route('named', { host_header: 'wiki.internal:8080' }),
      route('below', { strip_prefix: '/wiki' }, [
        { paths: ['/wiki/admin/**'], require: 'deny' },
        { require: 'bypass' },
      ]),
      route('deeper', { base_path: '/app' }),
      route('extra', {
        extra_headers: [
          { name: 'X-Site', value: 'main' },
          { name: 'X-Api-Key', secret: 'hidden' },
          { name: 'X-Forwarded-Ssl', value: 'on' },
        ],
        basic: { user: 'gate', password: 'pässword:1' },
      }),
    ],
  })
})
beforeEach(() => recorder.clear())
afterAll(async () => {
  await gate.close()
  await recorder.close()
})

type Headers = [string, string][]
const ask = async (host: string, path = '/', headers: Headers = []) => {
  const answer = await send(gate.port, { host: `${host}.gw.test`, path, headers })
  const [message] = recorder.messages()
  const of = (name: string) => valuesOf(message?.headers ?? [], name)
  return { answer, line: message?.requestLine, of }
}

describe('the Host that an application sees', () => {
  it.each([
    ['kept', 'kept.gw.test'],
    ['theirs', () => `127.0.0.1:${recorder.port}`],
    ['named', 'wiki.internal:8080'],
  ])('of %s is the one that is configured, and it is told of the browser’s', async (host, told) => {
    const { of } = await ask(host)
    expect(of('host')).toEqual([typeof told === 'string' ? told : told()])
    expect(of('x-forwarded-host')).toEqual([`${host}.gw.test`])
  })
})

describe('a path prefix', () => {
  it('is cut off, and the application told', async () => {
    const { line, of } = await ask('below', '/wiki/a%20b//c?d=%2F')
    expect(line).toBe('GET /a%20b//c?d=%2F HTTP/1.1')
    expect(of('x-forwarded-prefix')).toEqual(['/wiki'])
  })

  it('is put in front', async () => {
    expect((await ask('deeper', '/a?b')).line).toBe('GET /app/a?b HTTP/1.1')
  })

  it('closes all that is not below it', async () => {
    const { answer, line } = await ask('below', '/elsewhere')
    expect(answer.status).toBe(404)
    expect(line).toBeUndefined()
  })

  it('is decided on as the browser asked', async () => {
    expect((await ask('below', '/wiki/admin/x')).answer.status).toBe(403)
    expect((await ask('below', '/wiki//admin/x')).answer.status).toBe(400)
    expect((await ask('below', '/wiki/x/../admin')).answer.status).toBe(400)
    expect(recorder.messages()).toEqual([])
  })

  it.each(['/../x', '/a/%2e%2e/%2e%2e/x', '/..;/x', '/a/..%2f..%2fx', '/\\x'])(
    'cannot be left by %s, even where no rule looks at paths',
    async (path) => {
      expect((await ask('deeper', path)).answer.status).toBe(400)
      expect(recorder.messages()).toEqual([])
    },
  )

  it('is changed for a WebSocket too', async () => {
    const socket = connect(gate.port, '127.0.0.1')
    const lines = ['Connection: Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Version: 13']
    const head = ['GET /wiki/chat?x=1 HTTP/1.1', 'Host: below.gw.test', ...lines]
    socket.write(`${head.join('\r\n')}\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n`)
    const [answer] = await once(socket, 'data')
    expect(String(answer)).toContain('101 Switching Protocols')
    expect(recorder.messages()[0]?.requestLine).toBe('GET /chat?x=1 HTTP/1.1')
    socket.destroy()
  })
})

describe('what the gateway says beside who is there', () => {
  it('goes with every request, and nothing of the client under the same name', async () => {
    const { of } = await ask('extra', '/', [
      ['X-Site', 'evil'],
      ['x_site', 'evil'],
      ['X-API-KEY', 'guess'],
      ['Authorization', 'Bearer stolen'],
      ['X-Other', 'kept'],
    ])
    expect(of('x-site')).toEqual(['main'])
    expect(of('x_site')).toEqual([])
    expect(of('x-api-key')).toEqual(['hidden'])
    expect(of('x-forwarded-ssl')).toEqual(['on'])
    expect(of('x-other')).toEqual(['kept'])
    const encoded = Buffer.from('gate:pässword:1').toString('base64')
    expect(of('authorization')).toEqual([`Basic ${encoded}`])
  })

  it('stays on its route', async () => {
    const { of } = await ask('kept', '/', [
      ['X-Site', 'mine'],
      ['Authorization', 'Bearer mine'],
    ])
    expect(of('x-site')).toEqual(['mine'])
    expect(of('authorization')).toEqual(['Bearer mine'])
  })
})
