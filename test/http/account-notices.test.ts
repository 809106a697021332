import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Message } from '../../src/model/message.ts'
import type { User } from '../../src/model/user.ts'
import { ACCOUNT, type AccountTest, openAccountTest, WIKI } from '../support/account.ts'
import { aChallenge } from '../support/builders.ts'
import { PASSWORD } from '../support/gateway.ts'
import type { Visitor } from '../support/visitor.ts'

const UNDO = 'https://auth.gw.test/undo'
const NEW = 'three paper boats'

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

const own = async ({ id }: User) => test.store.users.find(id)
const subjects = (messages: readonly Message[]) =>
  messages.map((message) => ('subject' in message ? message.subject : message.medium))
const textOf = (message: Message | undefined) => (message && 'text' in message ? message.text : '')
const linkIn = (message: Message | undefined) =>
  /https:\/\/auth\.gw\.test\/undo\?token=[A-Za-z0-9_-]{43}/.exec(textOf(message))?.[0] ?? ''

/** Somebody with an app, signed in for the second time in this browser; nobody has written to them yet. */
async function somebody(given = {}): Promise<User> {
  const user = await test.addPerson(given)
  await test.signIn(visitor, user)
  if (user.email !== undefined) await test.sent(user.email, 1)
  return user
}
const SIGNED_IN = 'A sign-in from a new browser (Gate)'

async function changeName(): Promise<void> {
  await visitor.open(`${ACCOUNT}/name`)
  await test.send(visitor, { display_name: `Name ${Math.random()}` })
}

/** The newest notice after some change. */
async function changed(user: User): Promise<Message | undefined> {
  await changeName()
  const [notice] = await test.sent(user.email ?? '', 2)
  return notice
}

describe('a notice', () => {
  it('tells what, when, from where and how to undo it, in text and in HTML that loads nothing', async () => {
    const user = await somebody()
    const notice = await changed(user)
    expect(notice).toMatchObject({ medium: 'email', subject: 'Your name was changed (Gate)' })
    const html = notice && 'html' in notice ? notice.html : ''
    for (const part of [user.name, '127.0.0.1', 'UTC', linkIn(notice)]) {
      expect(part).not.toBe('')
      expect(textOf(notice)).toContain(part)
      expect(html.replaceAll('&amp;', '&')).toContain(part)
    }
    expect(html).not.toMatch(/<img|<script|<link|url\(/i)
    expect(html.match(/href=/g)).toHaveLength(1)
  })

  it('goes out for each kind of change, and for a sign-in in a browser that is new', async () => {
    const user = await somebody()
    expect(subjects(await test.sent(user.email ?? '', 1))).toEqual([SIGNED_IN])
    await visitor.open(`${ACCOUNT}/password`)
    await test.send(visitor, { password: NEW, again: NEW })
    const app = await test.credential(user.id)
    await visitor.open(`${ACCOUNT}/factors/${app?.id}`)
    await test.send(visitor, { label: 'Phone' })
    await visitor.open(`${ACCOUNT}/factors/add`)
    await test.send(visitor, { enroll: 'backup_code' })
    await test.send(visitor, { code: 'kept' })
    await test.addCredential(user, 'totp', { secret: 'MFRGGZDFMZTWQ2LK' }, 'Tablet')
    await visitor.open(`${ACCOUNT}/factors/${app?.id}/remove`)
    await test.send(visitor, { remove: 'none' })
    const all = subjects(await test.sent(user.email ?? '', 5))
    expect(all.toSorted()).toEqual(
      [
        'A way to sign in has another name (Gate)',
        'A way to sign in was added (Gate)',
        'A way to sign in was removed (Gate)',
        'Your password was changed (Gate)',
        SIGNED_IN,
      ].toSorted(),
    )
  })

  it('goes out when a backup code was used, and when wrong codes have locked an app', async () => {
    const user = await somebody()
    await visitor.open(`${ACCOUNT}/factors/add`)
    await test.send(visitor, { enroll: 'backup_code' })
    const code = /<code>([^<]+)<\/code>/.exec(visitor.page.body)?.[1] ?? ''
    await test.send(visitor, { code: 'kept' })
    const known = visitor.jar.get('__Host-gatehouse-browser')
    const again = test.visitor()
    if (known) again.jar.set('__Host-gatehouse-browser', known)
    const atCode = async () => {
      await again.open(`https://auth.gw.test/login?rd=${encodeURIComponent(WIKI)}`)
      await test.send(again, { username: user.name, password: PASSWORD })
    }
    await atCode()
    const codes = (await test.store.credentials.listByUser(user.id)).find(
      ({ kind }) => kind === 'backup_code',
    )
    await test.send(again, { way: codes?.id ?? '' })
    await again.submit({ code })
    expect(subjects(await test.sent(user.email ?? '', 3))[0]).toBe('A backup code was used (Gate)')

    const app = await test.credential(user.id)
    for (let failure = 0; failure < 99; failure += 1) {
      await test.store.credentials.recordFailure(app?.id ?? '', 100)
    }
    again.jar.delete('__Secure-gatehouse')
    await atCode()
    await test.send(again, { way: app?.id ?? '' })
    await again.submit({ code: '000000' })
    expect(subjects(await test.sent(user.email ?? '', 4))[0]).toBe(
      'A way to sign in is locked (Gate)',
    )
  })

  it('about the mail goes to a phone as well, and about a phone to the mail', async () => {
    const user = await somebody()
    const number = '+4915123450001'
    await test.addCredential(user, 'sms', { target: number, country: 'DE' }, 'Phone')
    await visitor.open(`${ACCOUNT}/mail`)
    await test.send(visitor, { remove: '1' })
    const [text] = await test.sent(number, 1)
    expect(text).toMatchObject({ medium: 'sms' })
    expect(linkIn(text)).not.toBe('')
    expect(subjects(await test.sent(user.email ?? '', 2))[0]).toBe(
      'Your mail address was changed (Gate)',
    )
  })

  it('is one of a few of its kind in an hour', async () => {
    const user = await somebody()
    for (let change = 0; change < 8; change += 1) await changeName()
    await visitor.open(`${ACCOUNT}/password`)
    await test.send(visitor, { password: NEW, again: NEW })
    await test.sent(user.email ?? '', 5)
    // Nothing more comes, however long one waits.
    await new Promise((resolve) => setTimeout(resolve, 200))
    const all = subjects(await test.sent(user.email ?? '', 5))
    expect(all.filter((it) => it === 'Your name was changed (Gate)')).toHaveLength(3)
    expect(all).toContain('Your password was changed (Gate)')
  })

  it('is not waited for, and none is made for somebody whom nothing reaches', async () => {
    const user = await test.addPerson()
    const { email: _, ...bare } = user
    await test.store.users.setProfile(user.id, { displayName: bare.displayName })
    await test.signIn(visitor, user)
    await changeName()
    expect((await own(user))?.displayName).toMatch(/^Name/)
    expect(
      test.inbox.messages().filter(({ message }) => textOf(message).includes(user.name)),
    ).toEqual([])
  })
})

describe('"this was not me"', () => {
  it('changes nothing by being looked at', async () => {
    const user = await somebody()
    const link = linkIn(await changed(user))
    for (const method of ['GET', 'HEAD', 'GET']) {
      expect((await test.visitor().get(link, { method })).status).toBe(200)
    }
    expect(await own(user)).not.toHaveProperty('frozenUntil')
    expect((await visitor.get(ACCOUNT)).status).toBe(200)
  })

  it('ends everything and closes the account for a day, once it is confirmed', async () => {
    const user = await somebody()
    const link = linkIn(await changed(user))
    const elsewhere = test.visitor()
    await test.signIn(elsewhere, user)
    // Somebody is halfway in, and a question is open on another device.
    const halfway = test.visitor()
    await halfway.open(`https://auth.gw.test/login?rd=${encodeURIComponent(WIKI)}`)
    await test.send(halfway, { username: user.name, password: PASSWORD })
    const app = await test.credential(user.id)
    const now = test.clock.now()
    const open = aChallenge({
      userId: user.id,
      credentialId: app?.id ?? '',
      boundTo: 'x',
      expiresAt: now + 60,
    })
    await test.store.challenges.open(open, false)

    const owner = test.visitor()
    await owner.open(link)
    expect((await owner.submit({})).status).toBe(200)
    expect((await own(user))?.frozenUntil).toBe(test.clock.now() + 86_400)
    expect(await test.store.sessions.listByUser(user.id)).toEqual([])
    expect((await visitor.get(ACCOUNT)).status).toBe(303)
    expect((await elsewhere.get(ACCOUNT)).status).toBe(303)
    expect((await test.store.challenges.find(open.id))?.state).toBe('canceled')
    test.clock.advance(30)
    expect((await halfway.submit({ code: await test.code(user.id) })).location).toMatch(
      /\/login\?rd=/,
    )
    const history = await test.store.events.listByUser(user.id, ['factors.frozen'], 1)
    expect(history).toHaveLength(1)
  })

  it('works once, for one of many who try at the same moment, and for a week', async () => {
    const user = await somebody()
    const link = linkIn(await changed(user))
    const tries = await Promise.all(
      Array.from({ length: 10 }, async () => {
        const one = test.visitor()
        await one.open(link)
        return one
      }),
    )
    const answers = await Promise.all(tries.map((one) => one.submit({})))
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1)
    expect((await test.visitor().get(link)).status).toBe(403)

    test.clock.advance(86_400)
    visitor = test.visitor()
    await test.signIn(visitor, user)
    await changeName()
    const [notice] = await test.sent(user.email ?? '', 4)
    const late = test.visitor()
    await late.open(linkIn(notice))
    test.clock.advance(7 * 86_400)
    expect((await late.submit({})).status).toBe(403)
    expect((await late.get(linkIn(notice))).status).toBe(403)
  })

  it('takes no form from elsewhere, and no token that was not sent', async () => {
    const user = await somebody()
    const link = linkIn(await changed(user))
    const owner = test.visitor()
    await owner.open(link)
    const form = { url: owner.url, page: owner.page }
    expect((await owner.submit({}, { headers: { origin: 'https://evil.test' } })).status).toBe(403)
    for (const token of ['', 'x', 'A'.repeat(43)]) {
      Object.assign(owner, form)
      expect((await owner.submit({ token })).status).toBe(403)
      expect((await owner.get(`${UNDO}?token=${token}`)).status).toBe(403)
    }
    expect(await own(user)).not.toHaveProperty('frozenUntil')
  })
})

describe('an account that is closed off', () => {
  it('can be looked at and signed in to, and nothing about it changes for a day', async () => {
    const user = await somebody()
    await test.store.users.freeze(user.id, test.clock.now() + 86_400)
    await test.openFresh(visitor, user, '')
    expect(visitor.page.body).toContain('so nothing about it changes until')
    const app = await test.credential(user.id)
    const before = await own(user)
    for (const [page, fields] of [
      ['name', { display_name: 'X' }],
      ['mail', { remove: '1' }],
      ['mail/confirm?to=x', { code: '00000000' }],
      ['password', { password: NEW, again: NEW }],
      ['factors/add', { enroll: 'totp' }],
      [`factors/${app?.id}`, { label: 'X' }],
      [`factors/${app?.id}/remove`, { remove: 'nothing' }],
    ] as const) {
      expect((await visitor.get(`${ACCOUNT}/${page}`)).status).toBe(403)
      await visitor.open('https://auth.gw.test/logout')
      visitor.page.body = visitor.page.body.replace(/action="[^"]*"/, `action="${ACCOUNT}/${page}"`)
      expect((await visitor.submit(fields)).status).toBe(403)
    }
    expect(await own(user)).toEqual(before)
    expect(await test.store.credentials.listByUser(user.id)).toEqual([app])
  })

  it('lets sessions be ended', async () => {
    const user = await somebody()
    const other = test.visitor()
    await test.signIn(other, user)
    await test.store.users.freeze(user.id, test.clock.now() + 86_400)
    await test.openFresh(visitor, user, 'sessions/others')
    await test.send(visitor, {})
    expect((await other.get(ACCOUNT)).status).toBe(303)
  })

  it('gives out no new password by mail', async () => {
    const user = await somebody()
    await test.store.users.freeze(user.id, test.clock.now() + 86_400)
    const forgetful = test.visitor()
    await forgetful.open('https://auth.gw.test/forgotten')
    await forgetful.submit({ username: user.name })
    const [mail] = await test.sent(user.email ?? '', 2)
    const link = /https:\/\/auth\.gw\.test\/reset\/\S+/.exec(textOf(mail))?.[0] ?? ''
    await forgetful.open(link)
    const answer = await test.send(forgetful, {})
    test.clock.advance(30)
    const last = /name="code"/.test(forgetful.page.body)
      ? await test.send(forgetful, { code: await test.code(user.id) })
      : answer
    expect(last.status).toBe(403)
    expect(last.body).not.toContain('new-password')
  })

  it('opens again after a day', async () => {
    const user = await somebody()
    await test.store.users.freeze(user.id, test.clock.now() + 86_400)
    test.clock.advance(86_400)
    await test.signIn(visitor, user)
    await test.openFresh(visitor, user, 'name')
    await test.send(visitor, { display_name: 'Free Again' })
    expect((await own(user))?.displayName).toBe('Free Again')
  })
})
