import { afterEach, beforeEach, describe, expect } from 'vitest'
import { sha256 } from '../../src/base/bytes.ts'
import { RESET_LINK_SECONDS } from '../../src/login/reset.ts'
import type { User } from '../../src/model/user.ts'
import { ACCOUNT, type AccountTest, openAccountTest } from '../support/account.ts'
import { PASSWORD } from '../support/gateway.ts'
import { send } from '../support/raw.ts'
import type { Visitor } from '../support/visitor.ts'
import { story } from './story.ts'

const PORTAL = 'https://auth.gw.test'
const NEW = 'three paper boats at noon'

let test: AccountTest
let alice: User
let visitor: Visitor
beforeEach(async () => {
  test = await openAccountTest()
  alice = await test.addPerson()
  visitor = test.visitor()
})
afterEach(() => test.close())

/** Asks for a link. @returns It, as it was mailed. */
async function linkFor(user: User, mails = 1, by: Visitor = visitor): Promise<string> {
  await by.open(`${PORTAL}/forgotten`)
  await by.submit({ username: user.name })
  const [mail] = await test.sent(user.email ?? '', mails)
  const text = mail && 'text' in mail ? mail.text : ''
  return /https:\/\/auth\.gw\.test\/reset\/\S+/.exec(text)?.[0] ?? ''
}

const tokenIn = (link: string): string => link.split('/').at(-1) ?? ''
const hasSession = () => visitor.jar.has('__Secure-gatehouse')

/** Whether somebody gets as far as the second step with a password. */
async function isPassword(user: User, password: string): Promise<boolean> {
  const browser = test.visitor()
  await browser.open(`${PORTAL}/login`)
  return (await browser.submit({ username: user.name, password })).status === 303
}

/** Sends the form of the last page again, as it stood. */
const again = (page: Pick<Visitor, 'url' | 'page'>, fields: Record<string, string>) => {
  Object.assign(visitor, page)
  return visitor.submit(fields)
}

describe('a link to choose a new password', () => {
  story('RST-001', 'is asked for at the portal alone, and leads there alone', async () => {
    const ask = (host: string) =>
      send(test.port, {
        method: 'POST',
        host,
        path: '/forgotten',
        headers: [['Content-Type', 'application/x-www-form-urlencoded']],
        body: `username=${alice.name}`,
      })
    for (const host of ['evil.test', 'auth.gw.test.evil.test', 'wiki.gw.test']) {
      expect([400, 404, 421]).toContain((await ask(host)).status)
    }
    await visitor.open(`${PORTAL}/forgotten`)
    await visitor.submit({ username: alice.name }, { headers: { 'x-forwarded-host': 'evil.test' } })
    const [mail, ...others] = await test.sent(alice.email ?? '', 1)
    expect(others).toEqual([])
    expect(JSON.stringify(mail)).toContain(`${PORTAL}/reset/`)
    expect(JSON.stringify(mail)).not.toContain('evil.test')
  })

  story('RST-002', 'is good once, in however many requests at once', async () => {
    const link = await linkFor(alice)
    await visitor.open(link)
    const page = { url: visitor.url, page: visitor.page }
    const answers = await Promise.all(
      Array.from({ length: 50 }, () => {
        const twin = test.visitor()
        return Object.assign(twin, page, { jar: visitor.jar }).submit.call(twin, {})
      }),
    )
    expect(answers.map(({ status }) => status).sort()).toEqual(Array(50).fill(403))
    const parallel = await Promise.all(Array.from({ length: 50 }, () => again(page, {})))
    const followed = parallel.filter(({ location }) => location !== undefined)
    expect(followed).toHaveLength(1)
    expect(parallel.filter(({ status }) => ![303, 403, 429].includes(status))).toEqual([])
    expect([403, 429]).toContain((await again(page, {})).status)
    test.clock.advance(600)
    expect((await visitor.get(link)).status).toBe(403)
  })

  story('RST-003', 'is dead as soon as another one was asked for', async () => {
    const first = await linkFor(alice)
    const second = await linkFor(alice, 2)
    expect(second).not.toBe(first)
    expect((await visitor.get(first)).status).toBe(403)
    expect((await visitor.get(second)).status).toBe(200)
  })

  story('RST-005', 'neither signs in nor takes the place of the second factor', async () => {
    const before = await test.store.credentials.listByUser(alice.id)
    await visitor.open(await linkFor(alice))
    await test.send(visitor, {})
    expect(visitor.page.body).toContain('name="code"')
    const question = { url: visitor.url, page: visitor.page }
    // Neither the new password nor another way than the authenticator gets past it.
    for (const fields of [{ new_password: NEW }, { way: 'password' }, { enroll: 'totp' }]) {
      await again(question, fields)
      expect(await isPassword(alice, NEW)).toBe(false)
    }
    Object.assign(visitor, question)
    await test.giveCode(visitor, alice)
    expect(hasSession()).toBe(false)
    expect((await visitor.submit({ new_password: NEW })).status).toBe(200)
    expect(hasSession()).toBe(false)
    expect((await visitor.get(ACCOUNT)).location).toContain('/login')
    expect(await test.store.sessions.listByUser(alice.id)).toEqual([])

    const after = await test.store.credentials.listByUser(alice.id)
    expect(after.map(({ id, state }) => [id, state])).toEqual(
      before.map(({ id, state }) => [id, state]),
    )
    await visitor.open(`${PORTAL}/login?rd=https%3A%2F%2Fwiki.gw.test%2F`)
    await test.send(visitor, { username: alice.name, password: NEW })
    expect(hasSession()).toBe(false)
    expect(visitor.page.body).toContain('name="code"')
  })

  story('RST-007', 'tells nobody else what it holds, and is gone from the address', async () => {
    const link = await linkFor(alice)
    const token = tokenIn(link)
    await visitor.open(link)
    const { headers, body } = visitor.page
    // Not `no-referrer`: with it browsers send `Origin: null` along with our own form. What goes
    // to our own origin alone is told to nobody else.
    expect(headers['referrer-policy']).toMatch(/^(no-referrer|same-origin)$/)
    expect(headers['cache-control']).toBe('no-store')
    expect(headers['content-security-policy']).toContain("default-src 'none'")
    const loaded = Array.from(
      body.matchAll(/(?:src|href|action)="([^"]+)"/g),
      ([, to = '']) => new URL(to, link),
    )
    expect(loaded.length).toBeGreaterThan(2)
    expect(loaded.filter(({ origin }) => origin !== PORTAL)).toEqual([])
    expect(loaded.filter(({ href }) => href.includes(token))).toHaveLength(1)
    const followed = await visitor.submit({})
    expect(followed.location).not.toContain(token)
    await visitor.open(followed.location ?? '')
    expect(visitor.page.body).not.toContain(token)
  })

  story(
    'RST-008',
    'is kept as a hash, cannot be guessed, and lasts a quarter of an hour',
    async () => {
      const token = tokenIn(await linkFor(alice))
      expect(Buffer.from(token, 'base64url').length * 8).toBeGreaterThanOrEqual(128)
      const kept = await test.store.tickets.find('reset', sha256(token), test.clock.now())
      expect(kept?.userId).toBe(alice.id)
      expect(JSON.stringify(kept)).not.toContain(token)
      expect(test.files().includes(token)).toBe(false)
      expect(test.files().includes(Buffer.from(token, 'base64url'))).toBe(false)
      expect(RESET_LINK_SECONDS).toBeLessThanOrEqual(3600)
      test.clock.advance(RESET_LINK_SECONDS)
      expect((await visitor.get(`${PORTAL}/reset/${token}`)).status).toBe(403)
    },
  )

  story('MFA-004', 'opens each step by the one before it, and by nothing else', async () => {
    // Nothing was mailed yet: the page that asks leads nowhere further by itself.
    await visitor.open(`${PORTAL}/forgotten`)
    const forgotten = { url: visitor.url, page: visitor.page }
    await again(forgotten, { username: alice.name, new_password: NEW })
    expect((await again(forgotten, { new_password: NEW })).status).toBe(200)
    expect(await isPassword(alice, NEW)).toBe(false)

    // An ordinary sign-in takes no new password, however far it has come.
    await visitor.open(`${PORTAL}/login?rd=https%3A%2F%2Fwiki.gw.test%2F`)
    await test.send(visitor, { username: alice.name, password: PASSWORD })
    const signIn = { url: visitor.url, page: visitor.page }
    await again(signIn, { new_password: NEW })
    expect(await isPassword(alice, NEW)).toBe(false)

    // A reset that has not proved the authenticator stays there, whatever is sent or gone back to.
    const [, link] = [await linkFor(alice), await linkFor(alice, 2)]
    await visitor.open(link)
    const mailed = { url: visitor.url, page: visitor.page }
    await test.send(visitor, {})
    const proof = { url: visitor.url, page: visitor.page }
    expect([403, 429]).toContain((await again(mailed, {})).status)
    for (const fields of [{ way: 'password' }, { way: '' }, { resend: '1' }, { enroll: 'email' }]) {
      await again(proof, fields)
      Object.assign(visitor, proof)
      await visitor.submit({ new_password: NEW })
      expect(await isPassword(alice, NEW)).toBe(false)
    }
    // The password of the account is no step of it either.
    await again(proof, { username: alice.name, password: PASSWORD })
    await again(proof, { new_password: NEW })
    expect(await isPassword(alice, NEW)).toBe(false)
    // In another browser the attempt does not exist.
    const stranger = test.visitor()
    expect((await stranger.get(proof.url)).location).toContain('/login')
    expect(await isPassword(alice, PASSWORD)).toBe(true)
  })
})
