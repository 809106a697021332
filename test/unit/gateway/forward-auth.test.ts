import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { aSession, aUser } from '../../support/builders.ts'
import { send, sendRaw } from '../../support/raw.ts'
import { type Gate, openGate } from './gate.ts'

const ROUTES = [
  {
    host: 'app.gw.test',
    rules: [
      { paths: ['/public/**'], require: 'bypass' },
      { paths: ['/admin/**'], require: 'two_factor', groups: ['admins'], max_age: '10m' },
      { paths: ['/inside/**'], networks: ['10.0.0.0/8'], require: 'bypass' },
      { paths: ['/inside/**'], require: 'deny' },
      { require: 'two_factor' },
    ],
    headers: { user: 'X-My-User' },
    proxy: { origins: ['https://editor.gw.test'] },
  },
  {
    host: 'through.gw.test',
    upstream: 'http://127.0.0.1:1',
    rules: [{ require: 'two_factor' }],
  },
]
const IDENTITY = [
  'X-My-User',
  'Remote-Groups',
  'Remote-Name',
  'Remote-Email',
  'X-Gatehouse-Assertion',
]
const NAVIGATION: [string, string] = ['Sec-Fetch-Mode', 'navigate']

let gate: Gate
let stranger: Gate
let alice: string
beforeAll(async () => {
  gate = await openGate({ routes: ROUTES, trusted: ['127.0.0.1', '192.0.2.0/24'] })
  stranger = await openGate({ routes: ROUTES })
  alice = gate.signIn('alice')
})
beforeEach(() => {
  gate.events.length = 0
})
afterAll(async () => {
  await gate.close()
  await stranger.close()
})

type Lines = readonly (readonly [string, string])[]

interface Question {
  method?: string
  scheme?: string
  host?: string
  target?: string
  headers?: Lines
}

/** Asks as Traefik, Caddy and HAProxy do. */
const forwarded = (
  { method = 'GET', scheme = 'https', host = 'app.gw.test', target = '/', headers = [] }: Question,
  port = gate.port,
) =>
  send(port, {
    host: 'gatehouse:9091',
    path: '/api/authz/forward-auth',
    headers: [
      ['X-Forwarded-Method', method],
      ['X-Forwarded-Proto', scheme],
      ['X-Forwarded-Host', host],
      ['X-Forwarded-Uri', target],
      ...headers,
    ],
  })

/** Asks as nginx does. */
const original = (
  { method = 'GET', scheme = 'https', host = 'app.gw.test', target = '/', headers = [] }: Question,
  port = gate.port,
) =>
  send(port, {
    host: 'gatehouse:9091',
    path: '/api/authz/auth-request',
    headers: [
      ['X-Original-Method', method],
      ['X-Original-URL', `${scheme}://${host}${target}`],
      ...headers,
    ],
  })

const DOORS = [
  ['forward-auth', forwarded, 400],
  ['auth-request', original, 403],
] as const

describe.each(DOORS)('%s', (_, ask, malformed) => {
  it('says yes with exactly 200, and tells who is there', async () => {
    const answer = await ask({ headers: [['Cookie', alice]] })
    expect(answer.status).toBe(200)
    expect(answer.all('x-my-user')).toEqual(['alice'])
    expect(answer.all('remote-groups')).toEqual(['staff'])
    expect(answer.all('remote-email')).toEqual(['alice@gw.test'])
    expect(answer.all('x-gatehouse-assertion').join()).toMatch(/^ey[^.]+\.[^.]+\.[^.]+$/)
    expect(answer.all('cache-control')).toEqual(['no-store'])
  })

  it('lists every identity header, empty, where nobody is signed in', async () => {
    const answer = await ask({ target: '/public/a', headers: [['X-My-User', 'carol']] })
    expect(answer.status).toBe(200)
    expect(IDENTITY.map((name) => answer.all(name))).toEqual(IDENTITY.map(() => ['']))
  })

  it('answers a program with a challenge and no Location', async () => {
    const answer = await ask({ target: '/api' })
    expect(answer.status).toBe(401)
    expect(answer.all('www-authenticate')).toEqual(['Gatehouse realm="auth.gw.test"'])
    expect(answer.all('location')).toEqual([])
    expect(answer.all('cache-control')).toEqual(['no-store'])
  })

  it('answers a program whose proof is too old or too weak as RFC 9470 says', async () => {
    const cookie = gate.signIn('carol', {
      user: aUser({ groups: ['admins'] }),
      session: aSession({ aal: 1 }),
    })
    const answer = await ask({ target: '/admin/x', headers: [['Cookie', cookie]] })
    expect(answer.status).toBe(401)
    expect(answer.all('www-authenticate')).toEqual([
      'Bearer error="insufficient_user_authentication", acr_values="aal2", max_age="600"',
    ])
  })

  it('denies with a page for a person and a problem for a program, and one number', async () => {
    const headers: Lines = [['Cookie', alice]]
    const problem = await ask({ target: '/admin/x', headers })
    const page = await ask({ target: '/admin/x', headers: [...headers, NAVIGATION] })
    expect([problem.status, page.status]).toEqual([403, 403])
    const [first, second] = gate.events
    expect(JSON.parse(problem.body)).toMatchObject({
      code: 'access_denied',
      reference: first?.reference,
    })
    expect(page.body).toContain(second?.reference)
    expect([...problem.all('location'), ...page.all('location')]).toEqual([])
  })

  it('takes the client’s address from the right end of X-Forwarded-For', async () => {
    const from = (value: string) =>
      ask({ target: '/inside/x', headers: [['X-Forwarded-For', value]] })
    expect((await from('10.1.1.1')).status).toBe(200)
    expect((await from('10.1.1.1, 192.0.2.9')).status).toBe(200)
    expect((await from('10.1.1.1, 203.0.113.9')).status).toBe(403)
    expect((await from('10.1.1.1, junk')).status).toBe(403)
    expect((await from('::ffff:10.1.1.1')).status).toBe(200)
  })

  it('answers nobody who is not a trusted proxy, and writes it down', async () => {
    const answer = await ask({ target: '/public/a' }, stranger.port)
    expect(answer.status).toBe(403)
    expect(stranger.events.at(-1)).toMatchObject({
      name: 'access.refused',
      details: { reason: 'untrusted_proxy' },
    })
  })

  it.each<[string, Question]>([
    ['another scheme', { scheme: 'http' }],
    ['no scheme that is known', { scheme: 'ftp' }],
    ['a host that is not here', { host: 'evil.test' }],
    ['another port', { host: 'app.gw.test:8443' }],
    ['two hosts', { host: 'app.gw.test, evil.test' }],
    ['user info', { host: 'x@app.gw.test' }],
    ['no host', { host: '' }],
    ['no path', { target: '' }],
    ['a path that is none', { target: 'public' }],
    ['bytes that are no URL', { target: '/public/a b' }],
    ['a fragment', { target: '/public/#a' }],
    ['a backslash', { target: '/public\\a' }],
    ['a path that can be read in two ways', { target: '/public/..%2fadmin' }],
    ['a dot segment', { target: '/public/../admin' }],
    ['a method in small letters', { method: 'get' }],
    ['two methods', { method: 'GET, POST' }],
    ['a method that shows what was received', { method: 'TRACE' }],
    ['the same under its other name', { method: 'TRACK' }],
    ['a method that asks for a tunnel', { method: 'CONNECT' }],
    [
      'an X-Original-URI beside it that says another thing',
      {
        headers: [
          ['X-Original-Method', 'PUT'],
          ['X-Forwarded-Method', 'PUT'],
        ],
      },
    ],
  ])('is told nothing by a question with %s', async (_title, question) => {
    const answer = await ask({ target: '/public/a', ...question })
    expect(answer.status).toBe(malformed)
    expect(answer.all('location')).toEqual([])
    expect(answer.all('x-my-user')).toEqual([])
  })

  it('understands the default port, and wss for https', async () => {
    const question = { target: '/public/a', scheme: 'wss', host: 'APP.gw.test:443' }
    expect((await ask(question)).status).toBe(200)
  })

  it('hears an upgrade as an ordinary question', async () => {
    const answer = await ask({
      target: '/ws',
      headers: [
        ['Upgrade', 'websocket'],
        ['Connection', 'Upgrade'],
        ['Sec-WebSocket-Key', 'dGhlIHNhbXBsZSBub25jZQ=='],
        ['Accept', 'text/html'],
      ],
    })
    expect(answer.status).toBe(401)
  })

  it.each<[string, Lines, number]>([
    ['a page of the application', [['Origin', 'https://app.gw.test']], 200],
    ['a program', [], 200],
    ['a page of an origin that is listed', [['Origin', 'https://editor.gw.test']], 200],
    ['a page of a sibling', [['Origin', 'https://a.gw.test']], 403],
    ['a page without an origin', [['Origin', 'null']], 403],
    ['a page by http', [['Origin', 'http://app.gw.test']], 403],
    [
      'two pages at once',
      [
        ['Origin', 'https://app.gw.test'],
        ['Origin', 'https://evil.test'],
      ],
      403,
    ],
  ])('opens a WebSocket to %s, or not', async (_title, origin, status) => {
    const marks: Lines[] = [
      [['Sec-WebSocket-Key', 'dGhlIHNhbXBsZSBub25jZQ==']],
      // All that is left of it by HTTP/2.
      [['Sec-WebSocket-Version', '13']],
      [
        ['Upgrade', 'websocket'],
        ['Connection', 'Upgrade'],
      ],
    ]
    for (const mark of marks) {
      const headers = [['Cookie', alice] as const, ...mark, ...origin]
      expect((await ask({ target: '/public/ws', headers })).status).toBe(status)
    }
    // Without a session it is as good as any request.
    const [mark = []] = marks
    const anonymous = await ask({ target: '/public/ws', headers: [...mark, ...origin] })
    expect(anonymous.status).toBe(200)
    const request = await ask({ headers: [['Cookie', alice], ...origin] })
    expect(request.status).toBe(200)
  })
})

describe('a navigation without a session', () => {
  const link = (method: string) =>
    `https://auth.gw.test/login?rd=https%3A%2F%2Fapp.gw.test%2Fa%3Fb%3D%2526c&rm=${method}`

  it.each([
    ['GET', 302],
    ['HEAD', 302],
    ['POST', 303],
  ])('is sent on by forward-auth (%s)', async (method, status) => {
    const answer = await forwarded({ method, target: '/a?b=%26c', headers: [NAVIGATION] })
    expect(answer.status).toBe(status)
    expect(answer.all('location')).toEqual([link(method)])
  })

  it.each(['GET', 'POST'])('gets 401 and a Location by auth-request (%s)', async (method) => {
    const answer = await original({ method, target: '/a?b=%26c', headers: [NAVIGATION] })
    expect(answer.status).toBe(401)
    expect(answer.all('location')).toEqual([link(method)])
  })
})

describe('what nginx shows in the place of a body that it has dropped', () => {
  const page = (given: Question & { reference?: string }) =>
    send(gate.port, {
      host: 'gatehouse:9091',
      path: '/api/authz/auth-request/page',
      headers: [
        ['X-Original-Method', given.method ?? 'GET'],
        ['X-Original-URL', `https://app.gw.test${given.target ?? '/'}`],
        ...(given.reference ? [['X-Gatehouse-Reference', given.reference] as const] : []),
        ...(given.headers ?? []),
      ],
    })

  it('is a redirect, or a problem for a program', async () => {
    expect((await page({ headers: [NAVIGATION] })).status).toBe(302)
    const problem = await page({})
    expect([problem.status, JSON.parse(problem.body).code]).toEqual([
      401,
      'authentication_required',
    ])
  })

  it('is never a yes: whatever the proxy has refused by itself stays refused', async () => {
    for (const headers of [[NAVIGATION], []] as Lines[]) {
      const answer = await page({ target: '/a', headers: [['Cookie', alice], ...headers] })
      expect(answer.status).toBe(403)
      expect(answer.all('remote-user')).toEqual([])
      expect(answer.all('x-gatehouse-assertion')).toEqual([])
    }
  })

  it('is the page about a refusal that was written down already, with its number', async () => {
    const headers: Lines = [['Cookie', alice], NAVIGATION]
    const first = await original({ target: '/admin/x', headers })
    const [reference = ''] = first.all('x-gatehouse-reference')
    const answer = await page({ target: '/admin/x', headers, reference })
    expect(answer.status).toBe(403)
    expect(answer.body).toContain(reference)
    expect(gate.events.map((event) => event.reference)).toEqual([reference])
  })

  it('takes no other text for a number, and none at another address', async () => {
    const headers: Lines = [['Cookie', alice], NAVIGATION]
    await page({ target: '/admin/x', headers, reference: 'ILOU-0000' })
    await forwarded({
      target: '/admin/x',
      headers: [...headers, ['X-Gatehouse-Reference', '7K3M-Q2XZ']],
    })
    expect(gate.events).toHaveLength(2)
    expect(gate.events.map((event) => event.reference)).not.toContain('7K3M-Q2XZ')
  })
})

it('answers a malformed question in the dialect of its path, with a query or without', async () => {
  for (const [path, status] of [
    ['/api/authz/forward-auth?a=b', 400],
    ['/api/authz/auth-request', 403],
    ['/api/authz/auth-request?a=b', 403],
    ['/api/authz/ext-authz/a?a=b', 400],
  ] as const) {
    const lines = `Host: auth.gw.test\r\nX-Original-URL: /\r\nX-Original-URL: /`
    const answer = await sendRaw(gate.port, `GET ${path} HTTP/1.1\r\n${lines}\r\n\r\n`)
    expect(answer.status).toBe(status)
  }
})

it('reads nothing of the family that this proxy does not speak', async () => {
  const only = (path: string, headers: Lines) => send(gate.port, { host: 'x', path, headers })
  const forward: Lines = [
    ['X-Forwarded-Method', 'GET'],
    ['X-Forwarded-Proto', 'https'],
    ['X-Forwarded-Host', 'app.gw.test'],
    ['X-Forwarded-Uri', '/public/a'],
  ]
  expect((await only('/api/authz/auth-request', forward)).status).toBe(403)
  expect((await only('/api/authz/forward-auth', forward)).status).toBe(200)
  for (const missing of forward) {
    const rest = forward.filter((line) => line !== missing)
    expect((await only('/api/authz/forward-auth', rest)).status).toBe(400)
    const underscored = [...rest, [missing[0].replaceAll('-', '_'), missing[1]] as const]
    expect((await only('/api/authz/forward-auth', underscored)).status).toBe(400)
  }
  const twice = [...forward, ['X-Forwarded-Uri', '/public/a'] as const]
  expect((await only('/api/authz/forward-auth', twice)).status).toBe(400)
  expect((await only('/api/authz/auth-request', twice)).status).toBe(403)
})

it('tells a page of one application nothing that is for another', async () => {
  const question = (host: string, asked: string) =>
    send(gate.port, {
      host,
      path: '/api/authz/forward-auth',
      headers: [
        ['X-Forwarded-Method', 'GET'],
        ['X-Forwarded-Proto', 'https'],
        ['X-Forwarded-Host', asked],
        ['X-Forwarded-Uri', '/'],
        ['Cookie', alice],
      ],
    })
  // The proxy in front is trusted, and passes on whatever a browser asks for on this host.
  const foreign = await question('through.gw.test', 'app.gw.test')
  expect(foreign.status).toBe(400)
  expect(foreign.all('x-gatehouse-assertion')).toEqual([])
  expect(gate.events.at(-1)?.details).toMatchObject({ why: 'asked_by_an_application' })
  // Some proxies that ask keep the Host of the request that they ask about.
  expect((await question('through.gw.test', 'through.gw.test')).status).toBe(200)
  expect((await question('app.gw.test', 'app.gw.test')).status).toBe(200)
})

it('keeps the connection of the proxy that asks', async () => {
  const question =
    'GET /api/authz/forward-auth HTTP/1.1\r\nHost: x\r\nX-Forwarded-Method: GET\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Host: app.gw.test\r\nX-Forwarded-Uri: /public/a\r\n\r\n'
  expect((await sendRaw(gate.port, question.repeat(3))).answers).toBe(3)
})
