import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { randomToken, sha256 } from '../../src/base/bytes.ts'
import type { User } from '../../src/model/user.ts'
import { openGateway, PASSWORD, type TestGateway } from '../support/gateway.ts'
import type { Visitor } from '../support/visitor.ts'

const WIKI = 'https://wiki.gw.test/'
const SECRET = 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ'

let gateway: TestGateway
let visitor: Visitor
let number = 0
beforeAll(async () => {
  gateway = await openGateway(`
portal:
  url: https://auth.gw.test
  privacy_notice: { version: "2026-05", text: "First part.\\n\\nSecond part.", url: "https://gw.test/privacy" }
routes:
  - { host: wiki.gw.test, rules: [{ require: two_factor }] }
  - { host: one.gw.test, rules: [{ require: one_factor }] }
`)
})
afterAll(() => gateway.close())
beforeEach(() => {
  visitor = gateway.visitor()
  gateway.clock.advance(3600)
})

const addPerson = (given: { secret?: string } = {}) => {
  number += 1
  return gateway.addUser({ name: `person${number}`, ...given })
}

const onward = async (answer: { location: string | undefined }) => {
  const { location = '' } = answer
  return location.startsWith('https://auth.gw.test/') ? visitor.open(location) : answer
}
const send = async (fields: Record<string, string>) => onward(await visitor.submit(fields))
const givePassword = async (user: User, rd = WIKI) => {
  await visitor.open(`https://auth.gw.test/login?rd=${encodeURIComponent(rd)}`)
  return send({ username: user.name, password: PASSWORD })
}
const isAsked = () => visitor.page.body.includes('name="agree"')
const agreedBy = async ({ id }: User) =>
  (await gateway.store.consents.listByUser(id)).map(({ document, version, agreedAt }) => ({
    document,
    version,
    agreedAt,
  }))

const AGREED = { document: 'privacy-notice', version: '2026-05' }

describe('the privacy notice', () => {
  it('comes before anything is set up, and is kept with its version and time', async () => {
    const user = await addPerson()
    await givePassword(user)
    expect(isAsked()).toBe(true)
    expect(visitor.page.body).toContain('<p class="notice">Second part.</p>')
    expect(visitor.page.body).toContain('href="https://gw.test/privacy"')
    expect(await gateway.store.credentials.listByUser(user.id)).toEqual([])
    await send({ agree: '2026-05' })
    expect(visitor.page.body).toContain('name="code"')
    expect(await agreedBy(user)).toEqual([{ ...AGREED, agreedAt: gateway.clock.now() }])
    expect(await send({ code: await gateway.code(user.id) })).toMatchObject({ location: WIKI })
  })

  it('is asked once, where somebody had set up everything before there was one', async () => {
    const user = await addPerson({ secret: SECRET })
    await givePassword(user)
    expect(isAsked()).toBe(false)
    await send({ code: await gateway.code(user.id) })
    expect(isAsked()).toBe(true)
    expect(visitor.jar.has('__Secure-gatehouse') || visitor.jar.has('__Host-gatehouse')).toBe(false)
    expect(await send({ agree: '2026-05' })).toMatchObject({ location: WIKI })

    visitor = gateway.visitor()
    gateway.clock.advance(60)
    await givePassword(user)
    expect(await send({ code: await gateway.code(user.id) })).toMatchObject({ location: WIKI })
  })

  it('is asked of whoever signs in by a password alone', async () => {
    const user = await addPerson()
    await givePassword(user, 'https://one.gw.test/')
    expect(isAsked()).toBe(true)
    expect(await send({ agree: '2026-05' })).toMatchObject({ location: 'https://one.gw.test/' })
  })

  it('is asked anew in another version, and says so', async () => {
    const user = await addPerson({ secret: SECRET })
    const about = { document: 'privacy-notice', version: '2025-01' } as const
    const at = gateway.clock.now() - 99
    await gateway.store.consents.insert({
      ...about,
      id: randomToken(16),
      userId: user.id,
      agreedAt: at,
      recordedAt: at,
    })
    await givePassword(user)
    await send({ code: await gateway.code(user.id) })
    expect(visitor.page.body).toContain('It has changed since you agreed to it.')
    await send({ agree: '2026-05' })
    expect(await agreedBy(user)).toEqual([
      { ...about, agreedAt: at },
      { ...AGREED, agreedAt: gateway.clock.now() },
    ])
  })

  it('takes no yes to another version', async () => {
    const user = await addPerson({ secret: SECRET })
    await givePassword(user)
    await send({ code: await gateway.code(user.id) })
    await send({ agree: '2025-01' })
    expect(isAsked()).toBe(true)
    expect(await agreedBy(user)).toEqual([])
  })

  it('does not take what an application says for it', async () => {
    const user = await addPerson()
    await gateway.store.consents.insert({
      id: randomToken(16),
      userId: user.id,
      document: 'application',
      version: '2026-05',
      agreedAt: 1,
      recordedAt: 1,
    })
    await givePassword(user)
    expect(isAsked()).toBe(true)
  })

  it('comes before the first password of somebody who was invited', async () => {
    const user = await addPerson()
    const token = randomToken(32)
    const expiresAt = gateway.clock.now() + 3600
    await gateway.store.tickets.insert({
      ...{ purpose: 'invite', hash: sha256(token) },
      ...{ userId: user.id, expiresAt },
    } as const)
    await visitor.open(`https://auth.gw.test/invite/${token}`)
    await send({})
    expect(isAsked()).toBe(true)
    await send({ agree: '2026-05' })
    expect(visitor.page.body).toContain('name="new_password"')
    expect(await agreedBy(user)).toHaveLength(1)
  })
})
