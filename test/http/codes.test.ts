import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { openGateway, PASSWORD, type TestGateway } from '../support/gateway.ts'
import { type MailServer, openMailServer } from '../support/mail-server.ts'
import { freePort } from '../support/ports.ts'
import {
  ACCOUNT,
  openTwilioServer,
  signedByTwilio,
  TOKEN,
  type TwilioServer,
} from '../support/twilio-server.ts'
import type { Answer, Visitor } from '../support/visitor.ts'

const SECRET = 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ'

let folder: string
let mail: MailServer
let twilio: TwilioServer
let gateway: TestGateway
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'gatehouse-test-'))
  mail = await openMailServer({ speaks: 'starttls' })
  twilio = await openTwilioServer()
  writeFileSync(join(folder, 'ca.pem'), mail.ca)
  gateway = await openGateway(`
portal: { url: "https://auth.gw.test", name: Gate }
routes:
  - { host: wiki.gw.test, name: Wiki, rules: [{ require: two_factor }] }
  - { host: key.gw.test, rules: [{ require: phishing_resistant }] }
factors:
  totp: {}
  email: {}
  sms: { countries: [DE] }
  backup_code: {}
channels:
  smtp:
    url: smtp://127.0.0.1:${mail.port}
    from: gate@gw.test
    ca: ${join(folder, 'ca.pem')}
  twilio: { account: ${ACCOUNT}, token: "${TOKEN}", auth_token: "${TOKEN}", from: "+4930123456", url: "${twilio.url}" }
`)
})
afterAll(async () => {
  await gateway.close()
  await mail.close()
  await twilio.close()
  rmSync(folder, { recursive: true })
})

let number = 0
let name: string
let visitor: Visitor
beforeEach(() => {
  number += 1
  name = `user${number}`
  visitor = gateway.visitor()
  mail.mood = {}
  mail.received = []
  twilio.requests = []
  gateway.clock.advance(3600)
})

const wiki = 'https://wiki.gw.test/page'
const address = () => `${name}@gw.test`
const addUser = (given = {}) => gateway.addUser({ name, email: address(), ...given })

/** Gives name and password, and goes on to the page that comes then. */
async function withPassword(): Promise<void> {
  await visitor.open(`https://auth.gw.test/login?rd=${encodeURIComponent(wiki)}`)
  await onward(await visitor.submit({ username: name, password: PASSWORD }))
}

/** Follows the answer to a form to the page that it leads to, where it leads to one. */
async function onward(answer: Answer): Promise<Answer> {
  return answer.location === undefined ? answer : visitor.open(answer.location)
}

const send = async (fields: Record<string, string>) => onward(await visitor.submit(fields))
const mailed = () => mail.codes().map(({ mail: { text = '' } }) => /\d{6}/.exec(text)?.[0] ?? '')
const newest = () => mailed().at(-1) ?? ''
const wrong = () => String((Number(newest()) + 1) % 1_000_000).padStart(6, '0')
async function sessions() {
  const user = await gateway.store.users.findByName(name)
  return gateway.store.sessions.listByUser(user?.id ?? '')
}
const shown = (): string => visitor.page.body

/** Sets codes by mail up, as the first second factor. */
async function enrollMail(): Promise<void> {
  await withPassword()
  await send({ enroll: 'email' })
}

/** A user who gets codes by mail, at the question for one. */
async function atMailCode(): Promise<void> {
  await addUser()
  await enrollMail()
  await visitor.submit({ code: newest() })
  visitor = gateway.visitor()
  mail.received = []
  await withPassword()
}

describe('codes by mail', () => {
  it('are set up by a first one, which goes to the address of the account and to no other', async () => {
    await addUser()
    await withPassword()
    await send({ enroll: 'email', target: 'mallory@evil.test' })
    // The first mail of all, with a connection to make: the page does not always wait for it.
    await expect.poll(() => mail.codes()).toMatchObject([{ to: [address()], secure: true }])
    expect(shown()).toContain('u•••@gw.test')
    expect(shown()).not.toContain(address())
    expect((await visitor.submit({ code: wrong() })).status).toBe(401)
    expect(await visitor.submit({ code: newest() })).toMatchObject({ status: 303, location: wiki })
  })

  it('are no way to begin for an account without an address', async () => {
    await addUser({ email: undefined })
    await withPassword()
    expect(shown()).toContain('value="totp"')
    expect(shown()).not.toContain('value="email"')
    await send({ enroll: 'email', target: 'mallory@evil.test' })
    expect(shown()).toContain('value="totp"')
    expect(mail.codes()).toEqual([])
  })

  it('are not sent without end while they are set up, and the page says so', async () => {
    await addUser()
    await withPassword()
    const statuses: number[] = []
    for (let at = 0; at < 12; at += 1) {
      await send({ enroll: 'email' })
      statuses.push(visitor.page.status)
      if (visitor.page.status === 429) break
      await send({ enroll: '' })
    }
    expect(statuses.at(-1)).toBe(429)
    expect(shown()).toContain('No further code can be sent just now.')
    expect(shown()).toContain('value="totp"')
    expect(mail.codes().length).toBeLessThanOrEqual(10)
  })

  it('are not set up for what is no address', async () => {
    await addUser({ email: 'nobody' })
    await withPassword()
    expect((await visitor.submit({ enroll: 'email' })).status).toBe(400)
    expect(shown()).toContain('This is no mail address.')
    expect(mail.codes()).toEqual([])
  })

  it('sign somebody in, and say who asked, from where and for what', async () => {
    await atMailCode()
    expect(mail.codes()).toHaveLength(1)
    expect(mail.codes()[0]?.mail).toMatchObject({
      subject: 'Your code for Gate',
      text: expect.stringMatching(new RegExp(`${name}[\\s\\S]*127\\.0\\.0\\.1[\\s\\S]*Wiki`)),
    })
    expect(await visitor.submit({ code: newest() })).toMatchObject({ status: 303, location: wiki })
    const [session] = await sessions()
    expect(session).toMatchObject({ aal: 2, phishingResistant: false })
  })

  it('are each good once', async () => {
    await atMailCode()
    const code = newest()
    await visitor.submit({ code })
    visitor = gateway.visitor()
    await withPassword()
    expect((await visitor.submit({ code })).status).toBe(code === newest() ? 303 : 401)
  })

  it('may be wrong four times, and not five', async () => {
    await atMailCode()
    for (let at = 0; at < 4; at += 1) {
      expect((await visitor.submit({ code: wrong() })).status).toBe(401)
    }
    const { url, page } = visitor
    expect((await visitor.submit({ code: wrong() })).status).toBe(403)
    Object.assign(visitor, { url, page })
    const late = await visitor.submit({ code: newest() })
    expect(late.location).toContain('/login')
    // The one of the enrollment.
    expect(await sessions()).toHaveLength(1)
  })

  it('are too old after ten minutes', async () => {
    await atMailCode()
    const code = newest()
    // The sign-in itself lasts no longer; what is left of it knows no code.
    gateway.clock.advance(600)
    const answer = await visitor.submit({ code })
    expect([303, 401]).toContain(answer.status)
    expect(answer.location ?? '').not.toBe(wiki)
  })

  it('are sent again after 30 seconds, and the one before is void', async () => {
    await atMailCode()
    const former = newest()
    const early = await visitor.submit({ resend: '1' })
    expect(early).toMatchObject({ status: 429, headers: { 'retry-after': '30' } })
    expect(mailed()).toEqual([former])

    gateway.clock.advance(30)
    await send({ resend: '1' })
    expect(mailed()).toHaveLength(2)
    const [before, after] = mailed()
    if (before !== after) expect((await visitor.submit({ code: former })).status).toBe(401)
    expect((await visitor.submit({ code: newest() })).status).toBe(303)
  })

  it('are sent five times a sign-in at most', async () => {
    await atMailCode()
    for (let at = 0; at < 8; at += 1) {
      gateway.clock.advance(70)
      await visitor.submit({ resend: '1' })
    }
    expect(mailed().length).toBeLessThanOrEqual(5)
  })
})

describe('a channel that is down', () => {
  /** A user with an app and with codes by mail, the mail last used. */
  async function withBoth(): Promise<string> {
    const user = await addUser({ secret: SECRET })
    const data = { target: address() }
    await gateway.store.credentials.insert({
      id: `mail-${number}`,
      userId: user.id,
      kind: 'email',
      label: 'E-mail',
      data,
      version: 1,
      state: 'active',
      failures: 0,
      createdAt: gateway.clock.now(),
      lastUsedAt: gateway.clock.now(),
    })
    return user.id
  }

  it('is said on the page, which offers the other factors', async () => {
    const userId = await withBoth()
    mail.mood = { recipient: 451 }
    await withPassword()
    expect(shown()).toContain('on its way to')
    const way = /name="way" value="([^"]+)"/.exec(shown())?.[1] ?? ''
    await send({ way })
    expect(shown()).not.toContain('on its way to')
    const answer = await visitor.submit({ code: await gateway.code(userId) })
    expect(answer).toMatchObject({ status: 303, location: wiki })
  })

  it('does not keep the page waiting when it hangs', async () => {
    await withBoth()
    mail.mood = { hangs: true }
    await withPassword()
    expect(shown()).toContain('on its way to')
  })

  it('does not keep the gateway from starting', async () => {
    const other = await openGateway(`
portal: { url: "https://auth.gw.test" }
routes: [{ host: wiki.gw.test, rules: [{ require: two_factor }] }]
factors: { totp: {}, email: {} }
channels: { smtp: { url: "smtps://127.0.0.1:${await freePort()}", from: gate@gw.test } }
`)
    const user = await other.addUser({ name: 'early', secret: SECRET })
    const browser = other.visitor()
    await browser.open(`https://auth.gw.test/login?rd=${encodeURIComponent(wiki)}`)
    const next = await browser.submit({ username: 'early', password: PASSWORD })
    await browser.open(next.location ?? '')
    const done = await browser.submit({ code: await other.code(user.id) })
    expect(done).toMatchObject({ status: 303, location: wiki })
    await other.close()
  })

  it('is told from an address that is refused', async () => {
    await withBoth()
    mail.mood = { recipient: 550 }
    await withPassword()
    expect(shown()).toContain('could not be delivered')
    expect(shown()).toMatch(/name="way"/)
    const [event] = await gateway.store.events.list(
      { names: ['challenge.undelivered'] },
      { limit: 1, newestFirst: true },
    )
    expect(event?.details).toEqual({ kind: 'email', reason: 'refused' })
  })

  it('delivers when it works again', async () => {
    await withBoth()
    mail.mood = { recipient: 451 }
    await withPassword()
    mail.mood = {}
    await expect.poll(() => mailed().length, { timeout: 10_000 }).toBe(1)
    expect(await visitor.submit({ code: newest() })).toMatchObject({ status: 303, location: wiki })
  })
})

describe('codes by text message', () => {
  const texted = () => /\d{6}/.exec(twilio.requests.at(-1)?.parameters.Body ?? '')?.[0] ?? ''

  it('are set up, and sign somebody in', async () => {
    await addUser()
    await withPassword()
    await send({ enroll: 'sms' })
    await send({ enroll: 'sms', target: '0170 123 45 67' })
    expect(twilio.requests).toMatchObject([{ parameters: { To: '+491701234567' } }])
    expect(shown()).toContain('•••• 67')
    expect((await visitor.submit({ code: texted() })).status).toBe(303)

    visitor = gateway.visitor()
    await withPassword()
    expect(twilio.requests).toHaveLength(2)
    expect(await visitor.submit({ code: texted() })).toMatchObject({ status: 303, location: wiki })
  })

  describe('of which it is told afterwards', () => {
    const REPORTS = 'https://auth.gw.test/channels/twilio'
    const sid = () => sids.at(-1) ?? ''
    let sids: (string | undefined)[]
    beforeEach(async () => {
      await addUser()
      await withPassword()
      await send({ enroll: 'sms' })
      await send({ enroll: 'sms', target: '0170 123 45 67' })
      const user = await gateway.store.users.findByName(name)
      const open = await gateway.store.challenges.listOpen(user?.id ?? '', gateway.clock.now())
      sids = open.map(({ reference }) => reference)
    })
    const tell = (
      fields: Record<string, string>,
      signature = signedByTwilio(TOKEN, REPORTS, fields),
      type = 'application/x-www-form-urlencoded',
    ) =>
      gateway.visitor().get(REPORTS, {
        method: 'POST',
        body: new URLSearchParams(fields).toString(),
        headers: { 'content-type': type, 'x-twilio-signature': signature },
      })
    const undelivered = async () =>
      (
        await gateway.store.events.list(
          { names: ['challenge.undelivered'] },
          { limit: 100, newestFirst: true },
        )
      ).filter(({ details }) => details?.reason === 'failed_later').length

    it('say on the page that they have not arrived, and are written down once', async () => {
      expect(sid()).toMatch(/^SM[0-9a-f]{32}$/)
      const before = await undelivered()
      const fields = { MessageSid: sid(), MessageStatus: 'undelivered', ErrorCode: '30005' }
      expect((await tell(fields)).status).toBe(204)
      expect((await tell(fields)).status).toBe(204)
      await visitor.open(visitor.url)
      expect(shown()).toContain('could not be delivered')
      expect(await undelivered()).toBe(before + 1)
      const [event] = await gateway.store.events.list(
        { names: ['challenge.undelivered'] },
        { limit: 1, newestFirst: true },
      )
      expect(event?.details).toEqual({
        kind: 'sms',
        reason: 'failed_later',
        why: 'undelivered 30005',
      })
      // It may have arrived all the same.
      expect((await visitor.submit({ code: texted() })).status).toBe(303)
    })

    it('are left alone by all else', async () => {
      const before = await undelivered()
      const fields = { MessageSid: sid(), MessageStatus: 'undelivered' }
      expect((await tell(fields, 'AAAA')).status).toBe(403)
      expect((await tell(fields, '')).status).toBe(403)
      expect((await tell(fields, undefined, 'application/json')).status).toBe(415)
      expect((await tell({ ...fields, Much: 'x'.repeat(20_000) })).status).toBe(413)
      expect((await tell({ ...fields, MessageSid: `SM${'0'.repeat(32)}` })).status).toBe(204)
      expect((await tell({ ...fields, MessageStatus: 'delivered' })).status).toBe(204)
      await visitor.open(visitor.url)
      expect(shown()).not.toContain('could not be delivered')
      expect(await undelivered()).toBe(before)
    })
  })

  it.each([
    '+33 6 12 34 56 78',
    '+49 900 1234567',
    '+49 30 123456',
    '+88213000123',
    'tel:+491701234567',
  ])('go to nobody else: not to %s', async (target) => {
    await addUser()
    await withPassword()
    await send({ enroll: 'sms' })
    expect((await visitor.submit({ enroll: 'sms', target })).status).toBe(400)
    expect(shown()).toContain(`value="${target}"`)
    expect(twilio.requests).toEqual([])
  })
})

describe('a weak code', () => {
  it('does not do where a passkey is asked for', async () => {
    await atMailCode()
    await visitor.submit({ code: newest() })
    const page = await visitor.open('https://auth.gw.test/login?rd=https%3A%2F%2Fkey.gw.test%2F')
    expect(page.status).toBe(403)
  })
})

describe('a pass from an administrator', () => {
  it('leads whoever has lost everything into setting up a new way, and opens nothing else', async () => {
    const user = await addUser({ secret: SECRET })
    const pass = await gateway.issuePass(user.id)
    await withPassword()
    const way = /name="way" value="([^"]+)"/.exec(shown())?.[1] ?? ''
    await send({ way })
    expect((await visitor.submit({ code: '0000-0000-0000-0000' })).status).toBe(401)
    const passed = await visitor.submit({ code: pass.toLowerCase() })
    expect(passed.status).toBe(303)
    expect(passed.location).not.toBe(wiki)
    expect(await sessions()).toEqual([])

    await onward(passed)
    await send({ enroll: 'email' })
    // The page does not always wait for the mail.
    await expect.poll(newest).toMatch(/^\d{6}$/)
    expect(await visitor.submit({ code: newest() })).toMatchObject({ status: 303, location: wiki })

    // Once, and no more.
    visitor = gateway.visitor()
    await withPassword()
    expect(shown()).not.toContain('Pass')
  })

  it('is not offered when its time is up', async () => {
    const user = await addUser({ secret: SECRET })
    await gateway.issuePass(user.id, 60)
    await withPassword()
    expect(shown()).toMatch(/name="way"/)
    gateway.clock.advance(60)
    visitor = gateway.visitor()
    await withPassword()
    expect(shown()).not.toMatch(/name="way"/)
  })
})
