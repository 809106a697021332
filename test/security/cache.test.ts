import { afterAll, beforeAll, beforeEach, describe, expect } from 'vitest'
import { aUser } from '../support/builders.ts'
import { type RawAnswer, send } from '../support/raw.ts'
import { loadCase, valuesOfEach } from './corpus.ts'
import { DIALECTS } from './dialects.ts'
import { type Fixture, openFixture } from './fixture.ts'
import { story } from './story.ts'

const PORTAL = 'https://auth.gw.test'

let fixture: Fixture
beforeAll(async () => {
  fixture = await openFixture()
})
beforeEach(() => fixture.recorder.clear())
afterAll(() => fixture.close())

/** May a cache that serves many people keep this answer? (RFC 9111, section 3) */
function isKeptByCaches(answer: RawAnswer): boolean {
  const said = answer.all('cache-control').join().toLowerCase()
  return !/\b(no-store|private)\b/.test(said) && answer.all('set-cookie').length === 0
}

/** Every page that somebody gets to see, by where it stands. */
async function pages(): Promise<Map<string, RawAnswer>> {
  const alice = fixture.browser()
  await fixture.signIn(alice, 'alice')
  const cookie = alice.cookies('app.gw.test')
  const stranger = fixture.browser()
  const bob = fixture.browser()
  const seen = new Map<string, RawAnswer>([
    ['a sign-in', await stranger.get(`${PORTAL}/login`)],
    ['the same again', await stranger.get(`${PORTAL}/login`)],
    ['a sign-in for a page', await stranger.get(`${PORTAL}/login?rd=https%3A%2F%2Fapp.gw.test%2F`)],
    [
      'a wrong password',
      await stranger.submit(await stranger.get(`${PORTAL}/login`), {
        username: 'alice',
        password: 'wrong',
      }),
    ],
    ['a code', await fixture.toCode(bob, 'bob')],
    ['the start', await alice.get(`${PORTAL}/`)],
    ['the start, for nobody', await stranger.get(`${PORTAL}/`)],
    ['a sign-out', await alice.get(`${PORTAL}/logout`)],
    ['no page', await alice.get(`${PORTAL}/nowhere`)],
    ['a set-up', await stranger.get(`${PORTAL}/setup?token=x`)],
    [
      'a refused form',
      await stranger.submit(
        {
          ...(await stranger.get(`${PORTAL}/login`)),
          body: '<form method="post" action="/login"></form>',
        },
        {},
      ),
    ],
    ['the way to a sign-in', await fixture.ask('app.gw.test', '/me', '')],
    ['a refusal', await fixture.ask('app.gw.test', '/admin/x', cookie)],
    ['an unknown host', await fixture.ask('nowhere.gw.test', '/', cookie)],
    ['a page of an application', await fixture.ask('app.gw.test', '/me', cookie)],
  ])
  for (const dialect of DIALECTS) {
    for (const [who, held] of [
      ['somebody', cookie],
      ['nobody', ''],
    ] as const) {
      for (const path of ['/me', '/admin/x', '/public/a']) {
        const answer = await fixture.askForward('app.gw.test', path, held, { dialect })
        seen.set(`${dialect} about ${who} at ${path}`, answer)
      }
    }
  }
  return seen
}

const isPage = (answer: RawAnswer) => answer.all('content-type').join().startsWith('text/html')

describe('an answer that depends on who asks', () => {
  story('CCH-001', 'is kept by no cache in between', async () => {
    const kept = [...(await pages())].filter(([, answer]) => isKeptByCaches(answer))
    expect(kept.map(([where]) => where)).toEqual([])
  })

  story('CCH-002', 'is not made fit for a cache by the look of its address', async () => {
    const cookie = await fixture.resolve('COOKIE:alice:aal2')
    for (const path of [
      '/me/x.css',
      '/me;x.css',
      '/me%2fx.css',
      '/me/..%2fx.png',
      '/me%00.css',
      '/admin/x.js',
      '/me/x.avif?y=.js',
      '/me/%0ax.css',
      '/ME.CSS',
    ]) {
      const answer = await fixture.ask('app.gw.test', path, cookie)
      expect([path, isKeptByCaches(answer)]).toEqual([path, false])
    }
    // Whoever is not signed in gets what the application says, as it says it.
    const open = await fixture.ask('open.gw.test', '/x.css', '')
    expect([open.status, open.all('cache-control')]).toEqual([200, []])
  })

  story('CCH-004', 'shows nothing of what no cache looks at', async () => {
    const mark = 'evil.test"><script>x</script>'
    for (const name of [
      'X-Forwarded-Host',
      'X-Forwarded-Proto',
      'X-Original-URL',
      'X-Original-Host',
      'X-Forwarded-Prefix',
      'X-Forwarded-Port',
      'Accept-Language',
      'Referer',
      'User-Agent',
      'Forwarded',
      'X-Rewrite-URL',
    ]) {
      for (const [host, path] of [
        ['auth.gw.test', '/login'],
        ['auth.gw.test', '/nowhere'],
        ['auth.gw.test', '/assets/portal.css'],
        ['auth.gw.test', '/.well-known/jwks.json'],
        ['app.gw.test', '/x'],
        ['nowhere.gw.test', '/'],
      ] as const) {
        const headers = [
          [name, mark],
          ['Accept', 'text/html'],
        ] as const
        const { raw } = await send(fixture.port, { host, path, headers })
        expect([name, path, /evil\.test|<script>x/.test(raw)]).toEqual([name, path, false])
      }
    }
  })

  story('CCH-005', 'says to the browser all that it may not do', async () => {
    for (const [where, answer] of await pages()) {
      expect([where, ...answer.all('server'), ...answer.all('x-powered-by')]).toEqual([where])
      if (!isPage(answer)) continue
      const policy = answer.all('content-security-policy')
      expect([where, policy.length]).toEqual([where, 1])
      const directives = new Map(
        policy
          .join()
          .split('; ')
          .map((text) => [text.split(' ')[0], text.split(' ').slice(1)]),
      )
      expect([where, directives.get('default-src')]).toEqual([where, ["'none'"]])
      for (const name of ['base-uri', 'frame-ancestors']) {
        expect([where, name, directives.get(name)]).toEqual([where, name, ["'none'"]])
      }
      expect([where, directives.has('form-action')]).toEqual([where, true])
      expect([where, policy.join()]).not.toEqual([
        where,
        expect.stringMatching(/unsafe-|\*(?!\.gw\.test)|data:/),
      ])
      expect([where, answer.all('x-content-type-options')]).toEqual([where, ['nosniff']])
      expect([where, answer.all('referrer-policy')]).toEqual([where, ['same-origin']])
      if (!where.includes('refusal') && !where.includes('unknown host')) {
        expect([where, answer.all('cross-origin-opener-policy')]).toEqual([where, ['same-origin']])
        expect([where, answer.all('permissions-policy').length]).toEqual([where, 1])
        expect([where, answer.all('strict-transport-security')]).toEqual([
          where,
          [expect.stringMatching(/max-age=\d{8}/)],
        ])
      }
    }
  })

  story('CCH-006', 'is shown in no frame', async () => {
    for (const [where, answer] of await pages()) {
      if (!isPage(answer)) continue
      expect([where, answer.all('content-security-policy').join()]).toEqual([
        where,
        expect.stringContaining("frame-ancestors 'none'"),
      ])
    }
  })

  story('CCH-007', 'shows what strangers wrote as text', async () => {
    for (const value of [
      ...valuesOfEach(loadCase('CCH-007')),
      '<img/src=x onerror=x>',
      '&lt;b&gt;',
      "' autofocus onfocus='x",
    ]) {
      const encoded = encodeURIComponent(value)
      const browser = fixture.browser()
      const login = await browser.get(
        `${PORTAL}/login?rd=${encoded}&error=${encoded}&lang=${encoded}&theme=${encoded}`,
      )
      const wrong = await browser.submit(login, { username: value, password: 'wrong' })
      const name = `x${Buffer.from(value).toString('hex').slice(0, 40)}`
      await fixture.addUser(aUser({ name, displayName: value, groups: [value] }))
      const own = fixture.browser()
      await fixture.signIn(own, name)
      const headers = [
        ['Referer', value.replace(/[^\x20-\x7e]/g, '')],
        ['User-Agent', value.replace(/[^\x20-\x7e]/g, '')],
        ['Accept', 'text/html'],
      ] as const
      const seen = [
        login,
        wrong,
        await own.get(`${PORTAL}/`),
        await own.get(`${PORTAL}/logout`),
        await own.get(`${PORTAL}/nowhere/${encoded}`),
        await send(fixture.port, { host: 'auth.gw.test', path: '/login', headers }),
        await send(fixture.port, {
          host: 'app.gw.test',
          path: `/admin/${encoded}`,
          headers: [...headers, ['Cookie', own.cookies('app.gw.test')]],
        }),
      ]
      for (const { body } of seen) {
        expect(body).not.toMatch(/<script>alert|<img|(?:href|src|action)="\s*javascript:/i)
        // Not even where it would do no harm: the five signs never come back as they went in.
        if (/[<>"']/.test(value)) expect(body).not.toContain(value)
      }
    }
  })

  story('CCH-009', 'is gone after the sign-out, also on the way back', async () => {
    const browser = fixture.browser()
    await fixture.signIn(browser, 'alice')
    const before = await browser.get(`${PORTAL}/`)
    expect(before.body).toContain('Alice')
    expect(isKeptByCaches(before)).toBe(false)
    const gone = await browser.submit(await browser.get(`${PORTAL}/logout`), {})
    expect(gone.all('clear-site-data')).toEqual(['"cache", "storage"'])
    for (const path of ['/', '/logout', '/login']) {
      expect((await browser.get(PORTAL + path)).body).not.toContain('Alice')
    }
  })
})
