import { expect } from 'vitest'
import { valuesOf } from '../support/http1.ts'
import type { RawAnswer } from '../support/raw.ts'
import type { RecordedMessage } from '../support/recorder.ts'
import { FRAMING } from './framing.ts'
import type { Check, Seen } from './seen.ts'

const IDENTITY_HEADERS = [
  'Remote-User',
  'Remote-Groups',
  'Remote-Name',
  'Remote-Email',
  'X-Gatehouse-Assertion',
]

/** What the application may have seen, by the sentence that a case says it in. */
export const UPSTREAM: Record<string, Check> = {
  ...FRAMING,

  'no request recorded at the upstream': ({ messages }) => {
    expect(messages.map(({ requestLine }) => requestLine)).toEqual([])
  },

  'no request for /admin in any spelling': ({ messages }) => {
    const spelled = messages.map(({ requestLine }) => decodeFully(requestLine))
    expect(spelled.filter((line) => /admin/i.test(line))).toEqual([])
  },

  'one request; exactly one Remote-User line and its value is alice; no other spelling of any identity header':
    ({ answer, messages }) => {
      if (![101, 200].includes(answer.status)) return expect(messages).toEqual([])
      const lines = identityLines(only(messages))
      expect(lines.filter(([name]) => name === 'Remote-User')).toEqual([['Remote-User', 'alice']])
      // Each under its own spelling, and once.
      expect(lines.map(([name]) => name).toSorted()).toEqual(IDENTITY_HEADERS.toSorted())
      expect(lines.filter(([, value]) => /carol|admins/.test(value))).toEqual([])
    },

  'one request with none of the identity headers (absent, not empty copies of the client value)': ({
    messages,
  }) => {
    expect(identityLines(only(messages))).toEqual([])
  },

  'X-Gatehouse-Assertion and the gateway X-Forwarded-For are present': ({ answer, messages }) => {
    if (answer.status !== 200) return expect(messages).toEqual([])
    const { headers } = only(messages)
    expect(valuesOf(headers, 'x-gatehouse-assertion')).toEqual([expect.stringMatching(/^ey/)])
    expect(valuesOf(headers, 'x-forwarded-for')).toEqual(['127.0.0.1'])
  },

  'Host and framing intact': ({ answer, messages }) => {
    if (answer.status !== 200) return expect(messages).toEqual([])
    const { headers, requestLine } = only(messages)
    expect(valuesOf(headers, 'host')).toEqual(['app.gw.test'])
    const framing = ['content-length', 'transfer-encoding'].flatMap((name) =>
      valuesOf(headers, name),
    )
    expect(framing).toHaveLength(requestLine.startsWith('GET ') ? 0 : 1)
  },

  'one request as alice; the client value appears nowhere': ({ answer, messages }) => {
    if (answer.status !== 200) return expect(messages).toEqual([])
    const { headers, raw } = only(messages)
    expect(valuesOf(headers, 'remote-user')).toEqual(['alice'])
    expect(raw.toString('latin1')).not.toMatch(/carol|admins/)
  },

  'no Remote-Email line carrying the client value': ({ messages }) => {
    const emails = identityLines(only(messages)).filter(([name]) => /email/i.test(name))
    expect(emails.map(([, value]) => value).join('')).toBe('')
  },

  // The answer itself is looked at below, by id.
  'n/a (front proxy copies the auth response headers)': () => undefined,
  'n/a': () => undefined,

  'none with the client value if forwarded at all': ({ messages, each }) => {
    const named = messages.flatMap(({ headers }) => valuesOf(headers, each))
    expect(named).toEqual([])
  },

  'none of the listed headers with the client value': ({ messages, each }) => {
    const { headers } = only(messages)
    expect(headers.filter(([name]) => folded(name) === folded(each))).toEqual([])
  },

  'one request; the client value evil.test appears nowhere': ({ messages }) => {
    expect(only(messages).raw.toString('latin1')).not.toContain('evil.test')
  },

  'assertion subject is alice and aud is app.gw.test': ({ messages, fixture }) => {
    const assertions = valuesOf(only(messages).headers, 'x-gatehouse-assertion')
    expect(assertions.map(claimsOf)).toEqual([
      expect.objectContaining({ sub: fixture.users.alice.id, aud: 'https://app.gw.test' }),
    ])
  },

  'Cookie: a=1; b=2 - the session value appears nowhere (headers, query, Referer)': async ({
    messages,
    fixture,
  }) => {
    const message = only(messages)
    expect(valuesOf(message.headers, 'cookie')).toEqual(['a=1; b=2'])
    const secret = await fixture.resolve('COOKIE_VALUE:alice:aal2')
    expect(message.raw.toString('latin1')).not.toContain(secret)
  },

  'one request; the session value appears nowhere': async ({ messages, fixture }) => {
    const secret = await fixture.resolve('COOKIE_VALUE:alice:aal2')
    expect(only(messages).raw.toString('latin1')).not.toContain(secret)
  },

  'none of Proxy, Proxy-*, Keep-Alive, TE': ({ messages }) => {
    const names = only(messages).headers.map(([name]) => name.toLowerCase())
    expect(names.filter((name) => /^(proxy(-.*)?|keep-alive|te)$/.test(name))).toEqual([])
  },

  'other users keep working: p99 < 1 s, RSS bounded, no crash': async ({ fixture, messages }) => {
    expect(messages).toEqual([])
    const cookie = await fixture.resolve('COOKIE:bob:aal2')
    expect((await fixture.ask('app.gw.test', '/', cookie)).status).toBe(200)
  },

  'one request': ({ messages }) => {
    only(messages)
  },

  'none for a host other than the decided one': ({ messages }) => {
    const hosts = messages.flatMap(({ headers }) => valuesOf(headers, 'host'))
    expect(hosts.filter((host) => !/^app\.gw\.test(:\d+)?$/i.test(host))).toEqual([])
  },
}

/** What the gateway itself must be seen to do, by the sentence that a case says it in. */
export const GATEWAY: Record<string, Check> = {
  'refused and the client connection closed': ({ answer }) => {
    expect([answer.answers, answer.closed]).toEqual([1, true])
  },
}

/** What else a case asks for, beyond its status and what reached the application. */
export const FURTHER: Record<string, Check> = {
  'HDR-016': ({ answer }) => {
    const said = IDENTITY_HEADERS.map((name) => [name, answer.all(name)])
    expect(said).toEqual(IDENTITY_HEADERS.map((name) => [name, ['']]))
  },
  // What the client held was genuine: another person's, for another application.
  'HDR-018': async ({ fixture }) => {
    const held = await fixture.resolve('ASSERTION:carol')
    expect(claimsOf(held)).toMatchObject({
      sub: fixture.users.carol.id,
      aud: 'https://b.gw.test',
    })
  },
  // A link or a cookie for plain HTTP would be one that a stranger had asked for.
  'XFW-005': ({ answer }) => {
    const cookies = answer.all('set-cookie')
    expect(cookies.length).toBeGreaterThan(0)
    expect(cookies.filter((line) => !line.includes('; Secure'))).toEqual([])
    expect(answer.all('location').concat(answer.body).join()).not.toMatch(/http:\/\/|:80\b/)
    expect(answer.all('strict-transport-security')).toHaveLength(1)
  },
  'CSR-013': ({ answer }) => expect(JSON.parse(answer.body).code).toBe('invalid_api_key'),
  'FWA-005': ({ answer }) => saysNobody(answer),
  'FWA-006': ({ answer }) => {
    const told = IDENTITY_HEADERS.map((name) => [name, answer.all(name).length])
    expect(told).toEqual(IDENTITY_HEADERS.map((name) => [name, 1]))
    expect(answer.all('remote-user')).toEqual(['alice'])
    expect(answer.all('x-gatehouse-assertion')).toEqual([expect.stringMatching(/^ey/)])
  },
  'FWA-020': ({ answer }) => {
    expect(answer.raw).not.toContain('evil.test')
    expect(answer.all('set-cookie')).toEqual([])
  },
  'FWA-021': ({ answer }) => {
    expect(answer.head.length).toBeLessThan(8_192)
  },
  'FWA-022': ({ answer }) => {
    expect(answer.all('location')).toEqual([])
    expect(answer.all('www-authenticate')).toHaveLength(1)
  },
  'HDR-106': ({ answer }) => {
    expect(answer.all('remote-user')).toEqual(['alice'])
    expect(answer.all('remote-groups')).toEqual([''])
  },
  'HDR-107': ({ answer }) => {
    const rd = encodeURIComponent('https://app.gw.test/admin/x?y=1')
    expect(answer.all('location')).toEqual([expect.stringContaining(`/login?rd=${rd}`)])
    saysNobody(answer)
  },
  'HDR-027': ({ answer, fixture }) => {
    const names = answer.all('set-cookie').map((line) => line.split('=')[0])
    expect(names.filter((name) => name?.includes('gatehouse'))).toEqual([])
    expect(names).toContain('innocent')
    expect(fixture.cookieName).toContain('gatehouse')
  },
  'CSR-001': ({ answer, fixture }) => {
    expect(answer.all('set-cookie').join()).not.toContain(`${fixture.cookieName}=`)
  },
  'CSR-002': samePassword,
  'CSR-004': stillSignedIn,
  'CSR-005': stillSignedIn,
  'CSR-006': samePassword,
  'CSR-007': ({ answer }) => {
    expect(answer.all('access-control-allow-origin')).toEqual([])
    expect(answer.all('access-control-allow-credentials')).toEqual([])
  },
  'CSR-101': stillSignedIn,
  'CSR-102': stillSignedIn,
  'CSR-103': stillSignedIn,
  'MTH-007': stillSignedIn,
  'RED-001': leadsNowhereElse,
  'RED-002': leadsNowhereElse,
  'RED-005': leadsNowhereElse,
  'RED-006': leadsNowhereElse,
  'RED-007': leadsNowhereElse,
  'RED-009': leadsNowhereElse,
  'RED-101': leadsNowhereElse,
  'RED-102': leadsNowhereElse,
  'SES-103': ({ answer }) => {
    expect(
      answer.all('set-cookie').filter((line) => /^[\s=]*(__\w+-)?gatehouse/i.test(line)),
    ).toEqual([])
  },
  'RED-013': ({ answer }) => {
    expect(answer.headers.filter(([name, value]) => /^x=y/.test(value) || name === 'x')).toEqual([])
    expect(answer.all('set-cookie').filter((line) => line.startsWith('x='))).toEqual([])
  },
}

/** A refused or harmless request changed nothing: the session opens the application as before. */
async function stillSignedIn({ fixture }: Seen): Promise<void> {
  const cookie = await fixture.resolve('COOKIE:alice:aal2')
  const { status } = await fixture.ask('app.gw.test', '/', cookie)
  expect(status).toBe(200)
}

/** A refused request has changed nobody's password, and ended nothing. */
async function samePassword(seen: Seen): Promise<void> {
  const { store, users } = seen.fixture
  expect(await store.events.listByUser(users.alice.id, ['password.changed'], 1)).toEqual([])
  await stillSignedIn(seen)
}

/** Neither the Location nor anything on the page leads away from the portal. */
export function leadsNowhereElse({ answer }: Pick<Seen, 'answer'>): void {
  const attributes = /\s(?:href|src|action|content|formaction)="([^"]*)"/g
  const onPage = Array.from(answer.body.matchAll(attributes), ([, value = '']) => value)
  const places = [...answer.all('location'), ...onPage].filter((place) =>
    /^[a-z]*:?\/|\\/i.test(place),
  )
  const foreign = places.filter(
    (place) => new URL(place, 'https://auth.gw.test/').origin !== 'https://auth.gw.test',
  )
  expect(foreign).toEqual([])
}

/** Nobody is told about, by whatever name. */
function saysNobody(answer: RawAnswer): void {
  expect(identityLines(answer).filter(([, value]) => value !== '')).toEqual([])
}

const claimsOf = (assertion: string): unknown =>
  JSON.parse(Buffer.from(assertion.split('.')[1] ?? '', 'base64url').toString())

/** Header names that a server may take for one and the same. */
const folded = (name: string): string => name.toLowerCase().replace(/[^a-z0-9]/g, '-')

export function identityLines({ headers }: Pick<RecordedMessage, 'headers'>): [string, string][] {
  const reserved = new Set(IDENTITY_HEADERS.map(folded))
  return headers.filter(([name]) => reserved.has(folded(name)))
}

export function only(messages: readonly RecordedMessage[]): RecordedMessage {
  const [message, ...more] = messages
  expect(more).toEqual([])
  if (!message) throw new Error('nothing reached the application')
  return message
}

function decodeFully(text: string): string {
  const once = text.replace(/%([0-9a-f]{2})/gi, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  )
  return once === text ? text : decodeFully(once)
}
