import { createHmac } from 'node:crypto'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { type MailServer, openMailServer } from '../support/mail-server.ts'
import { freePort } from '../support/ports.ts'
import { openPostServer, type Posted, type PostServer } from '../support/posted.ts'
import { createProgram, type Program, type Started } from '../support/program.ts'
import { ACCOUNT, openTwilioServer, TOKEN, type TwilioServer } from '../support/twilio-server.ts'
import { createVisitor } from '../support/visitor.ts'

const KEY = Buffer.alloc(32, 7)
const PATIENCE = { timeout: 60_000, interval: 200 }
const PASSWORD = 'eleven green bottles'

/** Checks a request as Standard Webhooks says, and takes its alert out. */
function opened({ headers, body }: Posted) {
  const id = String(headers['webhook-id'])
  const signed = `${id}.${headers['webhook-timestamp']}.${body}`
  const expected = `v1,${createHmac('sha256', KEY).update(signed).digest('base64')}`
  expect(headers['webhook-signature']).toBe(expected)
  const { type, data } = JSON.parse(body)
  expect(type).toBe('alert.raised')
  return { ...data, id }
}

describe('alerts of two workers', () => {
  let mails: MailServer
  let twilio: TwilioServer
  let pager: PostServer
  let program: Program
  let running: Started
  let port: number
  let health: number

  beforeAll(async () => {
    mails = await openMailServer({ speaks: 'plain' })
    twilio = await openTwilioServer()
    pager = await openPostServer((_, response) => void response.writeHead(204).end())
    port = await freePort()
    health = await freePort()
    program = createProgram(`
portal: { url: "http://localhost:${port}/.gatehouse/", name: Gate }
listen: 127.0.0.1:${port}
health: { listen: "127.0.0.1:${health}" }
workers: 2
store: { path: ./gatehouse.db }
trusted_proxies: [127.0.0.1]
login: { password: { memory_kib: 19456, passes: 1 } }
channels:
  smtp: { url: "smtp://127.0.0.1:${mails.port}", from: gate@gw.test, starttls: never }
  twilio: { account: ${ACCOUNT}, token: "${TOKEN}", from: "+4930123456", url: "${twilio.url}" }
alerts:
  mail: [ops@gw.test, second@gw.test]
  sms: ["+4915112345678"]
  webhook: { url: "${pager.url}/alerts", secret: "whsec_${KEY.toString('base64')}" }
  burst_of_failures: { failures: 30 }
  many_accounts_from_one_address: { accounts: 8 }
  trail_broken: { every: 2s }
routes:
  - { host: localhost, upstream: "http://127.0.0.1:9", rules: [{ require: one_factor }] }
`)
    running = await program.start()
  })
  afterAll(async () => {
    await program.end()
    await mails.close()
    await twilio.close()
    await pager.close()
  })

  const about = (kind: string) => pager.posted.map(opened).filter((it) => it.kind === kind)
  const mailsAbout = (words: RegExp) =>
    mails.received.filter(({ mail: { subject } }) => words.test(subject ?? ''))
  const guess = async (address: string, names: readonly string[]) => {
    const visitor = createVisitor(port, {
      'x-forwarded-for': address,
      'x-forwarded-proto': 'http',
      'x-forwarded-host': `localhost:${port}`,
    })
    await visitor.open(`http://localhost:${port}/.gatehouse/login`)
    for (const username of names) await visitor.submit({ username, password: 'wrong' })
  }

  it('tells of a new administrator, by whichever command', async () => {
    expect((await program.runBeside(['user', 'add', 'maria'], `${PASSWORD}\n`)).code).toBe(0)
    expect((await program.runBeside(['user', 'groups', 'maria', 'admins'])).err).toBe('')
    await vi.waitFor(() => expect(about('new_administrator')).toHaveLength(1), PATIENCE)
    expect(about('new_administrator')[0]).toMatchObject({ accounts: [{ name: 'maria' }] })
  })

  it('gives one alert for an attack that both of them see, to everybody once', async () => {
    for (let one = 0; one < 20; one += 1) {
      await guess(`198.51.100.${one}`, ['maria', 'maria', 'maria'])
    }
    await vi.waitFor(() => expect(mailsAbout(/Many wrong answers/)).toHaveLength(2), PATIENCE)
    await vi.waitFor(() => expect(about('burst_of_failures')).toHaveLength(1), PATIENCE)
    const texts = () =>
      twilio.requests.filter(({ parameters: { Body } }) => /Many/.test(Body ?? ''))
    await vi.waitFor(() => expect(texts()).toHaveLength(1), PATIENCE)
    expect(texts()[0]?.parameters.To).toBe('+4915112345678')
    const to = mailsAbout(/Many wrong answers/).flatMap((mail) => mail.to)
    expect(to.toSorted()).toEqual(['ops@gw.test', 'second@gw.test'])
  })

  it('tells of one address that tries many accounts, with a command that shows more', async () => {
    await guess(
      '192.0.2.77',
      Array.from({ length: 10 }, (_, one) => `nobody ${one}`),
    )
    const spraying = () => about('many_accounts_from_one_address')
    await vi.waitFor(() => expect(spraying()).toHaveLength(1), PATIENCE)
    const [{ command, addresses }] = spraying()
    expect(addresses).toMatchObject([{ address: '192.0.2.77' }])
    const words = [...command.matchAll(/"([^"]*)"|(\S+)/g)].map(
      ([, quoted, bare]) => quoted ?? bare,
    )
    const { code, out } = await program.runBeside(words.slice(1))
    expect(code).toBe(0)
    expect(out).toContain('192.0.2.77')
  })

  it('tells of a row that was changed by hand, without being asked', async () => {
    const raw = new Database(join(program.folder, 'gatehouse.db'))
    const { id } = raw
      .prepare(`select min(id) as id from event where name = 'login.refused'`)
      .get() as {
      id: number
    }
    raw.prepare('update event set at = at - 60 where id = ?').run(id)
    raw.close()
    await vi.waitFor(() => expect(about('trail_broken')).toHaveLength(1), PATIENCE)
    expect(about('trail_broken')[0].text).toContain(`Row ${id} `)
  })

  it('repeats nothing after a restart', async () => {
    const before = pager.posted.length
    expect(await running.stop()).toBe(0)
    running = await program.start()
    await guess('203.0.113.9', ['maria', 'maria'])
    // The trail has been looked at again by then, and found as bad as it was.
    const shown = async () =>
      (await program.runBeside(['audit', 'list', '--address', '203.0.113.9'])).out
    await vi.waitFor(async () => expect(await shown()).toContain('login.refused'), PATIENCE)
    // Time for what must not happen.
    await new Promise((resolve) => setTimeout(resolve, 5000))
    expect(pager.posted).toHaveLength(before)
    expect(new Set(pager.posted.map(opened).map(({ id }) => id)).size).toBe(before)
  })

  it('counts them for whoever watches the figures', async () => {
    const figures = async () => (await fetch(`http://127.0.0.1:${health}/metrics`)).text()
    expect(await figures()).toMatch(
      /gatehouse_alerts_total\{kind="trail_broken",outcome="raised"\}/,
    )
  })

  it('tries itself: gatehouse alerts test', async () => {
    const good = await program.runBeside(['alerts', 'test'])
    expect(good.code).toBe(0)
    expect(good.out.match(/ sent$/gm)).toHaveLength(4)
    expect(about('test')).toHaveLength(1)
    pager.answer = (_, response) => void response.writeHead(500).end()
    mails.mood.recipient = 550
    const bad = await program.runBeside(['alerts', 'test'])
    expect(bad.code).toBe(1)
    expect(bad.out).toMatch(/^webhook .*NOT sent: .*500$/m)
    expect(bad.out.match(/NOT sent/g)).toHaveLength(3)
    expect(bad.out).toMatch(/^sms:\+4915112345678 +sent$/m)
  })
})

it('says which way is missing: gatehouse check', () => {
  const program = createProgram(`
portal: { url: "https://auth.example.com" }
alerts: { mail: [ops@example.com], sms: ["0151 1234"] , kinds: [everything] }
routes: [{ host: wiki.example.com, upstream: "http://127.0.0.1:9", rules: [{ require: one_factor }] }]
`)
  const { code, err } = program.run(['check'])
  expect(code).toBe(1)
  expect(err).toMatch(/alerts\.sms.*phone number/)
  expect(err).toMatch(/alerts\.kinds/)
  program.configure(`
portal: { url: "https://auth.example.com" }
alerts: { mail: [ops@example.com] }
routes: [{ host: wiki.example.com, upstream: "http://127.0.0.1:9", rules: [{ require: one_factor }] }]
`)
  expect(program.run(['check']).err).toMatch(/alerts\.mail.*no channel carries mail/)
  expect(program.run(['alerts', 'test']).code).toBe(1)
  return program.end()
})
