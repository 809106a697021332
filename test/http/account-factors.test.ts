import { generate } from 'otplib'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Credential } from '../../src/model/factor.ts'
import type { User } from '../../src/model/user.ts'
import { ACCOUNT, type AccountTest, openAccountTest, WIKI } from '../support/account.ts'
import { createAuthenticator } from '../support/authenticator.ts'
import { listenTo } from '../support/event-source.ts'
import { PASSWORD } from '../support/gateway.ts'
import { addPasskey, optionsOn, spoken } from '../support/passkeys.ts'
import { bigNumber } from '../support/two-screens.ts'
import type { Visitor } from '../support/visitor.ts'

let test: AccountTest
beforeAll(async () => {
  test = await openAccountTest()
})
afterAll(() => test.close())

let visitor: Visitor
beforeEach(() => {
  visitor = test.visitor()
  test.clock.advance(3600)
})

const COOKIE = '__Secure-gatehouse'
const body = () => visitor.page.body
const own = ({ id }: User): Promise<Credential[]> => test.store.credentials.listByUser(id)
const bound = async (user: User) => (await own(user)).filter(({ state }) => state !== 'pending')
const begun = async (user: User) => (await own(user)).find(({ state }) => state === 'pending')
const firstCode = async (user: User) => {
  const { secret } = { secret: '', ...((await begun(user))?.data as object) }
  return generate({ secret, epoch: test.clock.now() })
}
/** Posts to an address that no form of the last page leads to. */
async function post(page: string, fields: Record<string, string>) {
  visitor.page.body = body().replace(/action="[^"]*"/, `action="${ACCOUNT}/${page}"`)
  return visitor.submit(fields)
}

async function somebody(given = {}): Promise<User> {
  const user = await test.addPerson(given)
  await test.signIn(visitor, user)
  return user
}

async function addApp(user: User): Promise<void> {
  await test.openFresh(visitor, user, 'factors/add')
  await test.send(visitor, { enroll: 'totp' })
  await test.send(visitor, { code: await firstCode(user) })
}

describe('another way to sign in', () => {
  it('is chosen among what is offered, and counts from its first right answer', async () => {
    const user = await somebody()
    await visitor.open(`${ACCOUNT}/factors/add`)
    for (const kind of ['totp', 'email', 'sms', 'backup_code']) {
      expect(body()).toContain(`value="${kind}"`)
    }
    await test.send(visitor, { enroll: 'totp' })
    expect(body()).toContain('<svg')
    expect((await visitor.submit({ code: '000000' })).status).toBe(401)
    expect(await bound(user)).toHaveLength(1)
    await test.send(visitor, { code: await firstCode(user) })
    expect(visitor.url).toBe(`${ACCOUNT}/factors?done=added`)
    expect((await bound(user)).map(({ state }) => state)).toEqual(['active', 'active'])
  })

  it('that is the first one raises the session, which gets another id', async () => {
    const user = await test.addPerson({ secret: null })
    await test.signIn(visitor, user, ACCOUNT)
    const before = visitor.jar.get(COOKIE)
    await addApp(user)
    expect(visitor.url).toBe(`${ACCOUNT}/factors?done=added`)
    const sessions = await test.store.sessions.listByUser(user.id)
    const [app] = await bound(user)
    expect(sessions).toMatchObject([{ aal: 2, by: [app?.id] }])
    expect((await visitor.get(WIKI)).status).not.toBe(302)
    const old = test.visitor()
    old.jar.set(COOKIE, before ?? { value: '', domain: '', hostOnly: false })
    expect((await old.get(ACCOUNT)).status).toBe(303)
  })

  it('is not bound as the first one once the account has another', async () => {
    const user = await test.addPerson({ secret: null })
    await test.signIn(visitor, user, ACCOUNT)
    await visitor.open(`${ACCOUNT}/factors/add`)
    await test.send(visitor, { enroll: 'totp' })
    const code = await firstCode(user)
    // The owner is quicker, in another browser.
    const owner = await test.addCredential(user, 'totp', { secret: 'MFRGGZDFMZTWQ2LK' })
    const answer = await visitor.submit({ code })
    expect(answer.location).toMatch(/\/login\?rd=/)
    expect((await bound(user)).map(({ id }) => id)).toEqual([owner])
  })

  it('is bound by nobody who has proved a password alone', async () => {
    const user = await test.addPerson()
    await test.signIn(visitor, user, 'https://one.gw.test/')
    await visitor.open('https://auth.gw.test/logout')
    expect((await post('factors/add', { enroll: 'totp' })).location).toMatch(/\/login\?rd=/)
    expect(await own(user)).toHaveLength(1)
  })

  it('that takes a number asks for it first, and refuses what it cannot reach', async () => {
    const user = await somebody()
    await visitor.open(`${ACCOUNT}/factors/add`)
    await test.send(visitor, { enroll: 'sms' })
    expect(body()).toContain('name="target"')
    for (const target of ['nonsense', '+1 202 555 0143']) {
      expect((await visitor.submit({ target })).status).toBe(400)
    }
    await test.send(visitor, { target: '0151 2345 6789' })
    await test.send(visitor, { target: '+49 151 23456789' })
    const [text] = await test.sent('+4915123456789', 1)
    const code = /\d{6}/.exec(text && 'text' in text ? text.text : '')?.[0] ?? ''
    await test.send(visitor, { code })
    expect(visitor.url).toBe(`${ACCOUNT}/factors?done=added`)
    expect(body()).toContain('89')
    expect(body()).not.toContain('23456789')
    expect(await bound(user)).toHaveLength(2)
  })

  it('that is another device is invited by a link, and counts once its number was typed', async () => {
    const user = await somebody()
    await visitor.open(`${ACCOUNT}/factors/add`)
    await test.send(visitor, { enroll: 'push' })
    // The page hears of the phone at once, and needs not look again and again.
    const events = /data-events="([^"]+)"/.exec(body())?.[1] ?? ''
    expect(events).toMatch(/\/account\/factors\/add\/[\w-]{22}\/events$/)
    const cookie = visitor.jar.headerFor('auth.gw.test')
    const stream = await listenTo(test.port, events, { cookie })
    expect((await listenTo(test.port, events, {})).status).toBe(303)
    const { url } = visitor
    expect(body()).not.toContain('name="code"')
    const phone = test.visitor()
    await phone.open(/https:\/\/[\w.]+\/approver\/[\w-]{43}/.exec(body())?.[0] ?? '')
    await phone.submit({ subscription: '' })
    await stream.next('answered')
    await stream.ended
    const number = bigNumber(await phone.open('https://auth.gw.test/approver'))
    expect(number).toMatch(/^\d\d$/)
    await visitor.open(url)
    expect((await visitor.submit({ code: number === '99' ? '98' : '99' })).status).toBe(401)
    expect(await bound(user)).toHaveLength(1)
    await test.send(visitor, { code: number })
    expect(visitor.url).toBe(`${ACCOUNT}/factors?done=added`)
    expect((await bound(user)).map(({ kind }) => kind)).toContain('push')
    expect((await listenTo(test.port, events, { cookie })).status).toBe(204)
  })

  it('that is a passkey takes its place from the first answer on', async () => {
    const user = await somebody()
    const key = createAuthenticator({ origin: 'https://auth.gw.test' })
    await visitor.open(`${ACCOUNT}/factors/add`)
    expect(body()).toMatch(/value="passkey"[\s\S]*recommended/)
    await test.send(visitor, { enroll: 'passkey' })
    await test.send(visitor, { answer: 'not JSON at all' })
    expect(await bound(user)).toHaveLength(1)
    await visitor.open(visitor.url)
    await test.send(visitor, { answer: spoken(key.create(optionsOn(body()))) })
    expect(visitor.url).toBe(`${ACCOUNT}/factors?done=added`)
    // From now on it is what a change asks for.
    expect((await visitor.get(`${ACCOUNT}/name`)).location).toMatch(/\/login\?rd=/)
    await visitor.open(`${ACCOUNT}/name`)
    await test.send(visitor, { answer: spoken(key.get(optionsOn(body()))) })
    expect(visitor.url).toBe(`${ACCOUNT}/name`)
    // Browsers are told what is left, so that they offer nothing else.
    const passkey = (await bound(user)).find(({ kind }) => kind === 'passkey')
    await visitor.open(`${ACCOUNT}/factors/${passkey?.id}/remove`)
    await test.send(visitor, { remove: 'none' })
    expect(body()).toContain('data-passkey="remaining"')
    expect(body()).toContain('&quot;allAcceptedCredentialIds&quot;:[]')
  })

  it('is given up for something else', async () => {
    const user = await somebody()
    await visitor.open(`${ACCOUNT}/factors/add`)
    await test.send(visitor, { enroll: 'totp' })
    await test.send(visitor, { enroll: '' })
    expect(visitor.url).toBe(`${ACCOUNT}/factors/add`)
    expect(await begun(user)).toBeUndefined()
  })

  it('of a kind that is not offered is not begun', async () => {
    const user = await somebody()
    await visitor.open(`${ACCOUNT}/factors/add`)
    for (const enroll of ['pass', 'voice', '', '__proto__']) {
      expect((await visitor.submit({ enroll })).location).toBe(`${ACCOUNT}/factors/add`)
    }
    expect(await own(user)).toHaveLength(1)
  })

  it('leads on to the page that asked for it, and to no foreign one', async () => {
    const user = await somebody()
    const begin = async (rd: string) => {
      await test.openFresh(visitor, user, `factors/add?rd=${encodeURIComponent(rd)}`)
      await test.send(visitor, { enroll: 'totp' })
      return visitor.submit({ code: await firstCode(user) })
    }
    expect((await begin(`${WIKI}?a=1&b=2`)).location).toBe(`${WIKI}?a=1&b=2`)
    expect((await begin('https://evil.test/')).location).toBe(`${ACCOUNT}/factors?done=added`)
  })
})

describe('an approver that asks for no passkey', () => {
  const confirmsOf = async (user: User) =>
    (await bound(user)).find(({ kind }) => kind === 'push')?.data as { confirms?: boolean }

  async function withApprover(confirms = false) {
    const user = await test.addPerson()
    const data = { stage: 'bound', browser: 'Firefox on Android', confirms }
    const id = await test.addCredential(user, 'push', data, 'Firefox on Android')
    await test.signIn(visitor, user)
    return { user, page: `factors/${id}` }
  }
  async function withPasskey(user: User) {
    const key = createAuthenticator({ origin: 'https://auth.gw.test' })
    await addPasskey(test.store, user, key)
    return key
  }

  it('is let ask for one on the account page, with the passkey itself, and is told of', async () => {
    const { user, page } = await withApprover()
    const key = await withPasskey(user)
    await visitor.open(`${ACCOUNT}/${page}`)
    await test.send(visitor, { answer: spoken(key.get(optionsOn(body()))) })
    expect(body()).toContain('approves without your passkey')
    await post(`${page}/confirm`, {})
    expect(await confirmsOf(user)).toMatchObject({ confirms: true })
    expect(await test.sent(user.email ?? '', 2)).toEqual(
      expect.arrayContaining([
        expect.objectContaining({
          subject: 'How a device of yours approves was changed (Gate)',
          text: expect.stringContaining('“Firefox on Android” (approval on your phone) asks for'),
        }),
      ]),
    )
    await visitor.open(`${ACCOUNT}/history`)
    expect(body()).toContain('Firefox on Android asks for a passkey before it approves')
    // There is no way back but on the page of the device.
    await visitor.open(`${ACCOUNT}/${page}`)
    expect(body()).not.toContain('/confirm')
    expect((await post(`${page}/confirm`, {})).location).toBe(`${ACCOUNT}/factors`)
    expect(await confirmsOf(user)).toMatchObject({ confirms: true })
  })

  it('is left alone where there is no passkey to ask for', async () => {
    const { user, page } = await withApprover()
    await visitor.open(`${ACCOUNT}/${page}`)
    expect(body()).not.toContain('/confirm')
    expect((await post(`${page}/confirm`, {})).location).toBe(`${ACCOUNT}/factors`)
    expect(await confirmsOf(user)).toMatchObject({ confirms: false })
  })

  it('is changed by nobody without a proof, nor by anybody else', async () => {
    const { user, page } = await withApprover()
    await visitor.open(`${ACCOUNT}/${page}`)
    await withPasskey(user)
    expect((await post(`${page}/confirm`, {})).location).toMatch(/\/login\?rd=/)
    visitor = test.visitor()
    const mallory = await somebody()
    const [app] = await bound(mallory)
    await visitor.open(`${ACCOUNT}/factors/${app?.id}`)
    expect((await post(`${page}/confirm`, {})).location).toBe(`${ACCOUNT}/factors`)
    expect(await confirmsOf(user)).toMatchObject({ confirms: false })
  })
})

describe('a way to sign in', () => {
  it('gets another name', async () => {
    const user = await somebody()
    const [app] = await bound(user)
    await visitor.open(`${ACCOUNT}/factors/${app?.id}`)
    for (const label of ['', ' ', 'x'.repeat(61), 'a\u0007b']) {
      expect((await visitor.submit({ label })).status).toBe(400)
    }
    await test.send(visitor, { label: 'Work <phone>' })
    expect(visitor.url).toBe(`${ACCOUNT}/factors?done=named`)
    expect(body()).toContain('Work &lt;phone&gt;')
  })

  it('of somebody else is as good as none', async () => {
    const bob = await test.addPerson()
    const [theirs] = await bound(bob)
    const other = test.visitor()
    await test.signIn(other, bob)
    await other.open(`${ACCOUNT}/factors/add`)
    await test.send(other, { enroll: 'totp' })
    const pending = await begun(bob)

    const mallory = await somebody()
    await visitor.open(`${ACCOUNT}/factors/add`)
    const form = { url: visitor.url, page: visitor.page }
    for (const [page, fields] of [
      [`factors/${theirs?.id}`, { label: 'mine' }],
      [`factors/${theirs?.id}/remove`, { remove: 'none' }],
      [`factors/add/${pending?.id}`, { code: await firstCode(bob) }],
      [`factors/add/${pending?.id}`, { enroll: '' }],
      [`factors/add/${pending?.id}`, { resend: '1' }],
    ] as const) {
      expect((await visitor.get(`${ACCOUNT}/${page}`)).status).toBe(303)
      Object.assign(visitor, { url: form.url, page: { ...form.page } })
      expect((await post(page, fields)).status).toBe(303)
    }
    expect(await own(bob)).toEqual(
      expect.arrayContaining([expect.objectContaining({ id: theirs?.id, label: theirs?.label })]),
    )
    expect(await begun(bob)).toEqual(pending)
    expect(await bound(mallory)).toHaveLength(1)
  })

  it('is removed with the sessions that were proved by it, this one aside', async () => {
    const user = await somebody()
    await addApp(user)
    const [first, second] = await bound(user)
    const elsewhere = test.visitor()
    await elsewhere.open(`https://auth.gw.test/login?rd=${encodeURIComponent(WIKI)}`)
    await test.send(elsewhere, { username: user.name, password: PASSWORD })
    await test.send(elsewhere, { way: first?.id ?? '' })
    await test.giveCode(elsewhere, user)
    expect((await elsewhere.get(ACCOUNT)).status).toBe(200)

    await test.openFresh(visitor, user, `factors/${first?.id}/remove`)
    expect(body()).not.toContain('It is the last one')
    await test.send(visitor, { remove: 'none' })
    expect(visitor.url).toBe(`${ACCOUNT}/factors?done=removed`)
    expect((await bound(user)).map(({ id }) => id)).toEqual([second?.id])
    expect((await elsewhere.get(ACCOUNT)).status).toBe(303)
    expect((await visitor.get(ACCOUNT)).status).toBe(200)
  })

  it('that is the last one goes only after it was said what follows', async () => {
    const user = await somebody()
    const [app] = await bound(user)
    await visitor.open(`${ACCOUNT}/factors/${app?.id}/remove`)
    expect(body()).toContain('It is the last one')
    // A form that said something else, or nothing, does not do.
    for (const remove of ['none', 'last_resort', '']) {
      expect((await visitor.submit({ remove })).status).toBe(400)
    }
    expect(await bound(user)).toHaveLength(1)
    await test.send(visitor, { remove: 'nothing' })
    expect(body()).toContain('Only your password protects this account')
    expect(await bound(user)).toEqual([])
  })

  it('is looked at and removed with a fresh proof only', async () => {
    const user = await somebody()
    const [app] = await bound(user)
    await visitor.open(`${ACCOUNT}/factors/${app?.id}/remove`)
    test.clock.advance(301)
    expect((await visitor.submit({ remove: 'nothing' })).location).toMatch(/\/login\?rd=/)
    expect((await visitor.get(`${ACCOUNT}/factors/${app?.id}`)).location).toMatch(/\/login\?rd=/)
    expect(await bound(user)).toHaveLength(1)
  })
})

describe('backup codes', () => {
  const shown = () => [...body().matchAll(/<code>([^<]+)<\/code>/g)].map(([, code = '']) => code)
  const make = async (user: User) => {
    await test.openFresh(visitor, user, 'factors/add?only=backup_code')
    await test.send(visitor, { enroll: 'backup_code' })
    const codes = shown()
    await test.send(visitor, { code: 'kept' })
    return codes
  }
  /** Signs in with one, in a new browser. */
  const use = async (user: User, code: string) => {
    const browser = test.visitor()
    await browser.open(`https://auth.gw.test/login?rd=${encodeURIComponent(WIKI)}`)
    await test.send(browser, { username: user.name, password: PASSWORD })
    const codes = (await bound(user)).find(({ kind }) => kind === 'backup_code')
    await test.send(browser, { way: codes?.id ?? '' })
    return { browser, answer: await browser.submit({ code }) }
  }

  it('are offered beside something else only', async () => {
    const user = await test.addPerson({ secret: null })
    await test.signIn(visitor, user, `${ACCOUNT}/factors/add`)
    expect(body()).toContain('value="totp"')
    expect(body()).not.toContain('value="backup_code"')
  })

  it('are shown once, to be printed or downloaded', async () => {
    const user = await somebody()
    await visitor.open(`${ACCOUNT}/factors/add`)
    await test.send(visitor, { enroll: 'backup_code' })
    const { url } = visitor
    const codes = shown()
    expect(new Set(codes).size).toBe(10)
    expect(body()).toContain('download="backup-codes.txt"')
    await test.send(visitor, { code: 'kept' })
    expect(visitor.url).toBe(`${ACCOUNT}/factors?done=added`)
    expect(body()).toContain('10 codes left')
    await visitor.open(url)
    expect(shown()).toEqual([])
    expect(await bound(user)).toHaveLength(2)
  })

  it('are made anew in the place of the old ones', async () => {
    const user = await somebody()
    const [old = ''] = await make(user)
    const before = (await bound(user)).find(({ kind }) => kind === 'backup_code')
    // They are not among what is added, and their own page makes new ones.
    await test.openFresh(visitor, user, 'factors/add')
    expect(body()).not.toContain('value="backup_code"')
    await visitor.open(`${ACCOUNT}/factors/${before?.id}`)
    await test.send(visitor, { enroll: 'backup_code' })
    const [fresh = ''] = shown()
    // Until they are kept, the old ones count.
    expect((await bound(user)).map(({ id }) => id)).toContain(before?.id)
    await test.send(visitor, { code: 'kept' })
    const after = (await bound(user)).filter(({ kind }) => kind === 'backup_code')
    expect(after).toHaveLength(1)
    expect(after[0]?.id).not.toBe(before?.id)
    expect((await use(user, old)).answer.status).toBe(401)
    expect((await use(user, fresh)).answer.status).toBe(303)
  })

  it('lead past a page that offers to set up anew, and open the account for that', async () => {
    const user = await somebody()
    const [code = ''] = await make(user)
    const { browser, answer } = await use(user, code)
    const renew = `${ACCOUNT}/renew?rd=${encodeURIComponent(WIKI)}`
    expect(answer).toMatchObject({ status: 303, location: renew })
    await browser.open(renew)
    expect(browser.page.body).toContain('9 codes left')
    expect(browser.page.body).toContain(`href="${WIKI}"`)
    await browser.open(`${ACCOUNT}/factors/add?rd=${encodeURIComponent(WIKI)}`)
    expect(browser.url).toContain('/factors/add')
    await test.send(browser, { enroll: 'totp' })
    expect((await browser.submit({ code: await firstCode(user) })).location).toBe(WIKI)
  })

  it('are warned of below four, on the home page too', async () => {
    const user = await somebody()
    const codes = await make(user)
    const warning = /of your backup codes (is|are) left/
    for (const [index, code] of codes.slice(0, 7).entries()) {
      test.clock.advance(900)
      const { browser } = await use(user, code)
      await browser.open('https://auth.gw.test/')
      expect(warning.test(browser.page.body)).toBe(index === 6)
      await browser.open(`${ACCOUNT}/factors`)
      expect(warning.test(browser.page.body)).toBe(index === 6)
    }
  })
})

describe('a page that nothing one has can open', () => {
  it('leads to setting up what it takes, and back', async () => {
    const user = await somebody()
    const answer = await visitor.open('https://auth.gw.test/login?rd=https%3A%2F%2Fsms.gw.test%2F')
    expect(answer.status).toBe(403)
    const href = /href="([^"]*factors\/add[^"]*)"/.exec(body())?.[1]?.replaceAll('&amp;', '&') ?? ''
    await visitor.open(href)
    expect([...body().matchAll(/name="enroll" value="([^"]+)"/g)].map(([, kind]) => kind)).toEqual([
      'sms',
    ])
    await test.send(visitor, { enroll: 'sms' })
    await test.send(visitor, { target: '+49 151 23456780' })
    const [text] = await test.sent('+4915123456780', 1)
    const code = /\d{6}/.exec(text && 'text' in text ? text.text : '')?.[0] ?? ''
    expect((await visitor.submit({ code })).location).toBe('https://sms.gw.test/')
    expect(await bound(user)).toHaveLength(2)
  })
})
