import { afterEach, describe, expect } from 'vitest'
import { createLog, type Log } from '../../src/base/log.ts'
import { until } from '../support/plain-upstream.ts'
import { type RawAnswer, send, sendRaw } from '../support/raw.ts'
import { expand, loadCase, valuesOfEach } from './corpus.ts'
import { type Fixture, openFixture } from './fixture.ts'
import { story } from './story.ts'

const PORTAL = 'https://auth.gw.test'

let fixture: Fixture | undefined
afterEach(() => fixture?.close())

const eventsIn = (gate: Fixture) => gate.rows('SELECT * FROM event')

/** Events are written a moment later than they are said. */
const someEvents = async (gate: Fixture): Promise<string> => {
  await until(() => eventsIn(gate).length > 0)
  return JSON.stringify(eventsIn(gate))
}

/** The operator's log as it is written, line by line. */
function keptLog(): { log: Log; lines: string[] } {
  const lines: string[] = []
  return { log: createLog('debug', {}, { write: (line) => void lines.push(line) }), lines }
}

async function open(): Promise<{ gate: Fixture; lines: string[] }> {
  const { log, lines } = keptLog()
  fixture = await openFixture({ log })
  return { gate: fixture, lines }
}

const tries = async (gate: Fixture, username: string, password: string): Promise<number> => {
  const browser = gate.browser()
  const page = await browser.get(`${PORTAL}/login`)
  return (await browser.submit(page, { username, password })).status
}

describe('the log', () => {
  story('LOG-001', 'is one JSON object a line, whatever strangers write', async () => {
    const { gate, lines } = await open()
    const cookie = await gate.resolve('COOKIE:alice:aal2')
    const values = await Promise.all(
      valuesOfEach(loadCase('LOG-001')).map((value) => expand(value, gate.resolve)),
    )
    lines.splice(0)
    for (const value of [...values, '\u202e"}', '\u009b2J', 'x'.repeat(8_000)]) {
      const header = value.replace(/[^\x20-\x7e\x80-\xff]/g, '?').slice(0, 8_000)
      const path = `/admin/${encodeURIComponent(value.slice(0, 2_000))}`
      await tries(gate, value.slice(0, 9_000), 'wrong')
      const headers = [
        ['Cookie', cookie],
        ['User-Agent', header],
        ['X-Forwarded-For', header],
      ] as const
      await send(gate.port, { host: 'app.gw.test', path, headers })
      await send(gate.trustedPort, { host: 'app.gw.test', path, headers })
      await send(gate.port, { host: header.slice(0, 200), path: '/' })
      await sendRaw(gate.port, `GET ${value} HTTP/1.1\r\nHost: app.gw.test\r\n\r\n`)
    }
    expect(lines.length).toBeGreaterThan(10)
    for (const line of lines) {
      expect(line.endsWith('\n')).toBe(true)
      expect(line.slice(0, -1)).not.toMatch(/[\p{Cc}\p{Zl}\p{Zp}\u202e]/u)
      expect(line.length).toBeLessThan(2_500)
      const entry = JSON.parse(line) as Record<string, unknown>
      expect([entry.user, entry.msg, /login ok/.test(String(entry.message))]).toEqual([
        undefined,
        undefined,
        false,
      ])
    }
  })

  story('LOG-002', 'holds no secret, of a sign-in that works or of one that does not', async () => {
    const { gate, lines } = await open()
    const browser = gate.browser()
    const answers: RawAnswer[] = []
    const asked = await gate.toCode(browser, 'alice')
    answers.push(asked, await browser.submit(asked, { code: '000000' }))
    const code = gate.code('alice')
    answers.push(await browser.submit(asked, { code }))
    const cookie = browser.cookies('app.gw.test')
    const headers = [
      ['Cookie', cookie],
      ['Authorization', 'Bearer sentinel-of-a-key'],
    ] as const
    await send(gate.port, { host: 'app.gw.test', path: '/x?token=sentinel-in-a-query', headers })
    await send(gate.port, {
      host: 'app.gw.test',
      path: '/admin/x?token=sentinel-in-a-query',
      headers,
    })
    await gate.askForward('app.gw.test', '/admin/x?token=sentinel-in-a-query', cookie)
    await tries(gate, 'alice', 'sentinel-of-a-password')
    // And with everything broken.
    const mend = gate.breakStore('user')
    await tries(gate, 'alice', 'sentinel-of-a-password')
    await gate.ask('app.gw.test', '/', cookie)
    mend()
    await browser.submit(await browser.get(`${PORTAL}/logout`), {})

    const [, pair = ''] = cookie.split('=')
    const [assertion] = gate.recorder
      .messages()
      .flatMap(({ headers }) =>
        headers.filter(([name]) => name === 'X-Gatehouse-Assertion').map(([, value]) => value),
      )
    const secrets = [
      gate.credentials('alice').password,
      gate.secretOf('alice'),
      ...pair.split('.').slice(1),
      browser.cookies('auth.gw.test').match(/gatehouse-browser=([^;]+)/)?.[1],
      assertion,
      'sentinel',
      `"${code}"`,
      new URL(asked.url).pathname.split('/').at(-1),
    ]
    expect(secrets.filter((secret) => !secret)).toEqual([])
    expect(lines.length).toBeGreaterThan(5)
    const log = lines.join('')
    expect(secrets.filter((secret) => log.includes(secret ?? ''))).toEqual([])

    // What is kept in the database about it tells no more.
    const events = await someEvents(gate)
    expect(events).toContain('login.refused')
    expect(secrets.filter((secret) => events.includes(secret ?? ''))).toEqual([])
  })

  story('LOG-004', 'holds no name that is nobody’s: it may be a password', async () => {
    const { gate, lines } = await open()
    expect(await tries(gate, 'my secret passphrase', 'alice')).toBe(401)
    expect(await tries(gate, 'alice', 'my secret passphrase')).toBe(401)
    const written = lines.join('') + (await someEvents(gate))
    expect(written).toContain('login.refused')
    expect(written).not.toContain('my secret passphrase')
  })

  story('LOG-005', 'tells of what somebody takes out of the database afterwards', async () => {
    const { gate, lines } = await open()
    await tries(gate, 'alice', 'wrong')
    await someEvents(gate)
    const kept = () => gate.rows(`SELECT * FROM event WHERE name = 'login.refused'`).length
    const logged = () => lines.filter((line) => JSON.parse(line).event === 'login.refused').length
    expect([kept(), logged()]).toEqual([1, 1])
    gate.tamper('DELETE FROM event')
    expect([kept(), logged()]).toEqual([0, 1])
    const { faults } = await gate.store.events.verify()
    expect(faults[0]).toMatchObject({ kind: 'cut_off', id: 1 })
  })
})
