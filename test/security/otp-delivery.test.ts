import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { newCode } from '../../src/factors/code/secret.ts'
import type { User } from '../../src/model/user.ts'
import { openGateway, PASSWORD, type TestGateway } from '../support/gateway.ts'
import { type MailServer, type MailServerGiven, openMailServer } from '../support/mail-server.ts'
import { type LogLine, recordingLog } from '../support/recording-log.ts'
import { ACCOUNT, openTwilioServer, TOKEN, type TwilioServer } from '../support/twilio-server.ts'
import type { Answer, Visitor } from '../support/visitor.ts'
import { loadCase, valuesOfEach } from './corpus.ts'
import { story } from './story.ts'

const SECRET = 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ'
const MAIL_PASSWORD = 'the password of the mail server'
const APP = 'https://app.gw.test/'

let folder: string
let mail: MailServer
let twilio: TwilioServer
let gateway: TestGateway
let lines: LogLine[]

interface Given {
  mail?: Partial<MailServerGiven>
  /** Trust the certificate of the mail server? */
  trusted?: boolean
  /** More of the configuration. */
  yaml?: string
}

async function open({ mail: given = {}, trusted = true, yaml = '' }: Given = {}): Promise<void> {
  const login = { user: 'gate@gw.test', password: MAIL_PASSWORD }
  mail = await openMailServer({ speaks: 'starttls', login, ...given })
  twilio = await openTwilioServer()
  writeFileSync(join(folder, 'ca.pem'), mail.ca)
  const recording = recordingLog()
  lines = recording.lines
  gateway = await openGateway(
    `
portal: { url: "https://auth.gw.test" }
routes:
  - { host: app.gw.test, rules: [{ require: two_factor }] }
  - { host: key.gw.test, rules: [{ require: phishing_resistant }] }
factors: { totp: {}, email: {}, sms: { countries: [DE, US] }, voice: { countries: [DE] } }
channels:
  smtp:
    url: smtp://127.0.0.1:${mail.port}
    from: gate@gw.test
    password: ${MAIL_PASSWORD}
    ${trusted ? `ca: ${join(folder, 'ca.pem')}` : ''}
  twilio: { account: ${ACCOUNT}, token: "${TOKEN}", from: "+4930123456", url: "${twilio.url}" }
${yaml}`,
    { log: recording.log },
  )
}

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'gatehouse-test-'))
})
afterEach(async () => {
  await gateway.close()
  await mail.close()
  await twilio.close()
  rmSync(folder, { recursive: true })
})

/** A browser that has given name and password, at the page that comes then. */
async function withPassword({ name }: User): Promise<Visitor> {
  const visitor = gateway.visitor()
  await visitor.open(`https://auth.gw.test/login?rd=${encodeURIComponent(APP)}`)
  await onward(visitor, await visitor.submit({ username: name, password: PASSWORD }))
  return visitor
}

const onward = async (visitor: Visitor, answer: Answer): Promise<Answer> =>
  answer.location === undefined ? answer : visitor.open(answer.location)

/** A credential that gets codes at a target, bound some time ago. */
async function bind(user: User, kind: string, data: object): Promise<void> {
  await gateway.store.credentials.insert({
    id: `${kind}-${user.id}`,
    userId: user.id,
    kind,
    label: kind,
    data,
    version: 1,
    state: 'active',
    failures: 0,
    createdAt: gateway.clock.now(),
    lastUsedAt: gateway.clock.now(),
  })
}

async function withMailCodes(given: Partial<User> & { secret?: string } = {}): Promise<User> {
  const user = await gateway.addUser({ name: 'alice', email: 'alice@gw.test', ...given })
  await bind(user, 'email', { target: 'alice@gw.test' })
  return user
}

async function withTexts(): Promise<User> {
  const user = await gateway.addUser({ name: 'tess', email: 'tess@gw.test' })
  await bind(user, 'sms', { target: '+491701234567', country: 'DE' })
  return user
}

const digits = (text: string | undefined) => /\d{6}/.exec(text ?? '')?.[0] ?? ''
const mailed = () => digits(mail.codes().at(-1)?.mail.text)
const texted = () => digits(twilio.requests.at(-1)?.parameters.Body)
const sessionsOf = ({ id }: User) => gateway.store.sessions.listByUser(id)

describe('messages that cost money', () => {
  story(
    'OTP-002',
    'go to nobody who was not let in: not to foreign networks, and to few of one block of numbers',
    async () => {
      await open()
      const user = await gateway.addUser({ name: 'mallory' })
      const visitor = await withPassword(user)
      await onward(visitor, await visitor.submit({ enroll: 'sms' }))
      for (let number = 0; number < 500; number += 1) {
        const target = `+88213000${String(number).padStart(3, '0')}`
        expect((await visitor.submit({ enroll: 'sms', target })).status).toBe(400)
      }
      expect(twilio.requests).toEqual([])

      // From several accounts, each of which may try a few.
      for (let account = 0; account < 5; account += 1) {
        const other = await gateway.addUser({ name: `mallory${account}` })
        const browser = await withPassword(other)
        await onward(browser, await browser.submit({ enroll: 'sms' }))
        const { url, page } = browser
        for (let number = 0; number < 10; number += 1) {
          const target = `+49170123${account}${String(number).padStart(3, '0')}`
          Object.assign(browser, { url, page })
          const { status } = await browser.submit({ enroll: 'sms', target })
          expect([303, 429]).toContain(status)
        }
      }
      expect(twilio.requests).toHaveLength(20)
    },
    60_000,
  )

  story('OTP-003', 'go to one ordinary number, or to none', async () => {
    await open()
    const user = await gateway.addUser({ name: 'alice' })
    const visitor = await withPassword(user)
    await onward(visitor, await visitor.submit({ enroll: 'sms' }))
    const { url, page } = visitor
    for (const target of valuesOfEach(loadCase('OTP-003'))) {
      Object.assign(visitor, { url, page })
      twilio.requests = []
      const written = target.replaceAll('\\r', '\r').replaceAll('\\n', '\n')
      const { status } = await visitor.submit({ enroll: 'sms', target: written })
      // Only the first is a number, in the dress that people give it.
      const to = status === 303 ? ['+14155550123'] : []
      expect(status === 303).toBe(target === '+1 (415) 555-0123')
      expect(twilio.requests.map(({ parameters: { To } }) => To)).toEqual(to)
    }
  })

  story('OTP-013', 'are sent once, however often somebody asks at the same time', async () => {
    await open()
    const visitor = await withPassword(await withMailCodes())
    // The first may still be on its way.
    await expect.poll(() => mail.codes().length).toBe(1)
    gateway.clock.advance(60)
    mail.received = []
    const asked = await Promise.all(
      Array.from({ length: 50 }, () => visitor.submit({ resend: '1' })),
    )
    expect(asked.map(({ status }) => status).filter((it) => ![303, 429].includes(it))).toEqual([])
    expect(mail.codes()).toHaveLength(1)
  })

  story(
    'OTP-101',
    'to one target are ten an hour, from however many browsers they are asked for',
    async () => {
      await open()
      const user = await withTexts()
      for (let at = 0; at < 15; at += 1) await withPassword(user)
      expect(twilio.requests).toHaveLength(10)
      gateway.clock.advance(3600)
      await withPassword(user)
      expect(twilio.requests).toHaveLength(11)
    },
  )
})

describe('a message', () => {
  story('OTP-005', 'says nothing that a stranger has chosen', async () => {
    await open()
    const hostile = '<b>x</b>\r\nSubject: y'
    const user = await withMailCodes({ displayName: hostile })
    const visitor = gateway.visitor()
    const headers = { 'user-agent': '<b>x</b> Subject: y Call +1 900 555 0199' }
    await visitor.open(`https://auth.gw.test/login?rd=${encodeURIComponent(APP)}`)
    const answer = await visitor.submit({ username: user.name, password: PASSWORD }, { headers })
    await onward(visitor, answer)
    const [received] = mail.codes()
    expect(received?.mail.subject).toBe('Your code for Gatehouse')
    expect(received?.mail.headers.filter(({ key }) => key === 'subject')).toHaveLength(1)
    expect(received?.raw).not.toContain('900 555')
    expect(received?.mail.html).not.toContain('<b>x</b>')
    expect(received?.mail.text).not.toContain('Subject: y')
  })

  story('OTP-006', 'is the one place where its code stands', async () => {
    await open()
    const user = await withMailCodes()
    const codes: string[] = []
    const visitor = await withPassword(user)
    codes.push(mailed())
    await visitor.submit({ code: codes[0] === '000000' ? '000001' : '000000' })

    // Whatever goes wrong, and whatever the other side says about it.
    mail.mood = { recipient: 451 }
    gateway.clock.advance(60)
    await visitor.submit({ resend: '1' })
    mail.mood = { data: 554 }
    gateway.clock.advance(120)
    await visitor.submit({ resend: '1' })
    mail.mood = {}
    gateway.clock.advance(120)
    await onward(visitor, await visitor.submit({ resend: '1' }))
    codes.push(mailed())
    expect((await visitor.submit({ code: codes[1] ?? '' })).status).toBe(303)
    await withPassword(await withTexts())
    codes.push(texted())

    const copy = join(folder, 'copy.db')
    await gateway.store.backup(copy)
    const kept = `${readFileSync(copy, 'latin1')}\n${JSON.stringify(lines)}`
    for (const code of codes) {
      expect(code).toMatch(/^\d{6}$/)
      // Within a longer number it is a time.
      expect(kept).not.toMatch(new RegExp(`(?<!\\d)${code}(?!\\d)`))
    }
    expect(lines.length).toBeGreaterThan(0)
  })
})

describe('a code', () => {
  story('OTP-008', 'is of no use after ten minutes', async () => {
    await open({ yaml: 'login: { attempt: 30m }' })
    const user = await withMailCodes()
    const visitor = await withPassword(user)
    gateway.clock.advance(601)
    expect((await visitor.submit({ code: mailed() })).status).toBe(401)
    expect(await sessionsOf(user)).toEqual([])
  })

  story('OTP-012', 'is drawn evenly from all of six digits', async () => {
    await open()
    const drawn = Array.from({ length: 100_000 }, newCode)
    expect(drawn.filter((code) => !/^\d{6}$/.test(code))).toEqual([])
    // A thousand classes by the first three digits: 999 degrees of freedom.
    const counts = new Map<string, number>()
    for (const code of drawn) {
      const head = code.slice(0, 3)
      counts.set(head, (counts.get(head) ?? 0) + 1)
    }
    expect(counts.size).toBe(1000)
    const chiSquare = [...counts.values()].reduce((sum, it) => sum + (it - 100) ** 2 / 100, 0)
    // Six standard deviations from what is expected.
    expect(Math.abs(chiSquare - 999)).toBeLessThan(6 * Math.sqrt(2 * 999))
  })

  story(
    'OTP-014',
    'by mail is called weak, and is no more than the configuration says',
    async () => {
      await open({ yaml: 'login: { two_factor_methods: [totp] }' })
      const reference = readFileSync(
        new URL('../../docs/configuration.md', import.meta.url),
        'utf8',
      )
      expect(reference).toMatch(/`email` .*Weak.*SP 800-63B-4.*6\.3\.6/)
      const user = await withMailCodes({ secret: SECRET })
      const visitor = await withPassword(user)
      // Not asked for, not offered, and not taken when somebody insists.
      expect(visitor.page.body).not.toContain('@gw.test')
      expect(visitor.page.body).not.toContain('name="way"')
      await visitor.submit({ way: `email-${user.id}` })
      expect(mail.codes()).toEqual([])
      const done = await visitor.submit({ code: await gateway.code(user.id) })
      expect(done).toMatchObject({ status: 303, location: APP })
      const key = await visitor.open('https://auth.gw.test/login?rd=https%3A%2F%2Fkey.gw.test%2F')
      expect(key.status).toBe(403)
      expect(mail.codes()).toEqual([])
    },
  )
})

describe('a channel', () => {
  story('OTP-010', 'that hangs or fails lets nobody in, and keeps nobody waiting', async () => {
    await open()
    mail.mood = { hangs: true }
    const alice = await withMailCodes({ secret: SECRET })
    const visitor = await withPassword(alice)
    expect(visitor.page.body).toContain('on its way')
    expect(visitor.page.body).toContain('Authenticator app')
    expect((await visitor.submit({ code: '000000' })).status).toBe(401)

    twilio.error = { status: 500 }
    const tess = await withTexts()
    const other = await withPassword(tess)
    expect(other.page.body).toContain('on its way')
    expect((await other.submit({ code: '' })).status).toBe(401)
    expect(await sessionsOf(alice)).toEqual([])
    expect(await sessionsOf(tess)).toEqual([])

    const way = /name="way" value="([^"]+)"/.exec(visitor.page.body)?.[1] ?? ''
    await onward(visitor, await visitor.submit({ way }))
    const [app] = (await gateway.store.credentials.listByUser(alice.id)).filter(
      ({ kind }) => kind === 'totp',
    )
    expect(app?.id).toBe(way)
    const code = await gateway.code(alice.id)
    expect(await visitor.submit({ code })).toMatchObject({ status: 303, location: APP })
  })

  it('is not slowed down by one person whom it cannot reach', async () => {
    await open()
    mail.mood = { recipient: 452 }
    const alice = await withMailCodes()
    for (let times = 0; times < 10; times += 1) await withPassword(alice)
    twilio.error = { status: 400, code: 21999 }
    const tess = await withTexts()
    for (let times = 0; times < 10; times += 1) await withPassword(tess)
    const deferred = () => lines.filter(({ message }) => message === 'outbox: message put off')
    await expect.poll(() => deferred().length, { timeout: 10_000 }).toBe(20)
    expect(lines.filter(({ message }) => message === 'outbox: a try failed')).toEqual([])

    mail.mood = {}
    const bob = await gateway.addUser({ name: 'bob', email: 'bob@gw.test' })
    await bind(bob, 'email', { target: 'bob@gw.test' })
    await withPassword(bob)
    const toBob = () => mail.codes().filter(({ to }) => to.includes('bob@gw.test'))
    await expect.poll(() => toBob().length, { timeout: 10_000 }).toBe(1)
    expect(lines.filter(({ message }) => message === 'outbox: lane blocked')).toEqual([])
  })

  it('that refuses the link for a new password is told of in the trail, and not on the page', async () => {
    await open()
    mail.mood = { recipient: 550 }
    const user = await gateway.addUser({ name: 'alice', email: 'alice@gw.test' })
    const pages = []
    for (const username of ['alice', 'nobody']) {
      const visitor = gateway.visitor()
      await visitor.open('https://auth.gw.test/forgotten')
      const answer = await visitor.submit({ username })
      pages.push([answer.status, (await onward(visitor, answer)).status])
    }
    expect(pages[0]).toEqual(pages[1])
    const undelivered = () =>
      gateway.store.events.list({ names: ['message.undelivered'] }, { limit: 9, newestFirst: true })
    await expect.poll(undelivered).toMatchObject([
      {
        userId: user.id,
        details: { about: 'password.reset_asked', medium: 'email', reason: 'refused' },
      },
    ])
  })

  story(
    'OTP-011',
    'gets no password and no code before it is encrypted, and proved who it is',
    async () => {
      for (const given of [{ mail: { speaks: 'plain' as const } }, { trusted: false }]) {
        await open(given)
        await withPassword(await withMailCodes())
        await expect.poll(() => mail.connections).toBeGreaterThan(0)
        expect(mail.passwords).toEqual([])
        expect(mail.codes()).toEqual([])
        await gateway.close()
        await mail.close()
        await twilio.close()
      }
      await open({ mail: { name: 'elsewhere.test' } })
      await withPassword(await withMailCodes())
      await expect.poll(() => mail.connections).toBeGreaterThan(0)
      expect([mail.passwords, mail.codes()]).toEqual([[], []])
    },
  )
})
