import { once } from 'node:events'
import { connect } from 'node:net'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { aSession, aUser } from '../../support/builders.ts'
import { valuesOf } from '../../support/http1.ts'
import { send, sendRaw } from '../../support/raw.ts'
import { openRecorder, type Recorder } from '../../support/recorder.ts'
import { type Gate, openGate } from './gate.ts'

let recorder: Recorder
let gate: Gate
let alice: string

beforeAll(async () => {
  recorder = await openRecorder()
  const upstream = `http://127.0.0.1:${recorder.port}`
  gate = await openGate({
    routes: [
      {
        host: 'app.gw.test',
        upstream,
        rules: [
          { paths: ['/public/**'], require: 'bypass' },
          { paths: ['/admin/**'], require: 'two_factor', groups: ['admins'] },
          { require: 'two_factor' },
        ],
      },
      { host: 'open.gw.test', upstream, rules: [{ require: 'bypass' }] },
    ],
  })
  alice = gate.signIn('alice')
})
beforeEach(() => recorder.clear())
afterAll(async () => {
  await gate.close()
  await recorder.close()
})

describe('a request that is let through', () => {
  it('arrives with its method and target byte for byte', async () => {
    const path = '/a%41//b;c=1/%e2%82%ac?q=\'%20"|{}^`\\#'.replace('#', '')
    const answer = await send(gate.port, { host: 'open.gw.test', path, method: 'PROPFIND' })
    expect(answer.status).toBe(200)
    expect(recorder.messages().map(({ requestLine }) => requestLine)).toEqual([
      `PROPFIND ${path} HTTP/1.1`,
    ])
  })

  it('tells who is there, once', async () => {
    await send(gate.port, {
      host: 'app.gw.test',
      path: '/',
      headers: [
        ['Cookie', `a=1; ${alice}; b=2`],
        ['Remote-User', 'carol'],
        ['REMOTE_USER', 'carol'],
        ['Remote.User', 'carol'],
        ['X-Gatehouse-Assertion', 'x.y.z'],
      ],
    })
    const [{ headers } = { headers: [] }] = recorder.messages()
    expect(valuesOf(headers, 'remote-user')).toEqual(['alice'])
    expect(valuesOf(headers, 'cookie')).toEqual(['a=1; b=2'])
    expect(valuesOf(headers, 'x-forwarded-for')).toEqual(['127.0.0.1'])
    expect(JSON.stringify(headers)).not.toContain('carol')
  })
})

it('frames a chunked DELETE so that its body stays a body', async () => {
  const inner = 'GET /admin/x HTTP/1.1\r\nHost: app.gw.test\r\n\r\n'
  await sendRaw(
    gate.port,
    `DELETE /x HTTP/1.1\r\nHost: open.gw.test\r\nTransfer-Encoding: chunked\r\n\r\n${inner.length.toString(16)}\r\n${inner}\r\n0\r\n\r\n`,
  )
  const messages = recorder.messages()
  expect(messages.map(({ requestLine }) => requestLine)).toEqual(['DELETE /x HTTP/1.1'])
  expect(messages[0]?.body.toString()).toBe(inner)
})

describe('a request that is not let through', () => {
  const ask = (path: string, headers: [string, string][] = [], method = 'GET') =>
    send(gate.port, { host: 'app.gw.test', path, method, headers })

  it.each([
    ['GET', 302],
    ['HEAD', 302],
    ['POST', 303],
  ])('sends a navigation with %s to the portal', async (method, status) => {
    const answer = await ask('/a?b=c&d', [['Sec-Fetch-Mode', 'navigate']], method)
    expect(answer.status).toBe(status)
    expect(answer.all('location')).toEqual([
      `https://auth.gw.test/login?rd=https%3A%2F%2Fapp.gw.test%2Fa%3Fb%3Dc%26d&rm=${method}`,
    ])
    expect(answer.all('cache-control')).toEqual(['no-store'])
    expect(answer.all('set-cookie')).toEqual([])
  })

  it('tells a program to sign in', async () => {
    const answer = await ask('/api')
    expect(answer.status).toBe(401)
    expect(answer.all('www-authenticate')).toEqual(['Gatehouse realm="auth.gw.test"'])
    expect(answer.all('content-type')).toEqual(['application/problem+json'])
    expect(answer.all('location')).toEqual([])
  })

  it('tells a program what proof is missing', async () => {
    const cookie = gate.signIn('bob', { session: aSession({ aal: 1 }), user: aUser() })
    const answer = await ask('/api', [['Cookie', cookie]])
    expect(answer.status).toBe(401)
    expect(answer.all('www-authenticate')).toEqual([
      'Bearer error="insufficient_user_authentication", acr_values="aal2"',
    ])
  })

  it('gives whoever is denied a number, and writes it down', async () => {
    gate.events.length = 0
    const answer = await ask('/admin/x', [
      ['Cookie', alice],
      ['Accept', 'text/html'],
    ])
    expect(answer.status).toBe(403)
    const [event] = gate.events
    expect(event).toMatchObject({
      name: 'access.denied',
      address: '127.0.0.1',
      details: { host: 'app.gw.test', path: '/admin/x', method: 'GET', reason: 'not_a_member' },
    })
    expect(event?.reference).toMatch(/^[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}$/)
    expect(answer.body).toContain(event?.reference)
    expect(answer.all('location')).toEqual([])
  })

  it.each(['//admin/x', '/public/..%2fadmin/x', '/public/../admin/x', '/admin%3f/../public/'])(
    'stops at %s, which can be read in two ways',
    async (path) => {
      expect((await ask(path)).status).toBe(400)
      expect(recorder.messages()).toEqual([])
    },
  )

  it('to a host that is not there, neither lands elsewhere nor comes back in the answer', async () => {
    const answer = await send(gate.port, {
      host: 'evil.test',
      path: '/',
      headers: [['Accept', 'text/html']],
    })
    expect(answer.status).toBe(421)
    expect(answer.raw).not.toContain('evil.test')
  })

  it.each(['app.gw.test:8443', 'app.gw.test.', 'app.gw.test:80', '127.0.0.1'])(
    'to %s finds no route',
    async (host) => expect((await send(gate.port, { host, path: '/' })).status).toBe(421),
  )
  it.each(['APP.GW.TEST', 'app.gw.test:443'])('to %s finds the one', async (host) => {
    const answer = await send(gate.port, { host, path: '/', headers: [['Cookie', alice]] })
    expect(answer.status).toBe(200)
    expect(valuesOf(recorder.messages()[0]?.headers ?? [], 'host')).toEqual(['app.gw.test'])
  })
})

describe('an answer', () => {
  it('keeps repeated lines apart, and loses cookies under our names', async () => {
    const answer = await send(gate.port, {
      host: 'open.gw.test',
      path: '/set-cookie?name=__Secure-gatehouse&domain=gw.test',
    })
    expect(answer.all('set-cookie')).toEqual(['innocent=kept; Path=/'])
    const others = await send(gate.port, { host: 'open.gw.test', path: '/set-cookie?name=sid' })
    expect(others.all('set-cookie').length).toBeGreaterThan(5)
  })

  it('to HEAD has a length and no body, and the connection goes on', async () => {
    const head = 'HEAD /a HTTP/1.1\r\nHost: open.gw.test\r\n\r\n'
    const answer = await sendRaw(gate.port, head)
    expect(answer.status).toBe(200)
    expect(Number(answer.all('content-length')[0])).toBeGreaterThan(0)
    expect(answer.raw).toMatch(/\r\n\r\n$/)
  })

  it('comes over one connection for request after request', async () => {
    const get = (path: string) => `GET ${path} HTTP/1.1\r\nHost: open.gw.test\r\n\r\n`
    const answer = await sendRaw(gate.port, get('/1') + get('/2') + get('/3'))
    expect(answer.answers).toBe(3)
  })
})

describe('Expect: 100-continue', () => {
  const head = (path: string) =>
    `POST ${path} HTTP/1.1\r\nHost: app.gw.test\r\nContent-Length: 5\r\nExpect: 100-continue\r\n`

  it('is answered once the request is let through', async () => {
    const client = connect(gate.port, '127.0.0.1')
    client.write(`${head('/public/x')}\r\n`)
    const [interim] = await once(client, 'data')
    expect(String(interim)).toBe('HTTP/1.1 100 Continue\r\n\r\n')
    client.write('hello')
    const [final] = await once(client, 'data')
    expect(String(final)).toContain('200 OK')
    expect(recorder.messages()[0]?.body.toString()).toBe('hello')
    expect(valuesOf(recorder.messages()[0]?.headers ?? [], 'expect')).toEqual([])
    client.destroy()
  })

  it('is never answered with 100 when it is not, and the connection ends', async () => {
    const answer = await sendRaw(gate.port, `${head('/private')}\r\n`)
    expect(answer.raw).not.toContain(' 100 ')
    expect(answer.status).toBe(401)
    expect(answer.closed).toBe(true)
  })

  it('is the only expectation there is', async () => {
    const odd = 'GET / HTTP/1.1\r\nHost: open.gw.test\r\nExpect: y 100-continue\r\n\r\n'
    expect((await sendRaw(gate.port, odd)).status).toBe(417)
    expect((await sendRaw(gate.port, odd.replace('y 100-continue', 'nothing'))).status).toBe(417)
    expect(recorder.messages()).toEqual([])
  })
})

it('reaches the portal’s pages on its host, and under /.gatehouse/ on every other', async () => {
  const ask = async (host: string, path: string) => (await send(gate.port, { host, path })).body
  expect(await ask('auth.gw.test', '/login')).toBe('a page')
  expect(await ask('app.gw.test', '/.gatehouse/x')).toBe('a page')
  expect(await ask('app.gw.test', '/public/.gatehouse/x')).not.toBe('a page')
})

it('takes an upgrade to HTTP/2 for what it is worth: nothing', async () => {
  const answer = await sendRaw(
    gate.port,
    'GET /a HTTP/1.1\r\nHost: open.gw.test\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMA\r\n\r\n',
  )
  expect(answer.status).toBe(200)
  expect(answer.closed).toBe(true)
  const names = recorder.messages()[0]?.headers.map(([name]) => name.toLowerCase())
  expect(names).not.toContain('upgrade')
  expect(names).not.toContain('http2-settings')
})
