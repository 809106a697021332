import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { User } from '../../src/model/user.ts'
import { ACCOUNT, type AccountTest, openAccountTest, WIKI } from '../support/account.ts'
import { PASSWORD } from '../support/gateway.ts'
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

const body = () => visitor.page.body
const asked = (page: string) =>
  `https://auth.gw.test/login?rd=${encodeURIComponent(`${ACCOUNT}${page}`)}`
const own = async ({ id }: User) => test.store.users.find(id)

/** Somebody with an app, signed in a moment ago. */
async function somebody(given = {}): Promise<User> {
  const user = await test.addPerson(given)
  await test.signIn(visitor, user)
  return user
}

/** The code of a sign-in that somebody was mailed. */
async function mailedCode({ email = '' }: User): Promise<string> {
  for (let count = 1; count < 5; count += 1) {
    const mails = await test.sent(email, count)
    const texts = mails.map((mail) => ('text' in mail ? mail.text : ''))
    const code = texts.flatMap((text) => /^\d{6}$/m.exec(text) ?? [])[0]
    if (code !== undefined) return code
  }
  throw new Error('no code was mailed')
}

const READING = ['', '/factors', '/sessions', '/history', '/data', '/renew']
const CHANGING = [
  '/name',
  '/mail',
  '/mail/confirm?to=x',
  '/password',
  '/factors/add',
  '/sessions/others',
]

describe('the account', () => {
  it.each([...READING, ...CHANGING])(
    'is shown to nobody who is not signed in: %s',
    async (page) => {
      const { status, location } = await visitor.get(`${ACCOUNT}${page}`)
      expect({ status, location }).toEqual({ status: 303, location: asked(page) })
    },
  )

  it('asks whoever has only proved a password for what they have, and leads back', async () => {
    const user = await test.addPerson()
    await test.signIn(visitor, user, 'https://one.gw.test/')
    for (const page of [...READING, ...CHANGING]) {
      expect((await visitor.get(`${ACCOUNT}${page}`)).location).toBe(asked(page))
    }
    await visitor.open(`${ACCOUNT}/sessions`)
    expect(visitor.url).toContain('/login/')
    await test.giveCode(visitor, user)
    expect(visitor.url).toBe(`${ACCOUNT}/sessions`)
  })

  it('is shown for as long as one is signed in, and changed for five minutes', async () => {
    const user = await somebody()
    test.clock.advance(271)
    for (const page of [...READING, '/name']) {
      expect((await visitor.get(`${ACCOUNT}${page}`)).status).toBe(200)
    }
    test.clock.advance(30)
    for (const page of READING) expect((await visitor.get(`${ACCOUNT}${page}`)).status).toBe(200)
    for (const page of CHANGING) {
      expect((await visitor.get(`${ACCOUNT}${page}`)).location).toBe(asked(page))
    }
    await visitor.open(`${ACCOUNT}/password`)
    expect(body()).toContain('in the last 5 minutes')
    await test.giveCode(visitor, user)
    expect(visitor.url).toBe(`${ACCOUNT}/password`)
  })

  it('changes nothing by a form that comes too late, and shows the form again', async () => {
    const user = await somebody()
    await visitor.open(`${ACCOUNT}/name`)
    test.clock.advance(301)
    const late = await visitor.submit({ display_name: 'Too Late' })
    expect(late.location).toBe(asked('/name'))
    expect((await own(user))?.displayName).toBe(user.displayName)
    await visitor.open(late.location ?? '')
    await test.giveCode(visitor, user)
    expect(visitor.url).toBe(`${ACCOUNT}/name`)
  })

  it('is open to somebody without a second step by their password, and says what that means', async () => {
    const user = await test.addPerson({ secret: null })
    await test.signIn(visitor, user, ACCOUNT)
    expect(visitor.url).toBe(ACCOUNT)
    expect(body()).toContain('Only your password protects this account')
    test.clock.advance(301)
    await visitor.open(`${ACCOUNT}/name`)
    await test.send(visitor, { password: PASSWORD })
    expect(visitor.url).toBe(`${ACCOUNT}/name`)
  })

  it('asks for the strongest of what one has, and not for what travels by mail', async () => {
    const user = await test.addPerson()
    await test.signIn(test.visitor(), user)
    const mailId = await test.addCredential(user, 'email', { target: user.email }, 'Mail')
    await visitor.open(`https://auth.gw.test/login?rd=${encodeURIComponent(WIKI)}`)
    await test.send(visitor, { username: user.name, password: PASSWORD })
    await test.send(visitor, { way: mailId })
    const code = await mailedCode(user)
    expect(await visitor.submit({ code })).toMatchObject({ location: WIKI })

    // Good enough for the wiki, and to look; for a change the app is asked for, and nothing else.
    expect((await visitor.get(ACCOUNT)).status).toBe(200)
    await visitor.open(`${ACCOUNT}/name`)
    expect(visitor.url).toContain('/login/')
    expect(body()).not.toContain('name="way"')
    await test.giveCode(visitor, user)
    expect(visitor.url).toBe(`${ACCOUNT}/name`)
  })

  it('is closed by an app that too many wrong codes have locked, whatever else there is', async () => {
    const user = await test.addPerson()
    await test.addCredential(user, 'email', { target: user.email }, 'Mail')
    const app = await test.credential(user.id)
    for (let failure = 0; failure < 100; failure += 1) {
      await test.store.credentials.recordFailure(app?.id ?? '', 100)
    }
    await visitor.open(`https://auth.gw.test/login?rd=${encodeURIComponent(WIKI)}`)
    await test.send(visitor, { username: user.name, password: PASSWORD })
    const code = await mailedCode(user)
    expect(await visitor.submit({ code })).toMatchObject({ location: WIKI })
    const answer = await visitor.open(`${ACCOUNT}/factors/add`)
    expect(answer.status).toBe(403)
    expect(answer.body).toContain('locked')
  })

  it('takes no form from elsewhere', async () => {
    const user = await somebody()
    await visitor.open(`${ACCOUNT}/name`)
    const form = { url: visitor.url, page: visitor.page }
    for (const headers of [
      { origin: 'https://evil.test' },
      { origin: 'https://wiki.gw.test', 'sec-fetch-site': 'same-site' },
    ]) {
      const answer = await visitor.submit({ display_name: 'Forged' }, { headers })
      expect(answer.status).toBe(403)
      Object.assign(visitor, form)
    }
    const foreign = await visitor.submit({ display_name: 'Forged', csrf: 'AAAA' })
    expect(foreign.status).toBe(403)
    expect((await own(user))?.displayName).toBe(user.displayName)
  })

  it('names no session, no secret and no hash on any page', async () => {
    const user = await somebody()
    const sessions = await test.store.sessions.listByUser(user.id)
    const hash = (await test.store.users.passwordHash(user.id)) ?? ''
    const app = await test.credential(user.id)
    const { secret } = { secret: '', ...(app?.data as object) }
    for (const page of [...READING, ...CHANGING, `/factors/${app?.id}`]) {
      const { body: html } = await visitor.get(`${ACCOUNT}${page}`)
      for (const value of [...sessions.map(({ id }) => id), hash, secret]) {
        expect(html).not.toContain(value)
      }
    }
  })
})

describe('the name', () => {
  it('is changed, and kept from what nobody can print', async () => {
    const user = await somebody()
    await visitor.open(`${ACCOUNT}/name`)
    expect((await visitor.submit({ display_name: 'Al\u0007ice' })).status).toBe(400)
    await test.send(visitor, { display_name: ' Alice <b>B</b> ' })
    expect(visitor.url).toBe(`${ACCOUNT}?done=name`)
    expect(body()).toContain('Alice &lt;b&gt;B&lt;/b&gt;')
    expect(await own(user)).toMatchObject({ displayName: 'Alice <b>B</b>', email: user.email })
  })
})

describe('the mail address', () => {
  const codeFor = async (to: string, count = 1) => {
    const [mail] = await test.sent(to, count)
    return /\d{4} \d{4}/.exec(mail && 'text' in mail ? mail.text : '')?.[0] ?? ''
  }

  it('is another one once the code that went there has come back', async () => {
    const user = await somebody()
    const address = `new-${user.email}`
    await visitor.open(`${ACCOUNT}/mail`)
    await test.send(visitor, { email: address })
    expect((await own(user))?.email).toBe(user.email)
    const code = await codeFor(address)
    expect((await visitor.submit({ code: '0000 0000' })).status).toBe(401)
    expect((await own(user))?.email).toBe(user.email)
    await test.send(visitor, { code })
    expect(visitor.url).toBe(`${ACCOUNT}?done=mail`)
    expect((await own(user))?.email).toBe(address)
    // The old address hears of it; the new one has heard nothing but the code.
    const [notice] = await test.sent(user.email ?? '', 2)
    expect(notice).toMatchObject({
      medium: 'email',
      subject: 'Your mail address was changed (Gate)',
    })
    expect(await test.sent(address, 1)).toHaveLength(1)
  })

  it('is no other than the one that the code went to, and no other person’s', async () => {
    const user = await somebody()
    const address = `right-${user.email}`
    await visitor.open(`${ACCOUNT}/mail`)
    await test.send(visitor, { email: address })
    const code = await codeFor(address)
    expect((await visitor.submit({ code, email: 'admin@gw.test' })).status).toBe(401)

    const mallory = test.visitor()
    const other = await test.addPerson()
    await test.signIn(mallory, other)
    await mallory.open(`${ACCOUNT}/mail/confirm?to=${encodeURIComponent(address)}`)
    expect((await mallory.submit({ code })).status).toBe(401)
    expect((await own(other))?.email).toBe(other.email)
    await test.send(visitor, { code, email: address })
    expect((await own(user))?.email).toBe(address)
  })

  it('takes one code, the newest, once and for a quarter of an hour', async () => {
    const user = await somebody()
    const address = `twice-${user.email}`
    await visitor.open(`${ACCOUNT}/mail`)
    await test.send(visitor, { email: address })
    const first = await codeFor(address)
    await visitor.open(`${ACCOUNT}/mail`)
    await test.send(visitor, { email: address })
    const second = await codeFor(address, 2)
    const form = { url: visitor.url, page: visitor.page }
    expect((await visitor.submit({ code: first })).status).toBe(401)
    const both = await Promise.all([
      visitor.submit({ code: second }),
      visitor.submit({ code: second }),
    ])
    expect(both.map(({ status }) => status).sort()).toEqual([303, 401])
    Object.assign(visitor, form)
    expect((await visitor.submit({ code: second })).status).toBe(401)

    const late = `late-${user.email}`
    await visitor.open(`${ACCOUNT}/mail`)
    await test.send(visitor, { email: late })
    const code = await codeFor(late)
    test.clock.advance(901)
    await test.openFresh(visitor, user, `mail/confirm?to=${encodeURIComponent(late)}`)
    expect((await visitor.submit({ code })).status).toBe(401)
    expect((await own(user))?.email).toBe(address)
  })

  it('is guessed at five times, and asked for five times an hour', async () => {
    const user = await somebody()
    const address = `guess-${user.email}`
    for (let send = 0; send < 5; send += 1) {
      await visitor.open(`${ACCOUNT}/mail`)
      expect((await visitor.submit({ email: address })).status).toBe(303)
    }
    await visitor.open(`${ACCOUNT}/mail`)
    expect((await visitor.submit({ email: address })).status).toBe(429)
    await visitor.open(`${ACCOUNT}/mail/confirm?to=${encodeURIComponent(address)}`)
    const statuses = []
    for (let guess = 0; guess < 6; guess += 1) {
      statuses.push((await visitor.submit({ code: `0000000${guess}` })).status)
    }
    expect(statuses).toEqual([401, 401, 401, 401, 401, 429])
  })

  it('is none that cannot be one, and is removed on demand', async () => {
    const user = await somebody()
    await visitor.open(`${ACCOUNT}/mail`)
    for (const email of ['', 'nobody', 'a@b.test\r\nBcc: eve@evil.test', user.email ?? '']) {
      expect((await visitor.submit({ email })).status).toBe(400)
    }
    await test.send(visitor, { remove: '1' })
    expect((await own(user))?.email).toBeUndefined()
    const [notice] = await test.sent(user.email ?? '', 2)
    expect(notice).toMatchObject({ subject: 'Your mail address was changed (Gate)' })
  })
})

describe('the password', () => {
  const NEW = 'three paper boats'

  it('is refused beside its field, with the reason', async () => {
    await somebody()
    await visitor.open(`${ACCOUNT}/password`)
    for (const [fields, field] of [
      [{ password: 'short', again: 'short' }, 'password'],
      [{ password: 'password1234', again: 'password1234' }, 'password'],
      [{ password: NEW, again: `${NEW}s` }, 'again'],
    ] as const) {
      const answer = await visitor.submit(fields)
      expect(answer.status).toBe(400)
      expect(answer.body).toContain(`id="${field}-problem"`)
      expect(answer.body).not.toContain(fields.password)
    }
  })

  it('is another one, and ends every other session and every sign-in on its way', async () => {
    const user = await somebody()
    const elsewhere = test.visitor()
    await test.signIn(elsewhere, user)
    // Halfway in, with the old password.
    const halfway = test.visitor()
    await halfway.open(`https://auth.gw.test/login?rd=${encodeURIComponent(WIKI)}`)
    await test.send(halfway, { username: user.name, password: PASSWORD })
    expect(halfway.url).toContain('/login/')

    await test.openFresh(visitor, user, 'password')
    await test.send(visitor, { password: NEW, again: NEW })
    expect(visitor.url).toBe(`${ACCOUNT}?done=password`)
    expect((await elsewhere.get(ACCOUNT)).status).toBe(303)
    test.clock.advance(30)
    const late = await halfway.submit({ code: await test.code(user.id) })
    expect(late.location).toMatch(/\/login\?rd=/)
    expect(halfway.jar.has('__Secure-gatehouse')).toBe(false)

    const back = test.visitor()
    await back.open('https://auth.gw.test/login')
    expect((await back.submit({ username: user.name, password: PASSWORD })).status).toBe(401)
    expect((await back.submit({ username: user.name, password: NEW })).status).toBe(303)
  })
})

describe('sessions', () => {
  it('are listed in plain words and ended one by one, or all but this', async () => {
    const user = await somebody()
    const others = [test.visitor(), test.visitor(), test.visitor()]
    for (const other of others) await test.signIn(other, user)
    await test.openFresh(visitor, user, 'sessions')
    expect(body()).toContain('this browser')
    expect(body()).toContain('password, Authenticator app')
    const links = [...body().matchAll(/href="(https:[^"]*\/sessions\/[0-9a-f]{24})"/g)]
    expect(links).toHaveLength(3)

    test.clock.advance(301)
    await test.openFresh(visitor, user, `sessions/${links[0]?.[1]?.split('/').at(-1)}`)
    expect(await test.store.sessions.listByUser(user.id)).toHaveLength(4)
    await test.send(visitor, {})
    expect(visitor.url).toBe(`${ACCOUNT}/sessions?done=ended`)
    const alive = await Promise.all(
      others.map(async (it) => (await it.get(ACCOUNT)).status === 200),
    )
    expect(alive.filter(Boolean)).toHaveLength(2)

    await visitor.open(`${ACCOUNT}/sessions/others`)
    await test.send(visitor, {})
    expect(await test.store.sessions.listByUser(user.id)).toHaveLength(1)
    expect((await visitor.get(ACCOUNT)).status).toBe(200)
  })

  it('of somebody else are as good as none, under either of their names', async () => {
    const user = await somebody()
    const other = test.visitor()
    const bob = await test.addPerson()
    await test.signIn(other, bob)
    const second = test.visitor()
    await test.signIn(second, bob)
    await test.openFresh(other, bob, 'sessions')
    const [, name = ''] = /\/sessions\/([0-9a-f]{24})"/.exec(other.page.body) ?? []
    const [session] = await test.store.sessions.listByUser(bob.id)
    await test.openFresh(visitor, user, 'name')
    for (const id of [name, session?.id ?? '']) {
      const { status, location } = await visitor.get(`${ACCOUNT}/sessions/${id}`)
      expect({ status, location }).toEqual({ status: 303, location: `${ACCOUNT}/sessions` })
      visitor.page.body = visitor.page.body.replace(
        /action="[^"]*"/,
        `action="${ACCOUNT}/sessions/${id}"`,
      )
      expect((await visitor.submit({})).location).toBe(`${ACCOUNT}/sessions`)
    }
    expect(await test.store.sessions.listByUser(bob.id)).toHaveLength(2)
  })
})

describe('the history', () => {
  it('tells who came in, who did not, and what was changed, in plain words', async () => {
    const user = await somebody()
    const stranger = test.visitor()
    await stranger.open('https://auth.gw.test/login')
    await stranger.submit({ username: user.name, password: 'wrong' })
    await visitor.open(`${ACCOUNT}/name`)
    await test.send(visitor, { display_name: 'Somebody Else' })
    await visitor.open(`${ACCOUNT}/history`)
    for (const text of [
      'Signed in from a browser that is new here, with password and authenticator app',
      'A wrong password was typed',
      'The name was changed',
      '127.0.0.1',
    ]) {
      expect(body()).toContain(text)
    }
  })
})
