import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { createMetrics } from '../../src/base/metrics.ts'
import { openGateway, type TestGateway } from '../support/gateway.ts'
import { type MailServer, openMailServer } from '../support/mail-server.ts'
import { openPostServer, type PostServer } from '../support/posted.ts'
import { createVisitor } from '../support/visitor.ts'

const WIKI = 'https://wiki.gw.test/page'
const PATIENCE = { timeout: 30_000, interval: 50 }

let mails: MailServer
let pager: PostServer
let gateway: TestGateway

beforeAll(async () => {
  mails = await openMailServer({ speaks: 'plain' })
  pager = await openPostServer((_, response) => void response.writeHead(204).end())
  gateway = await openGateway(`
portal: { url: "https://auth.gw.test" }
trusted_proxies: [127.0.0.1]
channels: { smtp: { url: "smtp://127.0.0.1:${mails.port}", from: gate@gw.test, starttls: never } }
alerts:
  mail: [ops@gw.test]
  webhook: { url: "${pager.url}/alerts", secret: "whsec_${'A'.repeat(43)}=" }
routes:
  - { host: wiki.gw.test, upstream: "http://127.0.0.1:9", rules: [{ require: one_factor }] }
`)
})
afterAll(async () => {
  await gateway.close()
  await mails.close()
  await pager.close()
})

const about = (kind: string) =>
  pager.posted.map(({ body }) => JSON.parse(body)).filter(({ data }) => data.kind === kind)

/** Somebody behind an address of their own who is wrong about somebody, so many times. */
async function guess(address: string, username: string, times: number): Promise<void> {
  const visitor = createVisitor(gateway.port, {
    'x-forwarded-for': address,
    'x-forwarded-proto': 'https',
  })
  await visitor.open(WIKI)
  for (let tried = 0; tried < times; tried += 1) {
    await visitor.submit({ username, password: 'wrong' })
  }
}

describe('an attack of 1,000 wrong guesses from 200 addresses', () => {
  beforeAll(async () => {
    await gateway.addUser({ name: 'alice' })
    for (let one = 0; one < 200; one += 1) await guess(`198.51.100.${one}`, 'alice', 5)
  }, 120_000)

  it('makes one alert at once, by mail and by webhook', async () => {
    await vi.waitFor(() => expect(about('burst_of_failures')).toHaveLength(1), PATIENCE)
    await vi.waitFor(() => expect(mails.received).toHaveLength(1), PATIENCE)
    const [mail] = mails.received
    expect(mail?.to).toEqual(['ops@gw.test'])
    expect(mail?.mail.text).toContain('alice')
    expect(mail?.mail.text).toMatch(/gatehouse audit list --event "login\.\*" --since \S+Z/)
    expect(mail?.mail.html).toContain('198.51.100.')
  })

  it('makes one more at the end of the quiet period, which counts the rest', async () => {
    gateway.clock.advance(3600)
    await vi.waitFor(() => expect(about('burst_of_failures')).toHaveLength(2), PATIENCE)
    const [first, digest] = about('burst_of_failures')
    expect(digest.data).toMatchObject({ stage: 'digest' })
    expect(first.data.count + digest.data.count).toBeGreaterThan(900)
    gateway.clock.advance(7200)
    await guess('192.0.2.200', 'alice', 1)
    await vi.waitFor(async () => {
      const { letters } = await gateway.store.alerts.due(gateway.clock.now(), 100)
      expect(letters).toEqual([])
    }, PATIENCE)
    expect(about('burst_of_failures')).toHaveLength(2)
    expect(mails.received).toHaveLength(2)
    expect(about('many_accounts_from_one_address')).toHaveLength(0)
  })

  it('stands in the trail under the number that the alert shows', async () => {
    const [{ data }] = about('burst_of_failures')
    const found = () => gateway.store.events.list({ reference: data.reference }, { limit: 5 })
    await vi.waitFor(async () => expect(await found()).toHaveLength(1), PATIENCE)
    expect(await found()).toMatchObject([
      { name: 'alert.raised', details: { kind: 'burst_of_failures', stage: 'first' } },
    ])
  })
})

describe('a channel that is down', { timeout: 60_000 }, () => {
  const lost = {
    name: 'message.undelivered',
    details: { medium: 'email', reason: 'late' },
  } as const

  it('is told of by the other ways at once, and by itself when it works again', async () => {
    const before = mails.received.length
    mails.mood.sender = 421
    for (let one = 0; one < 5; one += 1) gateway.app.record(lost)
    await vi.waitFor(() => expect(about('channel_down')).toHaveLength(1), PATIENCE)
    expect(mails.received).toHaveLength(before)
    delete mails.mood.sender
    await vi.waitFor(() => expect(mails.received).toHaveLength(before + 1), PATIENCE)
    expect(mails.received.at(-1)?.mail.text).toContain('email (5)')
    expect(about('channel_down')).toHaveLength(1)
  })

  it('is given up after a day, and that is counted', async () => {
    mails.mood.sender = 421
    gateway.clock.advance(86_400)
    for (let one = 0; one < 5; one += 1) gateway.app.record(lost)
    await vi.waitFor(() => expect(about('channel_down')).toHaveLength(2), PATIENCE)
    const waiting = async () => {
      const { letters } = await gateway.store.alerts.due(Number.MAX_SAFE_INTEGER, 100)
      return letters.map(({ to }) => to)
    }
    await vi.waitFor(async () => expect(await waiting()).toEqual(['email:ops@gw.test']), PATIENCE)
    gateway.clock.advance(86_400)
    await vi.waitFor(async () => expect(await waiting()).toEqual([]), PATIENCE)
    delete mails.mood.sender
  })
})

describe('a gateway where nobody is to be told', () => {
  it('writes alerts down all the same, and counts them', async () => {
    const metrics = createMetrics()
    const alone = await openGateway(
      `
portal: { url: "https://auth.gw.test" }
alerts: { burst_of_failures: { failures: 3 } }
routes: [{ host: wiki.gw.test, upstream: "http://127.0.0.1:9", rules: [{ require: one_factor }] }]
`,
      { metrics },
    )
    for (let one = 0; one < 3; one += 1) {
      alone.app.record({ name: 'login.refused', address: '192.0.2.1', details: { factor: 'totp' } })
    }
    const raised = () => alone.store.events.list({ names: ['alert.raised'] }, { limit: 5 })
    await vi.waitFor(async () => expect(await raised()).toHaveLength(1), PATIENCE)
    expect(await metrics.text()).toContain(
      'gatehouse_alerts_total{kind="burst_of_failures",outcome="raised"} 1',
    )
    await alone.close()
  })
})
