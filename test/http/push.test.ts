import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { User } from '../../src/model/user.ts'
import { listenTo } from '../support/event-source.ts'
import { openGateway, PASSWORD, type TestGateway } from '../support/gateway.ts'
import { openPushService, type PushService, type Subscriber } from '../support/push-service.ts'
import {
  bigNumber,
  choices,
  openTwoScreens,
  pushTo,
  type TwoScreens,
} from '../support/two-screens.ts'
import type { Visitor } from '../support/visitor.ts'

const PORTAL = 'https://auth.gw.test'
const rd = 'https://wiki.gw.test/page'

let service: PushService
let gateway: TestGateway
beforeAll(async () => {
  service = await openPushService()
  gateway = await openGateway(
    `
portal: { url: "${PORTAL}" }
factors: { push: {} }
routes:
  - host: wiki.gw.test
    name: Team wiki
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
let name: string
let screens: TwoScreens
let user: User
let desk: Visitor
let phone: Visitor
let browser: Subscriber
beforeEach(async () => {
  number += 1
  name = `user${number}`
  gateway.clock.advance(86_400)
  service.behave(undefined)
  screens = await openTwoScreens({ gateway, service, name, rd })
  ;({ user, desk, phone, browser } = screens)
})

describe('enrolling an approver', () => {
  it('takes a link, a browser that opens it, and the number that the browser shows', async () => {
    const page = await screens.withPassword()
    expect(page.body).toContain('<svg')
    expect(page.body).not.toContain('name="code"')
    const shown = await screens.join()
    expect(shown).toMatch(/^\d\d$/)
    expect(browser.received).toHaveLength(1)
    await desk.open(desk.url)
    expect(desk.page.body).toContain('name="code"')
    const done = await desk.submit({ code: shown })
    expect(done).toMatchObject({ status: 303, location: rd })
    await phone.open(`${PORTAL}/approver`)
    expect(bigNumber(phone.page)).toBe('')
    expect(await gateway.credential(user.id)).toMatchObject({
      label: 'Chrome on Android',
      state: 'active',
    })
  })

  it('keeps only a digest of what the browser knows, in a cookie of the portal alone', async () => {
    await screens.withPassword()
    await phone.open(screens.invitation())
    const { cookies } = await phone.submit({})
    const line = cookies.find((it) => it.startsWith('__Host-gatehouse-approver=')) ?? ''
    expect(line).toMatch(/; Path=\/; HttpOnly; SameSite=Lax; Secure; Max-Age=\d+$/)
    const [, secret = ''] = /=([\w-]{43});/.exec(line) ?? []
    expect(JSON.stringify(await gateway.credential(user.id))).not.toContain(secret)
  })

  it('lets one browser in, and shows the others that they came too late', async () => {
    await screens.withPassword()
    const link = screens.invitation()
    const [early, late] = [gateway.visitor(), gateway.visitor()]
    await early.open(link)
    await late.open(link)
    const answers = await Promise.all([early.submit({}), late.submit({})])
    expect(answers.map(({ status }) => status).sort()).toEqual([303, 403])
    expect((await gateway.visitor().open(link)).status).toBe(403)
  })

  it('changes nothing by looking at the link', async () => {
    await screens.withPassword()
    await gateway.visitor().open(screens.invitation())
    expect((await phone.open(screens.invitation())).status).toBe(200)
  })

  it('is over after ten minutes', async () => {
    await screens.withPassword()
    const link = screens.invitation()
    await phone.open(link)
    gateway.clock.advance(600)
    expect((await phone.submit({})).status).toBe(403)
    expect((await phone.open(link)).status).toBe(403)
  })

  it('does not go on with a number that was guessed', async () => {
    await screens.withPassword()
    const shown = await screens.join()
    await desk.open(desk.url)
    expect((await desk.submit({ code: shown === '99' ? '98' : '99' })).status).toBe(401)
    expect(await gateway.credential(user.id)).toMatchObject({ state: 'pending' })
  })

  it('approves nothing before it is done', async () => {
    await screens.withPassword()
    await screens.join()
    expect(await gateway.store.challenges.listOpen(user.id, gateway.clock.now())).toHaveLength(1)
    const [open] = await gateway.store.challenges.listOpen(user.id, gateway.clock.now())
    expect((await phone.get(`${PORTAL}/approve/${open?.id}`)).status).toBe(403)
  })

  it('works with a browser that cannot be notified', async () => {
    await screens.withPassword()
    const shown = await screens.join('')
    await desk.open(desk.url)
    await desk.submit({ code: shown })
    const { desk: other } = await screens.begin()
    expect(other.page.body).toContain('auth.gw.test/approver')
    expect(browser.received).toEqual([])
    await phone.open(`${PORTAL}/approver`)
    expect(phone.page.body).toMatch(/href="https:\/\/auth\.gw\.test\/approve\/[\w-]+"/)
  })
})

describe('a sign-in with an approver', () => {
  it('goes on when the number was found again on the other screen', async () => {
    await screens.enroll()
    const { desk: other, shown } = await screens.begin()
    expect(await other.submit({})).toMatchObject({ status: 200 })
    expect(browser.received).toHaveLength(1)
    expect(browser.received[0]?.headers.ttl).toBe('60')

    const page = await phone.open(screens.request())
    expect(page.body).toContain('Team wiki')
    expect(page.body).toContain('Firefox on Linux')
    expect(page.body).toContain('127.0.0.1')
    expect(choices(page)).toContain(shown)
    expect(await phone.submit({ number: shown })).toMatchObject({ status: 200 })

    await other.open(other.url)
    expect(other.page.body).toContain('Continue')
    expect(await other.submit({})).toMatchObject({ status: 303, location: rd })
    const sessions = await gateway.store.sessions.listByUser(user.id)
    expect(sessions.map(({ aal }) => aal)).toEqual([2, 2])
    expect(sessions[0]?.amr).toEqual(['pwd', 'mca', 'mfa'])
  })

  it('ends when the number was another one, and nobody gets a second try', async () => {
    await screens.enroll()
    const { desk: other, shown } = await screens.begin()
    await phone.open(screens.request())
    const form = { page: phone.page }
    const wrong = choices(phone.page).find((it) => it !== shown) ?? ''
    expect((await phone.submit({ number: wrong })).status).toBe(403)
    expect((await phone.get(screens.request())).body).toContain('Refused')
    Object.assign(phone, form)
    expect((await phone.submit({ number: shown })).status).toBe(403)
    expect((await other.submit({})).status).toBe(403)
    expect((await other.get(other.url)).status).toBe(303)
    // Whoever it was, and it may have been a slip: nobody is slowed down by it.
    await other.open(`${PORTAL}/login`)
    expect((await other.submit({ username: name, password: PASSWORD })).status).toBe(303)
  })

  it('ends when the person says that it was not them, and slows the other side down', async () => {
    await screens.enroll()
    const { desk: other } = await screens.begin()
    await phone.open(screens.request())
    expect((await phone.submit({ deny: '1' })).status).toBe(200)
    expect((await other.submit({})).status).toBe(403)
    expect(await gateway.store.events.listByUser(user.id, ['challenge.denied'], 9)).toMatchObject([
      { address: '127.0.0.1', details: { kind: 'push', reason: 'denied' } },
    ])
    const again = gateway.visitor()
    await again.open(`${PORTAL}/login`)
    expect((await again.submit({ username: name, password: PASSWORD })).status).toBe(429)
    gateway.clock.advance(3600)
  })

  it('is too late after a minute', async () => {
    await screens.enroll()
    const { desk: other, shown } = await screens.begin()
    await phone.open(screens.request())
    gateway.clock.advance(60)
    expect((await phone.submit({ number: shown })).status).toBe(403)
    await other.open(other.url)
    expect(other.page.body).toContain('name="resend"')
    expect((await other.submit({})).status).toBe(401)
    await other.submit({ resend: '1' })
    await other.open(other.url)
    expect(bigNumber(other.page)).toMatch(/^\d\d$/)
    expect(browser.received).toHaveLength(2)
  })

  it('is asked for once at a time, wherever it is begun', async () => {
    await screens.enroll()
    await screens.begin()
    const { desk: other, shown } = await screens.begin()
    expect(shown).toBe('')
    expect(browser.received).toHaveLength(1)
    expect((await other.submit({ resend: '1' })).status).toBe(429)
  })

  it('is asked for once at a time, also when it is asked for again', async () => {
    await screens.enroll()
    const { desk: stale } = await screens.begin()
    gateway.clock.advance(61)
    await screens.begin()
    await stale.open(stale.url)
    expect((await stale.submit({ resend: '1' })).status).toBe(429)
    expect(await gateway.store.challenges.listOpen(user.id, gateway.clock.now())).toHaveLength(1)
    expect(browser.received).toHaveLength(2)
  })

  it('is asked for so often in ten minutes and no more', async () => {
    await screens.enroll()
    for (let round = 0; round < 8; round += 1) {
      await screens.begin()
      gateway.clock.advance(61)
    }
    expect(browser.received).toHaveLength(5)
  })

  it('says where to look when notifications do not arrive', async () => {
    await screens.enroll()
    service.behave((response) => response.writeHead(410).end())
    const { desk: other } = await screens.begin()
    await other.open(other.url)
    expect(other.page.body).toContain('could not be delivered')
    expect(other.page.body).toContain('auth.gw.test/approver')
  })
})

describe('a device whose subscription is gone', () => {
  const device = async () => {
    const [own] = await gateway.store.credentials.listByUser(user.id)
    if (!own) throw new Error('no device')
    return own
  }
  const unreachable = () =>
    gateway.store.events.listByUser(user.id, ['factor.unreachable'], 10).then((it) => it.length)
  const factors = async () => (await desk.open(`${PORTAL}/account/factors`)).body

  it('is shown to the person with what to do, told to the operator, and asked in vain no more', async () => {
    await screens.enroll()
    expect(await factors()).toContain('with notifications')
    service.drop(browser)
    await screens.begin()
    await expect.poll(unreachable).toBe(1)
    expect(await factors()).toContain('notifications stopped')
    expect(await factors()).toMatch(/Chrome on Android stopped on .*auth\.gw\.test\/approver/)

    const { requests } = service
    const { desk: other } = await screens.begin()
    await other.submit({ resend: '1' })
    expect(service.requests).toBe(requests)
    expect(await unreachable()).toBe(1)
  })

  it('is set right by the device, when it subscribes anew', async () => {
    await screens.enroll()
    service.drop(browser)
    await screens.begin()
    await expect.poll(unreachable).toBe(1)
    const anew = service.subscribe()
    // The request of that sign-in is over.
    gateway.clock.advance(61)
    const tell = async (subscription: string) => {
      await phone.open(`${PORTAL}/approver`)
      return phone.submit({ subscription })
    }
    // The old one does not help, nor hide what is the matter.
    expect((await tell(browser.subscription)).body).toContain('false')
    expect(await factors()).toContain('notifications stopped')
    expect((await tell(anew.subscription)).body).toContain('true')
    expect(await factors()).toContain('with notifications')
    expect(await factors()).not.toContain('stopped on')
    gateway.clock.advance(3600)
    await screens.begin()
    expect(anew.received.map(({ text }) => JSON.parse(text).title)).toEqual([
      'Gatehouse',
      'Is this you signing in?',
    ])
  })

  it('does not take notifications from another of the same person', async () => {
    await screens.enroll()
    const first = await device()
    const second = service.subscribe()
    const { subscription } = second
    await gateway.store.credentials.insert({
      ...first,
      id: `second-${first.id}`,
      handle: `second-${first.id}`,
      data: { stage: 'bound', browser: 'Firefox on Android', confirms: false, subscription },
    })
    service.drop(browser)
    const { desk: other } = await screens.begin()
    expect(second.received).toHaveLength(1)
    expect((await other.open(other.url)).body).toContain('We have sent a notification')
    await expect.poll(unreachable).toBe(1)
  })
})

describe('somebody else', () => {
  it('sees and answers no question that is not put to them', async () => {
    await screens.enroll()
    const { desk: other, shown } = await screens.begin()
    const request = screens.request()

    const stranger = gateway.visitor()
    expect((await stranger.get(request)).status).toBe(403)

    const mallory = await openTwoScreens({ gateway, service, name: `${name}-mallory`, rd })
    await mallory.enroll()
    expect((await mallory.phone.get(request)).status).toBe(403)
    // With a form of their own, sent to somebody else's question.
    await mallory.begin()
    const { page } = mallory.phone
    await mallory.phone.open(mallory.request())
    const body = mallory.phone.page.body.replaceAll(mallory.request(), request)
    mallory.phone.page = { ...page, body }
    expect((await mallory.phone.submit({ number: shown })).status).toBe(403)
    expect(await other.submit({})).toMatchObject({ status: 200 })
    const seen = await phone.get(request)
    expect(choices(seen)).toContain(shown)
  })

  it('does not answer by the entrance for apps, which sign what they say', async () => {
    await screens.enroll()
    const { desk: other, shown } = await screens.begin()
    const secret = phone.jar.get('__Host-gatehouse-approver')?.value ?? ''
    const answer = await phone.get(screens.request().replace('/approve/', '/approve/device/'), {
      method: 'POST',
      body: JSON.stringify({ number: shown, confirmed: true }),
      headers: { authorization: `Bearer ${secret}`, 'content-type': 'application/json' },
    })
    expect(answer.status).toBe(401)
    expect(await other.submit({})).toMatchObject({ status: 200 })
  })

  it('does not use an approver that was removed', async () => {
    await screens.enroll()
    const credential = await gateway.credential(user.id)
    await gateway.store.credentials.delete(credential?.id ?? '', user.id)
    expect((await phone.open(`${PORTAL}/approver`)).status).toBe(403)
  })

  it('does not use an approver of a person who may not sign in', async () => {
    await screens.enroll()
    await screens.begin()
    await gateway.store.users.setStatus(user.id, 'disabled')
    expect((await phone.get(screens.request())).status).toBe(403)
  })

  it.each([
    ['nothing', {}],
    ['a word', { number: 'yes' }],
    ['an approval without a number', { approve: '1' }],
    ['what only we may say', { answer: '{"number":"11","confirmed":true}' }],
  ])('approves nothing by %s', async (_, fields) => {
    await screens.enroll()
    const { desk: other } = await screens.begin()
    await phone.open(screens.request())
    expect((await phone.submit(fields as Record<string, string>)).status).toBe(401)
    expect(await other.submit({})).toMatchObject({ status: 200 })
  })

  it('cannot send the form of the phone from another site', async () => {
    await screens.enroll()
    const { shown } = await screens.begin()
    await phone.open(screens.request())
    const form = { page: phone.page }
    const foreign = { headers: { origin: 'https://evil.test', 'sec-fetch-site': 'cross-site' } }
    expect((await phone.submit({ number: shown }, foreign)).status).toBe(403)
    Object.assign(phone, form)
    expect((await phone.submit({ number: shown, csrf: 'x' })).status).toBe(403)
    Object.assign(phone, form)
    expect((await phone.submit({ number: shown })).status).toBe(200)
  })
})

describe('a page that waits', () => {
  const cookieOf = (who: Visitor) => ({ cookie: who.jar.headerFor('auth.gw.test') })

  it('hears on the phone of a request, as soon as it is there', async () => {
    await screens.enroll()
    const stream = await listenTo(gateway.port, `${PORTAL}/approver/events`, cookieOf(phone))
    await screens.begin()
    expect(await stream.next('request')).toBe(screens.request())
    stream.close()
  })

  it('hears on the desk of the answer, as soon as it is given', async () => {
    await screens.enroll()
    const { desk: other, shown } = await screens.begin()
    const stream = await listenTo(
      gateway.port,
      `${other.url.split('?')[0]}/events`,
      cookieOf(other),
    )
    await phone.open(screens.request())
    await phone.submit({ number: shown })
    await stream.next('answered')
    await stream.ended
  })

  it('hears of the phone that takes an invitation up, and of the number that was typed', async () => {
    await screens.withPassword()
    const invited = await listenTo(gateway.port, `${desk.url.split('?')[0]}/events`, cookieOf(desk))
    const shown = await screens.join()
    await invited.next('answered')
    const joined = await listenTo(gateway.port, `${PORTAL}/approver/events`, cookieOf(phone))
    await desk.open(desk.url)
    await desk.submit({ code: shown })
    await joined.next('changed')
  })

  it.each(['/approver/events', '/login/x/events'])(
    'hears nothing as a stranger: %s',
    async (path) => {
      const stranger = await listenTo(gateway.port, PORTAL + path, {})
      expect(stranger.status).toBe(204)
    },
  )

  it('hears nothing of somebody else’s sign-in', async () => {
    await screens.enroll()
    const { desk: other } = await screens.begin()
    const url = `${other.url.split('?')[0]}/events`
    expect((await listenTo(gateway.port, url, cookieOf(phone))).status).toBe(204)
  })
})

describe('the service worker', () => {
  it('lies where it reaches all pages of the portal, and may do nothing but run', async () => {
    const { status, headers } = await phone.get(`${PORTAL}/push-worker.js`)
    expect(status).toBe(200)
    expect(headers['content-type']).toContain('text/javascript')
    expect(headers['content-security-policy']).toBe("default-src 'none'")
    expect(headers['cache-control']).toBe('no-cache')
  })

  it('may be started by the pages of an approver, and by no others', async () => {
    await screens.enroll()
    const policyOf = async (who: Visitor, url: string) =>
      String((await who.get(url)).headers['content-security-policy'])
    expect(await policyOf(phone, `${PORTAL}/approver`)).toContain("worker-src 'self'")
    expect(await policyOf(desk, `${PORTAL}/login`)).not.toContain('worker-src')
    expect(await policyOf(phone, `${PORTAL}/approver`)).not.toContain('unsafe')
  })

  it('belongs to an application that a phone can keep', async () => {
    const { body } = await phone.get(`${PORTAL}/approver/manifest.webmanifest`)
    expect(JSON.parse(body)).toMatchObject({ display: 'standalone', scope: `${PORTAL}/` })
  })
})
