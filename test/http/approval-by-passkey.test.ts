import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { createAuthenticator, type SoftAuthenticator } from '../support/authenticator.ts'
import { openGateway, type TestGateway } from '../support/gateway.ts'
import { addPasskey, optionsOn, spoken } from '../support/passkeys.ts'
import { openPushService, type PushService } from '../support/push-service.ts'
import { bigNumber, openTwoScreens, pushTo, type TwoScreens } from '../support/two-screens.ts'

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
  - host: wiki.gw.test
    rules: [{ require: two_factor }]
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
let passkey: SoftAuthenticator
beforeEach(async () => {
  number += 1
  gateway.clock.advance(86_400)
  screens = await openTwoScreens({ gateway, service, name: `user${number}`, rd })
  await enrollApprover()
  passkey = createAuthenticator()
  await addPasskey(gateway.store, screens.user, passkey)
})

/** Both kinds are on, so that there is a choice first. */
async function enrollApprover() {
  const { desk, browser } = screens
  await screens.withPassword()
  const chosen = await desk.submit({ enroll: 'push' })
  await desk.open(chosen.location ?? '')
  const code = await screens.join()
  await desk.open(desk.url)
  expect(await desk.submit({ code })).toMatchObject({ status: 303, location: rd })
  browser.received.length = 0
}

/** Sends the form that a script would, as if it were the only one on the page. */
async function submitForm(name: string, fields: Record<string, string>) {
  const { phone } = screens
  const { body } = phone.page
  const at = body.search(new RegExp(`<form[^>]*data-approver="${name}"`))
  phone.page = { ...phone.page, body: body.slice(at) }
  return phone.submit(fields)
}

/** Lets each approval ask for the passkey from now on. */
async function askForPasskey() {
  await screens.phone.open(`${PORTAL}/approver`)
  const answer = spoken(passkey.get(optionsOn(screens.phone.page.body)))
  expect(await submitForm('holder', { answer, confirms: 'yes' })).toMatchObject({ status: 303 })
}

/** The passkey was used last and comes first; the person takes the other way. */
async function begin() {
  const desk = gateway.visitor()
  await screens.withPassword(desk)
  const all = await gateway.store.credentials.listByUser(screens.user.id)
  const approver = all.find(({ kind }) => kind === 'push')
  const chosen = await desk.submit({ way: approver?.id ?? '' })
  return { desk, shown: bigNumber(await desk.open(chosen.location ?? '')) }
}

describe('an approver that asks for the passkey of whoever holds it', () => {
  it('approves with the number and the passkey, and not with the number alone', async () => {
    await askForPasskey()
    const { desk, shown } = await begin()
    const page = await screens.phone.open(screens.request())
    const holder = spoken(passkey.get(optionsOn(page.body)))
    expect(await submitForm('answer', { number: shown })).toMatchObject({ status: 401 })
    expect(await submitForm('answer', { number: shown, holder })).toMatchObject({ status: 401 })
    // A page that says no asks anew, and so has another challenge.
    const fresh = spoken(passkey.get(optionsOn(screens.phone.page.body)))
    expect(await submitForm('answer', { number: shown, holder: fresh })).toMatchObject({
      status: 200,
    })
    await desk.open(desk.url)
    expect(await desk.submit({})).toMatchObject({ status: 303, location: rd })
  })

  it.each([
    ['somebody else’s', () => createAuthenticator()],
    ['one without its user', () => passkey],
  ])('takes no other passkey: %s', async (_name, other) => {
    await askForPasskey()
    const { shown } = await begin()
    const page = await screens.phone.open(screens.request())
    const holder = spoken(other().get(optionsOn(page.body), { verified: false }))
    expect(await submitForm('answer', { number: shown, holder })).toMatchObject({ status: 401 })
  })

  it('is set so, or no longer, with the passkey only', async () => {
    await screens.phone.open(`${PORTAL}/approver`)
    const wrong = spoken(createAuthenticator().get(optionsOn(screens.phone.page.body)))
    await submitForm('holder', { answer: wrong, confirms: 'yes' })
    expect(screens.phone.page.body).toContain('That passkey was not accepted.')
  })
})
