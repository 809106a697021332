import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { randomToken, sha256 } from '../../src/base/bytes.ts'
import { createInbox, type Inbox } from '../../src/channels/inbox/index.ts'
import { openGateway, PASSWORD, type TestGateway } from '../support/gateway.ts'
import type { Visitor } from '../support/visitor.ts'

const SECRET = 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ'
const NEW = 'another long sentence'

let gateway: TestGateway
let inbox: Inbox
beforeAll(async () => {
  gateway = await openGateway(
    `
portal: { url: "https://auth.gw.test" }
routes:
  - { host: wiki.gw.test, rules: [{ require: two_factor }] }
`,
    {
      ways: (clock) => {
        inbox = createInbox({ clock })
        return [inbox]
      },
    },
  )
})
afterAll(() => gateway.close())

let number = 0
let name: string
let visitor: Visitor
beforeEach(() => {
  number += 1
  name = `user${number}`
  visitor = gateway.visitor()
  gateway.clock.advance(7200)
})

const mailsTo = (email: string) =>
  inbox.messages().filter(({ message }) => message.medium === 'email' && message.to === email)

const ask = async (who: string, by: Visitor = visitor) => {
  await by.open('https://auth.gw.test/forgotten')
  const answer = await by.submit({ username: who })
  // The mail goes out behind the answer.
  await new Promise((resolve) => setTimeout(resolve, 50))
  return answer
}

const linkIn = (email: string): string => {
  const [mail] = mailsTo(email)
  const [link = ''] =
    /https:\/\/auth\.gw\.test\/reset\/\S+/.exec(
      mail?.message.medium === 'email' ? mail.message.text : '',
    ) ?? []
  return link
}

const onward = async (answer: { location: string | undefined }) =>
  visitor.open(answer.location ?? '')

const signsInWith = async (password: string): Promise<boolean> => {
  const browser = gateway.visitor()
  await browser.open('https://auth.gw.test/login')
  const answer = await browser.submit({ username: name, password })
  return answer.status === 303
}

describe('a forgotten password', () => {
  it('is replaced through a link in a mail, and every session ends', async () => {
    const user = await gateway.addUser({ name, email: `${name}@gw.test` })
    const other = gateway.visitor()
    await other.open('https://auth.gw.test/login')
    await other.submit({ username: name, password: PASSWORD })
    expect(await gateway.store.sessions.listByUser(user.id)).toHaveLength(1)

    expect((await ask(name)).status).toBe(200)
    await visitor.open(linkIn(`${name}@gw.test`))
    await onward(await visitor.submit({}))
    expect((await visitor.submit({ new_password: 'short' })).body).toContain('at least')
    expect((await visitor.submit({ new_password: NEW })).status).toBe(200)
    expect(await gateway.store.sessions.listByUser(user.id)).toEqual([])
    expect(await signsInWith(NEW)).toBe(true)
    expect(await signsInWith(PASSWORD)).toBe(false)
  })

  it('asks for the authenticator of whoever has one, before anything changes', async () => {
    const user = await gateway.addUser({ name, email: `${name}@gw.test`, secret: SECRET })
    await ask(name)
    await visitor.open(linkIn(`${name}@gw.test`))
    await onward(await visitor.submit({}))
    expect(visitor.page.body).toContain('name="code"')
    expect((await visitor.submit({ new_password: NEW })).status).not.toBe(200)
    expect((await visitor.submit({ code: '000000' })).status).toBe(401)
    await onward(await visitor.submit({ code: await gateway.code(user.id) }))
    expect((await visitor.submit({ new_password: NEW })).status).toBe(200)
    expect(await signsInWith(NEW)).toBe(true)
  })

  it('is no sign-in', async () => {
    await gateway.addUser({ name, email: `${name}@gw.test` })
    await ask(name)
    await visitor.open(linkIn(`${name}@gw.test`))
    await onward(await visitor.submit({}))
    await visitor.submit({ new_password: NEW })
    expect(visitor.jar.headerFor('auth.gw.test')).not.toContain('__Secure-gatehouse=')
  })

  it('says the same to everybody', async () => {
    await gateway.addUser({ name, email: `${name}@gw.test` })
    const pages = [(await ask(name)).body, (await ask('nobody-of-that-name')).body]
    expect(new Set(pages).size).toBe(1)
  })

  it('sends nothing for a disabled user, or one without an address', async () => {
    await gateway.addUser({ name, email: `${name}@gw.test`, status: 'disabled' })
    await ask(name)
    expect(mailsTo(`${name}@gw.test`)).toEqual([])
  })

  it('sends a link to the portal’s own address, whatever host was asked', async () => {
    await gateway.addUser({ name, email: `${name}@gw.test` })
    await visitor.open('https://auth.gw.test/forgotten')
    await visitor.submit({ username: name }, { headers: { 'x-forwarded-host': 'evil.test' } })
    await new Promise((resolve) => setTimeout(resolve, 50))
    expect(linkIn(`${name}@gw.test`)).toMatch(/^https:\/\/auth\.gw\.test\/reset\//)
  })

  it('sends no flood to one account', async () => {
    await gateway.addUser({ name, email: `${name}@gw.test` })
    const statuses: number[] = []
    for (let time = 0; time < 8; time += 1) statuses.push((await ask(name)).status)
    expect(statuses.filter((status) => status === 429).length).toBeGreaterThan(0)
    expect(mailsTo(`${name}@gw.test`).length).toBeLessThanOrEqual(5)
  })
})

describe('a link for a new password', () => {
  beforeEach(async () => {
    await gateway.addUser({ name, email: `${name}@gw.test` })
    await ask(name)
  })

  it('changes nothing when it is looked at, as mail scanners do', async () => {
    const link = linkIn(`${name}@gw.test`)
    await visitor.open(link)
    await gateway.visitor().open(link)
    await visitor.open(link)
    expect((await visitor.submit({})).status).toBe(303)
  })

  it('works once', async () => {
    const link = linkIn(`${name}@gw.test`)
    await visitor.open(link)
    await visitor.submit({})
    expect((await visitor.open(link)).status).toBe(403)
  })

  it('works in no other browser', async () => {
    const stranger = gateway.visitor()
    expect((await stranger.open(linkIn(`${name}@gw.test`))).status).toBe(403)
  })

  it('works for fifteen minutes', async () => {
    gateway.clock.advance(15 * 60)
    expect((await visitor.open(linkIn(`${name}@gw.test`))).status).toBe(403)
  })

  it('that was made up opens nothing', async () => {
    const made = `https://auth.gw.test/reset/${randomToken(32)}`
    expect((await visitor.open(made)).status).toBe(403)
  })
})

describe('an invitation', () => {
  it('leads whoever has it to a password of their own choice, once', async () => {
    const user = await gateway.addUser({ name, email: `${name}@gw.test` })
    const token = randomToken(32)
    const expiresAt = gateway.clock.now() + 72 * 3600
    const ticket = { purpose: 'invite', hash: sha256(token), userId: user.id, expiresAt } as const
    await gateway.store.tickets.insert(ticket)
    await visitor.open(`https://auth.gw.test/invite/${token}`)
    await onward(await visitor.submit({}))
    expect((await visitor.submit({ new_password: NEW })).status).toBe(200)
    expect(await signsInWith(NEW)).toBe(true)
    expect((await visitor.open(`https://auth.gw.test/invite/${token}`)).status).toBe(403)
  })
})
