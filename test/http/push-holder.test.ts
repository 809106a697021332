import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { createAuthenticator, type SoftAuthenticator } from '../support/authenticator.ts'
import { openGateway, type TestGateway } from '../support/gateway.ts'
import { addPasskey, optionsOn, spoken } from '../support/passkeys.ts'
import { openPushService, type PushService } from '../support/push-service.ts'
import { bigNumber, openTwoScreens, pushTo, type TwoScreens } from '../support/two-screens.ts'
import type { Answer, Visitor } from '../support/visitor.ts'

const PORTAL = 'https://auth.gw.test'
const rd = 'https://wiki.gw.test/page'

let service: PushService
let gateway: TestGateway
beforeAll(async () => {
  service = await openPushService()
  gateway = await openGateway(
    `
portal: { url: "${PORTAL}" }
factors: { push: {}, passkey: {} }
routes:
  - { host: wiki.gw.test, name: Team wiki, rules: [{ require: two_factor }] }
`,
    { ways: () => [pushTo(PORTAL)] },
  )
})
afterAll(async () => {
  await gateway.close()
  await service.close()
})

let number = 0
let screens: TwoScreens
let phone: Visitor
let key: SoftAuthenticator
beforeEach(async () => {
  number += 1
  gateway.clock.advance(86_400)
  screens = await openTwoScreens({ gateway, service, name: `user${number}`, rd })
  phone = screens.phone
  key = createAuthenticator()
})

/** Has an approver, and a passkey beside it. */
async function enroll(): Promise<void> {
  const { desk } = screens
  await screens.withPassword()
  const chosen = await desk.submit({ enroll: 'push' })
  await desk.open(chosen.location ?? '')
  const code = await screens.join()
  await desk.open(desk.url)
  expect(await desk.submit({ code })).toMatchObject({ status: 303, location: rd })
  await addPasskey(gateway.store, screens.user, key)
}

/** The form of a page that a script fills in. */
function form(page: Answer, name: string): Answer {
  const [body = ''] =
    Array.from(page.body.matchAll(/<form .*?<\/form>/gs), ([it]) => it).filter((it) =>
      it.includes(`data-approver="${name}"`),
    ) ?? []
  return { ...page, body }
}

/** Says whether approvals shall ask for the passkey, as the page's script does. */
async function say(confirms: 'yes' | 'no', by = key): Promise<Answer> {
  await phone.open(`${PORTAL}/approver`)
  phone.page = form(phone.page, 'holder')
  const answer = spoken(by.get(optionsOn(phone.page.body)))
  return phone.submit({ answer, confirms })
}

/** Begins a sign-in that is put to the approver. */
async function begin() {
  const desk = gateway.visitor()
  await screens.withPassword(desk)
  let shown = bigNumber(desk.page)
  if (shown === '') {
    const [, way = ''] = /name="way" value="([\w-]+)"/.exec(desk.page.body) ?? []
    const chosen = await desk.submit({ way })
    shown = bigNumber(await desk.open(chosen.location ?? ''))
  }
  return { desk, shown }
}

const asks = async (): Promise<boolean> =>
  (await phone.open(`${PORTAL}/approver`)).body.includes('Approve without my passkey')

describe('an approver that asks for a passkey', () => {
  it('is every one of whoever has a passkey, until the passkey itself says otherwise', async () => {
    await enroll()
    expect(await asks()).toBe(true)
    expect((await say('no')).status).toBe(303)
    expect(await asks()).toBe(false)
    const { shown } = await begin()
    await phone.open(screens.request())
    expect((await phone.submit({ number: shown })).status).toBe(200)
    expect((await say('yes')).status).toBe(303)
    expect(await asks()).toBe(true)
  })

  it('has each change of that stand in the trail', async () => {
    await enroll()
    await say('no')
    await say('yes')
    await say('no', createAuthenticator())
    const events = await gateway.store.events.listByUser(screens.user.id, ['factor.changed'], 9)
    expect(events.map(({ details }) => details)).toMatchObject([
      { kind: 'push', confirms: true, by: 'user' },
      { kind: 'push', confirms: false, by: 'user' },
    ])
  })

  it('stays as it is while the account is closed to changes', async () => {
    await enroll()
    await gateway.store.users.freeze(screens.user.id, gateway.clock.now() + 60)
    expect((await say('no')).status).toBe(401)
    expect(phone.page.body).toContain('nothing about it changes until')
    expect(await asks()).toBe(true)
    gateway.clock.advance(60)
    expect((await say('no')).status).toBe(303)
  })

  it('approves by number and passkey together', async () => {
    await enroll()
    const { desk, shown } = await begin()
    await phone.open(screens.request())
    const holder = spoken(key.get(optionsOn(phone.page.body)))
    expect((await phone.submit({ number: shown, holder })).status).toBe(200)
    expect(await desk.submit({})).toMatchObject({ status: 303, location: rd })
  })

  it('says no without one', async () => {
    await enroll()
    const { desk } = await begin()
    await phone.open(screens.request())
    expect((await phone.submit({ deny: '1' })).status).toBe(200)
    expect((await desk.submit({})).status).toBe(403)
    gateway.clock.advance(3600)
  })

  it.each<[string, (page: Answer) => string]>([
    ['no passkey', () => ''],
    ['nonsense', () => '{"id":"x"}'],
    [
      'a passkey that did not look who it was',
      ({ body }) => spoken(key.get(optionsOn(body), { verified: false })),
    ],
    [
      'a passkey of another site',
      ({ body }) => spoken(key.get(optionsOn(body), { client: { origin: 'https://evil.test' } })),
    ],
    [
      'a passkey for another question',
      ({ body }) => spoken(key.get({ ...optionsOn(body), challenge: 'AAAA' })),
    ],
    [
      'a passkey that nobody knows',
      ({ body }) => spoken(createAuthenticator().get(optionsOn(body))),
    ],
  ])('does not approve with %s, and can be asked again', async (_, holderOf) => {
    await enroll()
    const { desk, shown } = await begin()
    await phone.open(screens.request())
    const holder = holderOf(phone.page)
    expect((await phone.submit({ number: shown, holder })).status).toBe(401)
    expect((await desk.submit({})).location).toBeUndefined()
    const again = spoken(key.get(optionsOn(phone.page.body)))
    expect((await phone.submit({ number: shown, holder: again })).status).toBe(200)
  })

  it('does not take the passkey of somebody else', async () => {
    await enroll()
    const other = createAuthenticator()
    await addPasskey(gateway.store, await gateway.addUser({ name: `other${number}` }), other)
    const { shown } = await begin()
    await phone.open(screens.request())
    const holder = spoken(other.get(optionsOn(phone.page.body)))
    expect((await phone.submit({ number: shown, holder })).status).toBe(401)
  })

  it('does not take an answer that was used already', async () => {
    await enroll()
    const { shown } = await begin()
    await phone.open(screens.request())
    const { page } = phone
    const holder = spoken(key.get(optionsOn(page.body)))
    const wrong = shown === '42' ? '43' : '42'
    // The number was not even of the right shape, so nothing was approved, and the passkey is used up.
    expect((await phone.submit({ number: `${wrong}x`, holder })).status).toBe(401)
    expect((await phone.submit({ number: shown, holder })).status).toBe(401)
  })

  it('is unmade by no passkey of anybody else’s', async () => {
    await enroll()
    expect((await say('no', createAuthenticator())).status).toBe(401)
    expect(await asks()).toBe(true)
  })

  it('does not take a proof that was given for another question, or for a change', async () => {
    await enroll()
    const first = await begin()
    await phone.open(screens.request())
    const earlier = optionsOn(phone.page.body)
    expect((await phone.submit({ deny: '1' })).status).toBe(200)
    gateway.clock.advance(60)

    await phone.open(`${PORTAL}/approver`)
    const change = { url: phone.url, page: form(phone.page, 'holder') }
    const forChange = optionsOn(change.page.body)
    const { shown } = await begin()
    expect(shown).not.toBe('')
    for (const options of [earlier, forChange]) {
      await phone.open(screens.request())
      const holder = spoken(key.get(options))
      expect((await phone.submit({ number: shown, holder })).status).toBe(401)
    }
    // And the other way round: what was said to a question changes nothing about the device.
    await phone.open(screens.request())
    const answer = spoken(key.get(optionsOn(phone.page.body)))
    Object.assign(phone, change)
    expect((await phone.submit({ answer, confirms: 'no' })).status).toBe(401)
    expect((await first.desk.submit({})).status).toBe(403)
  })

  it('approves nothing while the passkey counts no more, and says what to do', async () => {
    await enroll()
    const { user } = screens
    await gateway.store.credentials.contest(user.id, 0, 1)
    const own = await gateway.store.credentials.listByUser(user.id)
    for (const { id, kind } of own)
      if (kind === 'push') await gateway.store.credentials.restore(id, user.id)
    const { shown } = await begin()
    await phone.open(screens.request())
    expect(phone.page.body).toContain('your passkey counts no more')
    expect(phone.page.body).not.toContain('name="number"')
    expect((await phone.submit({ number: shown })).status).toBe(401)
    expect((await phone.submit({ deny: '1' })).status).toBe(200)
    gateway.clock.advance(3600)
  })
})

describe('a person without a passkey', () => {
  const removePasskey = async () => {
    const own = await gateway.store.credentials.listByUser(screens.user.id)
    const passkey = own.find(({ kind }) => kind === 'passkey')
    await gateway.store.credentials.delete(passkey?.id ?? '', screens.user.id)
  }

  it('is asked for none, and approves by the number', async () => {
    await enroll()
    await removePasskey()
    expect((await phone.open(`${PORTAL}/approver`)).body).not.toContain('data-approver="holder"')
    const { desk, shown } = await begin()
    await phone.open(screens.request())
    expect((await phone.submit({ number: shown })).status).toBe(200)
    expect(await desk.submit({})).toMatchObject({ status: 303, location: rd })
  })
})
