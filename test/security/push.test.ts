import { afterAll, beforeAll, beforeEach, describe, expect } from 'vitest'
import { openGateway, type TestGateway } from '../support/gateway.ts'
import { openPushService, type PushService } from '../support/push-service.ts'
import {
  bigNumber,
  choices,
  openTwoScreens,
  pushTo,
  type TwoScreens,
} from '../support/two-screens.ts'
import { loadCase } from './corpus.ts'
import { story } from './story.ts'

const PORTAL = 'https://auth.gw.test'
const rd = 'https://app.gw.test/'

let service: PushService
let gateway: TestGateway
beforeAll(async () => {
  service = await openPushService()
  gateway = await openGateway(
    `
portal: { url: "${PORTAL}" }
factors: { push: {} }
routes:
  - { host: app.gw.test, rules: [{ require: two_factor }] }
`,
    { ways: () => [pushTo(PORTAL)] },
  )
})
afterAll(async () => {
  await gateway.close()
  await service.close()
})

let count = 0
let alice: TwoScreens
const open = (name: string) => openTwoScreens({ gateway, service, name: `${name}${count}`, rd })
beforeEach(async () => {
  count += 1
  gateway.clock.advance(86_400)
  alice = await open('alice')
})

const statuses = (id: string) => loadCase(id).expected.status
/** Sessions that came of it all, beside the one of the enrollment. */
const sessions = async () => (await gateway.store.sessions.listByUser(alice.user.id)).length - 1

describe('approval by number matching', () => {
  story('MFA-019', 'does not take an approval without the number', async () => {
    await alice.enroll()
    const { desk } = await alice.begin()
    await alice.phone.open(alice.request())
    const { url, page } = alice.phone
    for (const fields of [{}, { approve: '1' }, { number: '' }, { number: '1' }, { code: ' ' }]) {
      Object.assign(alice.phone, { url, page })
      const answer = await alice.phone.submit(fields as Record<string, string>)
      expect(statuses('MFA-019')).toContain(answer.status)
    }
    expect((await desk.submit({})).location).toBeUndefined()
    expect(await sessions()).toBe(0)
  })

  story('MFA-101', 'gives one guess, and no second one', async () => {
    await alice.enroll()
    const mallory = await alice.begin()
    await alice.phone.open(alice.request())
    const { url, page } = alice.phone
    const others = choices(page).filter((it) => it !== mallory.shown)
    for (const number of [...others, mallory.shown]) {
      Object.assign(alice.phone, { url, page })
      const { status } = await alice.phone.submit({ number })
      expect(statuses('MFA-101')).toContain(status)
    }
    expect(statuses('MFA-101')).toContain((await mallory.desk.submit({})).status)
    expect(await sessions()).toBe(0)
  })

  story('MFA-102', 'takes no answer of somebody else’s approver', async () => {
    await alice.enroll()
    const mallory = await open('mallory')
    await mallory.enroll()
    const { desk, shown } = await alice.begin()
    const target = alice.request()
    expect(statuses('MFA-102')).toContain((await mallory.phone.get(target)).status)

    await mallory.begin()
    await mallory.phone.open(mallory.request())
    const { page } = mallory.phone
    const body = page.body.replaceAll(mallory.request(), target)
    Object.assign(mallory.phone, { page: { ...page, body } })
    const forged = await mallory.phone.submit({ number: shown })
    expect(statuses('MFA-102')).toContain(forged.status)

    const secret = mallory.phone.jar.get('__Host-gatehouse-approver')?.value ?? ''
    const app = await mallory.phone.get(target.replace('/approve/', '/approve/device/'), {
      method: 'POST',
      body: JSON.stringify({ number: shown }),
      headers: { authorization: `Bearer ${secret}`, 'content-type': 'application/json' },
    })
    expect(statuses('MFA-102')).toContain(app.status)
    expect((await desk.submit({})).location).toBeUndefined()
    expect(await sessions()).toBe(0)
  })

  story('MFA-103', 'lets one sign-in go on, once, where it was begun', async () => {
    await alice.enroll()
    const { desk, shown } = await alice.begin()
    await alice.phone.open(alice.request())
    const { url, page } = alice.phone
    await alice.phone.submit({ number: shown })
    // From another browser the sign-in is nobody's.
    const thief = gateway.visitor()
    const stolen = await thief.get(desk.url)
    expect(stolen.location).toContain('/login')
    const attempt = { url: desk.url, page: desk.page }
    expect(await desk.submit({})).toMatchObject({ status: 303, location: rd })
    Object.assign(desk, attempt)
    expect((await desk.submit({})).location).not.toBe(rd)
    Object.assign(alice.phone, { url, page })
    expect((await alice.phone.submit({ number: shown })).status).toBe(403)
    // Another sign-in has another question.
    const mallory = await alice.begin()
    Object.assign(alice.phone, { url, page })
    await alice.phone.submit({ number: mallory.shown })
    expect((await mallory.desk.submit({})).location).toBeUndefined()
    expect(await sessions()).toBe(1)
  })

  story('MFA-104', 'counts one of fifty answers', async () => {
    await alice.enroll()
    const { desk, shown } = await alice.begin()
    await alice.phone.open(alice.request())
    const { url, page } = alice.phone
    const clones = Array.from({ length: 50 }, () => {
      const clone = gateway.visitor()
      for (const [name, cookie] of alice.phone.jar) clone.jar.set(name, cookie)
      return Object.assign(clone, { url, page })
    })
    const answers = await Promise.all(
      clones.map((clone, index) =>
        clone.submit(index % 2 === 0 ? { number: shown } : { deny: '1' }),
      ),
    )
    for (const { status } of answers) expect(statuses('MFA-104')).toContain(status)
    const taken = answers.filter(({ status }) => status === 200)
    expect(taken).toHaveLength(1)
    const isApproved = taken[0]?.body.includes('<h1>Approved</h1>')
    expect((await desk.submit({})).location).toBe(isApproved ? rd : undefined)
  })
})

describe('asking again and again', () => {
  story('BRU-019', 'reaches the phone a few times, and no more', async () => {
    await alice.enroll()
    let refused = 0
    for (let round = 0; round < 20; round += 1) {
      const { desk, shown } = await alice.begin()
      if (shown === '') {
        const again = await desk.submit({ resend: '1' })
        expect(statuses('BRU-019')).toContain(again.status)
        refused += 1
      }
      // A question that nobody answers is over by then.
      gateway.clock.advance(20)
    }
    expect(alice.browser.received.length).toBeLessThanOrEqual(5)
    expect(refused).toBeGreaterThanOrEqual(15)
  })

  story('MFA-105', 'side by side shows one question at a time', async () => {
    await alice.enroll()
    const all = []
    for (let round = 0; round < 4; round += 1) all.push(await alice.begin())
    expect(all.map(({ shown }) => shown !== '')).toEqual([true, false, false, false])
    expect(alice.browser.received).toHaveLength(1)
    await alice.phone.open(`${PORTAL}/approver`)
    expect(alice.phone.page.body.match(/\/approve\//g)).toHaveLength(1)
  })
})

describe('an invitation', () => {
  story('MFA-106', 'that somebody else took up binds nothing', async () => {
    await alice.withPassword()
    const thief = gateway.visitor()
    await thief.open(alice.invitation())
    expect((await thief.submit({})).status).toBe(303)
    const stolen = bigNumber(await thief.open(`${PORTAL}/approver`))
    // Alice's own phone is told, and shows no number.
    const late = await alice.phone.open(alice.invitation())
    expect(statuses('MFA-106')).toContain(late.status)
    expect(bigNumber(late)).toBe('')
    await alice.desk.open(alice.desk.url)
    const guess = stolen === '11' ? '12' : '11'
    expect(statuses('MFA-106')).toContain((await alice.desk.submit({ code: guess })).status)
    expect(await gateway.credential(alice.user.id)).toMatchObject({ state: 'pending' })
  })
})
