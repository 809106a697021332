import { readdirSync, statSync } from 'node:fs'
import { createServer, type Server } from 'node:net'
import { dirname } from 'node:path'
import { afterEach, beforeEach, describe, expect } from 'vitest'
import { openKeptUpstream, type PlainUpstream } from '../support/plain-upstream.ts'
import { portOf } from '../support/ports.ts'
import { type RawAnswer, send, sendRaw } from '../support/raw.ts'
import { loadCase, valuesOfEach } from './corpus.ts'
import { type Fixture, openFixture } from './fixture.ts'
import { story } from './story.ts'

const PORTAL = 'https://auth.gw.test'

let fixture: Fixture
let upstreams: PlainUpstream[] = []
beforeEach(() => {
  upstreams = []
})
afterEach(async () => {
  await fixture.close()
  for (const upstream of upstreams) upstream.close()
})

/** What nobody outside may learn: where we run, on what, and how it broke. */
function expectDiscreet(where: string, { raw }: RawAnswer, more: readonly string[] = []): void {
  const told = [
    /\n\s+at .+:\d+/,
    /node_modules|node:internal|\.tsx?:\d+|\.js:\d+/,
    /SQLITE|select .* from|no such table/i,
    /\/(tmp|home|usr|var|etc|work)\//,
    /127\.0\.0\.1:\d+/,
    /ECONN|EAI_|ENOENT|getaddrinfo|undici|kysely|better-sqlite/i,
    /v?\d+\.\d+\.\d+(?![.\d])/,
    ...more.map((text) => new RegExp(text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))),
  ]
  const withoutDates = raw.replace(/^Date:.*$/gim, '').replace(/viewBox="[^"]*"|\sd="[^"]*"/g, '')
  expect([where, told.filter((pattern) => pattern.test(withoutDates)).map(String)]).toEqual([
    where,
    [],
  ])
}

describe('an answer', () => {
  story('EXP-001', 'gives away nothing at an address that others serve by mistake', async () => {
    fixture = await openFixture()
    const paths = [
      ...valuesOfEach(loadCase('EXP-001')),
      '/.gatehouse/config',
      '/.gatehouse/../config.yaml',
      '/assets/../config.yaml',
      '/assets/%2e%2e%2fconfig.yaml',
      '/assets/portal.css.map',
      '/assets/__proto__',
      '/data/gatehouse.db',
      '/gatehouse.key',
      '/health/ready',
      '/server-status',
    ]
    const cookie = await fixture.resolve('COOKIE:alice:aal2')
    fixture.recorder.clear()
    for (const path of paths) {
      for (const [host, held] of [
        ['auth.gw.test', ''],
        ['auth.gw.test', cookie],
        ['app.gw.test', ''],
      ] as const) {
        const answer = await fixture.ask(host, path, held)
        expect([path, host, answer.status]).toEqual([
          path,
          host,
          expect.toBeOneOf([400, 401, 403, 404]),
        ])
        expectDiscreet(`${host}${path}`, answer, [cookie.split('=')[1] ?? ''].filter(Boolean))
      }
    }
    expect(fixture.recorder.messages()).toEqual([])
  })

  story('EXP-002', 'to what breaks us is a sentence and a number', async () => {
    fixture = await openFixture()
    const alice = fixture.browser()
    await fixture.signIn(alice, 'alice')
    const cookie = alice.cookies('app.gw.test')
    const stranger = fixture.browser()
    const form = await stranger.get(`${PORTAL}/login`)
    const headers = [
      ['Origin', PORTAL],
      ['Content-Type', 'application/x-www-form-urlencoded'],
      ['Cookie', stranger.cookies('auth.gw.test')],
    ] as const
    const post = (body: string) =>
      send(fixture.port, { method: 'POST', host: 'auth.gw.test', path: '/login', headers, body })
    const answers: [string, RawAnswer][] = [
      ['invalid UTF-8', await post('username=%ff%fe&password=%c3%28')],
      ['huge numbers', await post('username=1e999&password=9999999999999999999999')],
      ['no form', await post('{"username":{"$ne":null}}')],
      ['other types', await post('username[]=a&username[b]=c&__proto__[x]=y')],
      ['a broken escape', await post('username=%&password=%zz')],
      ['a path that is no text', await fixture.ask('auth.gw.test', '/login/%ff%fe', '')],
      ['a long path', await fixture.ask('auth.gw.test', `/${'a'.repeat(9_000)}`, '')],
    ]
    for (const table of ['session', 'user', 'bucket', 'attempt', 'signing_key']) {
      fixture.clock.advance(600)
      const mend = fixture.breakStore(table)
      answers.push(
        [`${table}: a sign-in`, await stranger.submit(form, fixture.credentials('bob'))],
        [`${table}: the start`, await alice.get(`${PORTAL}/`)],
        [`${table}: an application`, await fixture.ask('app.gw.test', '/', cookie)],
        [`${table}: a proxy’s question`, await fixture.askForward('app.gw.test', '/', cookie)],
        [`${table}: the keys`, await fixture.ask('auth.gw.test', '/.well-known/jwks.json', '')],
      )
      mend()
    }
    for (const [where, answer] of answers) expectDiscreet(where, answer)
    const failed = answers.filter(([, { status }]) => status >= 500)
    expect(failed.length).toBeGreaterThan(5)
    for (const [where, answer] of failed) {
      expect([where, answer.all('cache-control')]).toEqual([where, ['no-store']])
    }
  })

  story('EXP-003', 'about an application that fails does not say where that is', async () => {
    const plain: Server = createServer((socket) => socket.destroy())
    await new Promise<void>((resolve) => plain.listen(0, '127.0.0.1', resolve))
    const silent = await openKeptUpstream(() => undefined)
    const broken = await openKeptUpstream((socket) =>
      socket.end('HTTP/1.1 200 OK\r\nsecret stack trace\r\n\r\n'),
    )
    upstreams = [silent, broken]
    const portIn = ({ origin }: PlainUpstream) => Number(new URL(origin).port)
    fixture = await openFixture({
      elsewhere: { a: portOf(plain), b: portIn(silent), ws: portIn(broken), one: 1 },
      timeouts: { connect: '1s', head: '1s' },
    })
    const cookie = await fixture.resolve('COOKIE:alice:aal2')
    for (const [host, status] of [
      ['a', 502],
      ['b', 504],
      ['ws', 502],
      ['one', 502],
    ] as const) {
      for (const accept of ['text/html', 'application/json']) {
        const answer = await send(fixture.port, {
          host: `${host}.gw.test`,
          path: '/',
          headers: [
            ['Cookie', cookie],
            ['Accept', accept],
          ],
        })
        expect([host, answer.status]).toEqual([host, status])
        expect(answer.all('cache-control')).toEqual(['no-store'])
        expectDiscreet(`${host} as ${accept}`, answer, ['secret stack trace'])
      }
    }
    plain.close()
  })

  story('EXP-006', 'is all that strangers on the same machine can see', async () => {
    fixture = await openFixture()
    await fixture.resolve('COOKIE:alice:aal2')
    const folder = dirname(fixture.databaseFile)
    const open = readdirSync(folder)
      .map((name) => [name, statSync(`${folder}/${name}`).mode & 0o077])
      .filter(([, mode]) => mode !== 0)
    expect(readdirSync(folder).length).toBeGreaterThan(1)
    expect(open).toEqual([])
    const answer = await sendRaw(
      fixture.port,
      'GET /proc/self/environ HTTP/1.1\r\nHost: auth.gw.test\r\n\r\n',
    )
    expect(answer.status).toBe(404)
    expectDiscreet('the environment', answer)
  })
})
