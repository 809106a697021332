import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { randomToken, sha256 } from '../../src/base/bytes.ts'
import type { Message } from '../../src/model/message.ts'
import type { User } from '../../src/model/user.ts'
import { ACCOUNT, type AccountTest, openAccountTest, WIKI } from '../support/account.ts'
import { createAuthenticator, type SoftAuthenticator } from '../support/authenticator.ts'
import { aCredential } from '../support/builders.ts'
import { PASSWORD } from '../support/gateway.ts'
import { addPasskey, optionsOn, spoken } from '../support/passkeys.ts'
import type { Visitor } from '../support/visitor.ts'

const LOGIN = 'https://auth.gw.test/login'
const NEW = 'three paper boats'
const DAY = 86_400

let test: AccountTest
beforeAll(async () => {
  test = await openAccountTest()
})
afterAll(() => test.close())

let intruder: Visitor
beforeEach(() => {
  intruder = test.visitor()
  test.clock.advance(3600)
})

const textOf = (message: Message | undefined) => (message && 'text' in message ? message.text : '')
const subjectOf = (message: Message) => ('subject' in message ? message.subject : message.medium)
const own = async ({ id }: User) => test.store.users.find(id)
const factorsOf = ({ id }: User) => test.store.credentials.listByUser(id)

/** Somebody whose account was there a day before an intruder, with all that the owner has, came into it. */
async function broken(given = {}): Promise<User> {
  const user = await test.addPerson(given)
  test.clock.advance(DAY)
  await test.signIn(intruder, user)
  return user
}

/** The link in the newest notice that is called so. */
async function linkIn(to: string, subject: string): Promise<string> {
  for (let tries = 0; tries < 250; tries += 1) {
    const found = (await test.sent(to, 1)).find((it) => subjectOf(it).startsWith(subject))
    const link = /https:\/\/auth\.gw\.test\/undo\?token=[A-Za-z0-9_-]{43}/.exec(textOf(found))?.[0]
    if (link !== undefined) return link
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  throw new Error(`no notice "${subject}" came to ${to}`)
}

/** Follows the link of a notice, and confirms it. @returns The page that says what was done. */
async function disown(user: User, subject: string): Promise<string> {
  const reader = test.visitor()
  await reader.open(await linkIn(user.email ?? '', subject))
  const answer = await reader.submit({})
  expect(answer.status).toBe(200)
  return answer.body
}

/** Adds backup codes as the person who is signed in. @returns One of them. */
async function addCodes(): Promise<string> {
  await intruder.open(`${ACCOUNT}/factors/add`)
  await test.send(intruder, { enroll: 'backup_code' })
  const code = /<code>([^<]+)<\/code>/.exec(intruder.page.body)?.[1] ?? ''
  await test.send(intruder, { code: 'kept' })
  return code
}

async function atSecondStep(user: User, password = PASSWORD): Promise<Visitor> {
  const visitor = test.visitor()
  await visitor.open(`${LOGIN}?rd=${encodeURIComponent(WIKI)}`)
  await test.send(visitor, { username: user.name, password })
  return visitor
}

const added = async (user: User) => {
  const found = (await factorsOf(user)).find(({ kind }) => kind === 'backup_code')
  if (!found) throw new Error('nothing was added')
  return found
}

describe('what was added before "this was not me"', () => {
  it('counts for nothing from then on: not at sign-in, and not for a change', async () => {
    const user = await broken()
    const code = await addCodes()
    const page = await disown(user, 'A way to sign in was added')
    expect(page).toContain('Backup codes')
    const { id, state, contestedAt } = await added(user)
    expect({ state, contestedAt }).toEqual({ state: 'disabled', contestedAt: test.clock.now() })

    const again = await atSecondStep(user)
    await test.send(again, { way: id })
    await again.submit({ code })
    expect(await test.store.sessions.listByUser(user.id)).toEqual([])
  })

  it('is all that began to count since the notice, told of or not, and nothing that was there before', async () => {
    const user = await broken()
    const link = await linkIn(user.email ?? '', 'A sign-in from a new browser')
    test.clock.advance(240)
    await addCodes()
    await test.addCredential(user, 'sms', { target: '+4915123450009', country: 'DE' }, 'Phone')
    const reader = test.visitor()
    await reader.open(link)
    await reader.submit({})
    const states = (await factorsOf(user)).map(({ kind, state }) => [kind, state])
    expect(states.toSorted()).toEqual([
      ['backup_code', 'disabled'],
      ['sms', 'disabled'],
      ['totp', 'active'],
    ])
  })

  it('is gone if it was only begun', async () => {
    const user = await broken()
    await addCodes()
    await intruder.open(`${ACCOUNT}/factors/add`)
    await test.send(intruder, { enroll: 'push' })
    expect((await factorsOf(user)).map(({ state }) => state)).toContain('pending')
    await disown(user, 'A way to sign in was added')
    expect((await factorsOf(user)).map(({ state }) => state)).not.toContain('pending')
  })

  it('is removed by the owner while the account is closed, with what they had before', async () => {
    const user = await broken()
    await addCodes()
    await disown(user, 'A way to sign in was added')
    const owner = test.visitor()
    await test.signIn(owner, user)
    const { id } = await added(user)
    await test.openFresh(owner, user, `factors/${id}`)
    expect(owner.page.body).not.toContain('/restore')
    const restore = `${ACCOUNT}/factors/${id}/restore`
    await owner.open(`${ACCOUNT}/factors/${id}/remove`)
    const { body } = owner.page
    owner.page.body = body.replace(/action="[^"]*"/, `action="${restore}"`)
    expect((await owner.submit({})).status).toBe(403)
    expect((await added(user)).state).toBe('disabled')
    owner.page.body = body
    await test.send(owner, { remove: 'none' })
    expect((await factorsOf(user)).map(({ kind }) => kind)).toEqual(['totp'])
    // And nothing else is.
    const [app] = await factorsOf(user)
    expect((await owner.get(`${ACCOUNT}/factors/${app?.id}/remove`)).status).toBe(403)
  })

  it('stays set aside after the day, until its owner lets it count again', async () => {
    const user = await broken()
    await addCodes()
    await disown(user, 'A way to sign in was added')
    test.clock.advance(DAY)
    const owner = test.visitor()
    await test.signIn(owner, user)
    const { id, state } = await added(user)
    expect(state).toBe('disabled')
    await test.openFresh(owner, user, `factors/${id}`)
    expect(owner.page.body).toContain(`${ACCOUNT}/factors/${id}/restore`)
    owner.page.body = owner.page.body.replace(/[\s\S]*?(?=<div class="notice")/, '')
    await test.send(owner, {})
    const { contestedAt, ...restored } = await added(user)
    expect(contestedAt).toBeUndefined()
    expect(restored.state).toBe('active')
  })

  it('is nothing that its holder could let count again, or remove, where nothing else was there', async () => {
    const user = await test.addPerson({ secret: null })
    test.clock.advance(DAY)
    const data = { secret: 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ' }
    // The sign-in takes until the next code.
    const createdAt = test.clock.now() + 30
    const app = aCredential({ userId: user.id, kind: 'totp', label: 'App', data, createdAt })
    await test.store.credentials.insert(app)
    await test.signIn(intruder, user)
    await disown(user, 'A sign-in from a new browser')
    test.clock.advance(2 * DAY)
    const again = await atSecondStep(user)
    expect(again.page.body).toContain('It has to be settled what is yours')
    await again.open(`${LOGIN}?rd=${encodeURIComponent(ACCOUNT)}`)
    await test.send(again, { username: user.name, password: PASSWORD })
    expect(await test.store.sessions.listByUser(user.id)).toEqual([])
  })
})

describe('a mailbox', () => {
  it('closes an account once a week, however many links it has', async () => {
    const user = await broken()
    for (const name of ['one', 'two']) {
      await test.openFresh(intruder, user, 'name')
      await test.send(intruder, { display_name: name })
    }
    const links = [
      await linkIn(user.email ?? '', 'A sign-in from a new browser'),
      await linkIn(user.email ?? '', 'Your name was changed'),
    ]
    const until = test.clock.now() + DAY
    const follow = async (link: string | undefined) => {
      const reader = test.visitor()
      await reader.open(link ?? '')
      return reader.submit({})
    }
    expect((await follow(links[0])).status).toBe(200)
    test.clock.advance(DAY)
    const owner = test.visitor()
    await test.signIn(owner, user)
    expect((await follow(links[1])).body).toContain('stays open to changes')
    expect(await test.store.sessions.listByUser(user.id)).toEqual([])
    expect((await own(user))?.frozenUntil).toBe(until)
  })

  it('is told of elsewhere when it has closed an account', async () => {
    const user = await broken()
    const number = '+4915123450077'
    await test.store.credentials.insert({
      ...{ id: 'old phone', userId: user.id, kind: 'sms', label: 'Phone', version: 1 },
      ...{ data: { target: number, country: 'DE' }, state: 'active', failures: 0, createdAt: 1 },
    })
    await addCodes()
    await disown(user, 'A way to sign in was added')
    const texts = (await test.sent(number, 1)).map(textOf)
    expect(texts).toHaveLength(1)
    expect(texts[0]).not.toContain('/undo')
  })
})

describe('a password that was changed before "this was not me"', () => {
  async function changed(): Promise<User> {
    const user = await broken()
    await test.openFresh(intruder, user, 'password')
    await test.send(intruder, { password: NEW, again: NEW })
    return user
  }

  it('is taken away, and its owner chooses another with what they had before', async () => {
    const user = await changed()
    const page = await disown(user, 'Your password was changed')
    expect(page).toContain('https://auth.gw.test/forgotten')
    const again = await atSecondStep(user, NEW)
    expect(again.page.body).toContain('name="password"')
    expect(await test.store.users.passwordHash(user.id)).toBeUndefined()

    // The account is closed, and this is no change but the way back in.
    const owner = test.visitor()
    await owner.open('https://auth.gw.test/forgotten')
    await owner.submit({ username: user.name })
    let link = ''
    for (let tries = 0; tries < 250 && link === ''; tries += 1) {
      const mails = (await test.sent(user.email ?? '', 1)).map(textOf)
      link = mails.flatMap((it) => /https:\/\/auth\.gw\.test\/reset\/\S+/.exec(it) ?? [])[0] ?? ''
      if (link === '') await new Promise((resolve) => setTimeout(resolve, 20))
    }
    await owner.open(link)
    await test.send(owner, {})
    await test.giveCode(owner, user)
    await test.send(owner, { new_password: 'four paper boats at sea' })
    expect(await test.store.users.passwordHash(user.id)).toBeDefined()
    expect((await own(user))?.frozenUntil).toBeGreaterThan(test.clock.now())
  })

  it('stays where an operator has set it since', async () => {
    const user = await changed()
    await test.store.users.setPasswordHash(user.id, 'set by an operator')
    await disown(user, 'Your password was changed')
    expect(await test.store.users.passwordHash(user.id)).toBe('set by an operator')
  })

  it('stays where it was changed before', async () => {
    const user = await changed()
    test.clock.advance(DAY)
    await test.openFresh(intruder, user, '')
    await test.signIn(test.visitor(), user)
    const other = test.visitor()
    await other.open(`${LOGIN}?rd=${encodeURIComponent(WIKI)}`)
    await test.send(other, { username: user.name, password: NEW })
    await test.giveCode(other, user)
    await disown(user, 'A sign-in from a new browser')
    expect(await test.store.users.passwordHash(user.id)).toBeDefined()
  })
})

describe('a mail address that was changed before "this was not me"', () => {
  it('is taken away, so that no new password goes there', async () => {
    const user = await broken()
    await test.openFresh(intruder, user, 'mail')
    await test.send(intruder, { email: 'intruder@gw.test' })
    const [mail] = await test.sent('intruder@gw.test', 1)
    const code = /\b(\d{4}) (\d{4})\b/.exec(textOf(mail))?.slice(1).join('') ?? ''
    await test.send(intruder, { code })
    expect((await own(user))?.email).toBe('intruder@gw.test')
    await disown(user, 'Your mail address was changed')
    expect(await own(user)).not.toHaveProperty('email')
  })
})

describe('a device that was let approve without a passkey', () => {
  let phone: Visitor
  let key: SoftAuthenticator
  let user: User

  const confirms = async () => {
    const own = await factorsOf(user)
    return own.find(({ kind }) => kind === 'push')?.data
  }

  /** Says on the page of the device that it shall ask for no passkey. */
  async function relax(): Promise<void> {
    await phone.open('https://auth.gw.test/approver')
    const answer = spoken(key.get(optionsOn(phone.page.body)))
    phone.page.body = phone.page.body.replace(/[\s\S]*(?=<form[^>]*data-approver="holder")/, '')
    expect((await phone.submit({ answer, confirms: 'no' })).status).toBe(303)
    expect(await confirms()).toMatchObject({ confirms: false })
  }

  beforeEach(async () => {
    user = await test.addPerson()
    phone = test.visitor()
    key = createAuthenticator()
    await addPasskey(test.store, user, key)
    const secret = randomToken(32)
    await test.store.credentials.insert({
      ...aCredential({ userId: user.id, kind: 'push', label: 'Kitchen tablet' }),
      createdAt: test.clock.now() - DAY,
      handle: sha256(secret).toString('base64url'),
      data: { stage: 'bound', browser: 'Firefox on Android', confirms: true },
    })
    phone.jar.set('__Host-gatehouse-approver', {
      value: secret,
      domain: 'auth.gw.test',
      hostOnly: true,
    })
    test.clock.advance(DAY)
  })

  it('asks for it again', async () => {
    await relax()
    const page = await disown(user, 'How a device of yours approves was changed')
    expect(page).toContain('Kitchen tablet asks for your passkey again')
    expect(await confirms()).toMatchObject({ confirms: true })
  })

  it('stays as its owner has set it before', async () => {
    await relax()
    test.clock.advance(DAY)
    await intruder.open(`${LOGIN}?rd=${encodeURIComponent(WIKI)}`)
    await intruder.submit({ answer: spoken(key.get(optionsOn(intruder.page.body))) })
    const page = await disown(user, 'A sign-in from a new browser')
    expect(page).not.toContain('Kitchen tablet')
    expect(await confirms()).toMatchObject({ confirms: false })
  })
})
