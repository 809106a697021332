import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { aUser } from '../../support/builders.ts'
import { send } from '../../support/raw.ts'
import { type Gate, openGate } from './gate.ts'

const ROUTES = [
  {
    host: 'app.gw.test',
    rules: [{ paths: ['/public/**'], require: 'bypass' }, { require: 'one_factor' }],
  },
  { host: '*.wild.gw.test', rules: [{ require: 'one_factor' }] },
]
type Lines = [string, string][]
const NAVIGATION: Lines = [['Sec-Fetch-Mode', 'navigate']]

let gate: Gate
let plain: Gate
beforeAll(async () => {
  const options = { routes: ROUTES, trusted: ['127.0.0.1'] }
  gate = await openGate({
    ...options,
    compat: { oauth2_proxy: { proxy: 'traefik' }, tinyauth: {} },
  })
  plain = await openGate(options)
})
afterAll(async () => {
  await gate.close()
  await plain.close()
})

const get = (host: string, path: string, headers: Lines = NAVIGATION, port = gate.port) =>
  send(port, { host, path, headers })
const login = (url: string) => `https://auth.gw.test/login?rd=${encodeURIComponent(url)}&rm=GET`
const APP = 'https://app.gw.test'

describe('/oauth2/start', () => {
  it.each([
    ['app.gw.test', '/a?b=c', `${APP}/a?b=c`],
    ['app.gw.test', `${APP}/a?b=%26`, `${APP}/a?b=%26`],
    ['auth.gw.test', `${APP}/a#b`, `${APP}/a#b`],
    ['app.gw.test', `${APP}/a b?c=\u00fc d`, `${APP}/a%20b?c=%C3%BC%20d`],
    ['app.gw.test', 'https://app.gw.test\n.evil.test/', `${APP}/`],
    ['auth.gw.test', 'https://x.wild.gw.test/', 'https://x.wild.gw.test/'],
    ['x.wild.gw.test', '/a', 'https://x.wild.gw.test/a'],
    ['app.gw.test', '//evil.test/', `${APP}//evil.test/`],
    ['app.gw.test', '/\\evil.test/', `${APP}/`],
    ['app.gw.test', 'https://evil.test/', `${APP}/`],
    ['app.gw.test', `${APP}.evil.test/`, `${APP}/`],
    ['app.gw.test', 'http://app.gw.test/', `${APP}/`],
    ['app.gw.test', 'javascript:alert(1)', `${APP}/`],
    ['app.gw.test', '', `${APP}/`],
    ['auth.gw.test', '/a', 'https://auth.gw.test/'],
  ])('on %s with rd=%s leads to the sign-in, and then to %s', async (host, rd, expected) => {
    const answer = await get(host, `/oauth2/start?rd=${encodeURIComponent(rd)}`)
    expect(answer.status).toBe(302)
    expect(answer.all('location')).toEqual([login(expected)])
  })

  it('takes the page from the proxy where the query names none', async () => {
    const headers: Lines = [...NAVIGATION, ['X-Auth-Request-Redirect', '/a?b=c']]
    const answer = await get('app.gw.test', '/oauth2/start', headers)
    expect(answer.all('location')).toEqual([login(`${APP}/a?b=c`)])
  })
})

it('shows a page at /oauth2/sign_in, which nginx may give another status', async () => {
  const headers: Lines = [...NAVIGATION, ['X-Auth-Request-Redirect', '/a']]
  const page = await get('app.gw.test', '/oauth2/sign_in', headers)
  expect(page.status).toBe(200)
  expect(page.all('location')).toEqual([])
  expect(page.body).toContain(login(`${APP}/a`).replaceAll('&', '&amp;'))
  const program = await get('app.gw.test', '/oauth2/sign_in', [['Accept', 'application/json']])
  expect(program.status).toBe(401)
})

it('leads from /oauth2/sign_out to the page where one signs out', async () => {
  const answer = await get('app.gw.test', '/oauth2/sign_out?rd=https%3A%2F%2Fevil.test')
  expect(answer.status).toBe(302)
  expect(answer.all('location')).toEqual([
    `https://auth.gw.test/logout?rd=${encodeURIComponent(`${APP}/`)}`,
  ])
})

it.each([
  '/oauth2/start',
  '/oauth2/sign_in',
  '/oauth2/sign_out',
  '/oauth2/auth',
  '/api/auth/traefik',
])('knows nothing of %s unless it is told to, or where it serves nobody', async (path) => {
  expect((await get('app.gw.test', path, NAVIGATION, plain.port)).status).toBe(421)
  if (!path.endsWith('auth') && !path.startsWith('/api')) {
    expect((await get('evil.test', path)).status).toBe(421)
  }
})

describe('/oauth2/auth', () => {
  const ask = (query: string, cookie?: string, uri = '/a') =>
    send(gate.port, {
      host: 'gatehouse:9091',
      path: `/oauth2/auth${query}`,
      headers: [
        ['X-Forwarded-Method', 'GET'],
        ['X-Forwarded-Proto', 'https'],
        ['X-Forwarded-Host', 'app.gw.test'],
        ['X-Forwarded-Uri', uri],
        ...(cookie ? [['Cookie', cookie] as const] : []),
      ],
    })
  let alice: string
  beforeAll(() => {
    const user = aUser({ name: 'alice', groups: ['staff', 'ops'], email: 'Alice@gw.test' })
    alice = gate.signIn('alice', { user })
  })

  it('tells who is there in words of its own', async () => {
    const answer = await ask('', alice)
    expect(answer.status).toBe(202)
    expect(answer.all('x-auth-request-user')).toEqual(['alice'])
    expect(answer.all('x-auth-request-groups')).toEqual(['staff,ops'])
    expect(answer.all('x-auth-request-email')).toEqual(['Alice@gw.test'])
    expect(answer.all('remote-user')).toEqual(['alice'])
  })

  it.each([
    ['?allowed_groups=ops', 202],
    ['?allowed_groups=admins,ops', 202],
    ['?allowed_groups=admins', 403],
    ['?allowed_groups=admins&allowed_groups=ops', 202],
    ['?allowed_groups=', 403],
    ['?allowed_emails=alice@gw.test', 202],
    ['?allowed_emails=bob@gw.test', 403],
    ['?allowed_email_domains=gw.test', 202],
    ['?allowed_email_domains=*.gw.test', 403],
    ['?allowed_email_domains=.test', 202],
    ['?allowed_email_domains=evilgw.test', 403],
    ['?allowed_groups=ops&allowed_email_domains=evil.test', 403],
  ])('keeps out whoever %s does not name: %i', async (query, status) => {
    expect((await ask(query, alice)).status).toBe(status)
  })

  it('opens to nobody unknown what names some, whatever the rules say', async () => {
    expect((await ask('', undefined, '/public/a')).status).toBe(202)
    expect((await ask('?allowed_groups=ops', undefined, '/public/a')).status).toBe(401)
    expect((await ask('?allowed_groups=ops', alice, '/public/a')).status).toBe(202)
  })
})
