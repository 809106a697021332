import type { Browser, BrowserContext, CDPSession, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { randomToken, sha256 } from '../../src/base/bytes.ts'
import { createWebPush } from '../../src/channels/web-push/index.ts'
import { vapidKeys } from '../../src/channels/web-push/vapid.ts'
import { openBrowser } from '../support/browser.ts'
import { aCredential } from '../support/builders.ts'
import { openGateway, PASSWORD, type TestGateway } from '../support/gateway.ts'
import { freePort } from '../support/ports.ts'
import { openPushService, type PushService, type Subscriber } from '../support/push-service.ts'

// Two screens: a desk where somebody signs in, and a phone that is asked. Headless Chromium reaches no push
// service, so the subscription of the phone is one of a service on loopback, and what that service got is
// handed to the worker by the browser's own tools.

let chromium: Browser
let service: PushService
let gateway: TestGateway
let home: string
beforeAll(async () => {
  const port = await freePort()
  home = `http://localhost:${port}/.gatehouse/`
  service = await openPushService()
  const push = createWebPush({
    config: { hosts: ['127.0.0.1'] },
    keys: vapidKeys(new Uint8Array(32)),
    home: new URL(home),
    options: { loopback: true },
  })
  gateway = await openGateway(
    `
portal: { url: "${home}" }
factors: { push: {}, passkey: {} }
routes:
  - { host: localhost, name: Team wiki, rules: [{ require: two_factor }] }
`,
    { ways: () => [push], port },
  )
  chromium = await openBrowser()
}, 60_000)
afterAll(async () => {
  await chromium?.close()
  await gateway?.close()
  await service?.close()
})

let count = 0
let name: string
let browser: Subscriber
let contexts: BrowserContext[] = []
/** What broke a policy, or a script, on any page. */
const faults: string[] = []
beforeEach(async () => {
  count += 1
  name = `user${count}`
  gateway.clock.advance(86_400)
  await gateway.addUser({ name, displayName: `User ${count}` })
  browser = service.subscribe()
  faults.length = 0
})
afterEach(async () => {
  for (const context of contexts) await context.close()
  contexts = []
  expect(faults).toEqual([])
})

async function screen(options: Parameters<Browser['newContext']>[0] = {}): Promise<Page> {
  const context = await chromium.newContext({ reducedMotion: 'reduce', ...options })
  contexts.push(context)
  context.on('page', watch)
  return context.newPage()
}

function watch(page: Page): void {
  page.on('pageerror', (error) => faults.push(String(error)))
  page.on('console', (message) => {
    const text = message.text()
    // The empty icon that keeps browsers from asking for one.
    if (text.includes('Content Security Policy') && !text.includes("'data:,'")) faults.push(text)
  })
}

/** A phone that may notify, and whose subscriptions are those of our service, one after the other. */
async function phoneScreen(...later: Subscriber[]): Promise<Page> {
  const page = await screen({ viewport: { width: 390, height: 844 } })
  await page.context().grantPermissions(['notifications'], { origin: new URL(home).origin })
  await page.context().addInitScript(
    subscribeTo,
    [browser, ...later].map(({ subscription }) => subscription),
  )
  return page
}

/** Runs in the page: stands in for the browser's own connection to its maker. */
function subscribeTo(all: string[]): void {
  // Kept from page to page, as a browser keeps it, whatever the push service thinks of it by now.
  const ended = () => Number(localStorage.getItem('ended') ?? 0)
  const given = (options: object) => {
    const fixed = JSON.parse(all[Math.min(ended(), all.length - 1)] ?? '')
    const unsubscribe = async () => {
      localStorage.setItem('ended', String(ended() + 1))
      localStorage.removeItem('key')
      return true
    }
    return { ...fixed, options, toJSON: () => fixed, unsubscribe } as PushSubscription
  }
  PushManager.prototype.getSubscription = async () => {
    const key = localStorage.getItem('key')
    return key === null
      ? null
      : given({ applicationServerKey: new Uint8Array(JSON.parse(key)).buffer })
  }
  PushManager.prototype.subscribe = async (options) => {
    const key = options?.applicationServerKey as Uint8Array
    localStorage.setItem('key', JSON.stringify([...key]))
    return given({ applicationServerKey: key.buffer })
  }
}

const destination = () => new URL('/page', home).href
const arrived = (page: Page) => page.waitForURL(destination())

async function typePassword(page: Page): Promise<void> {
  await page.goto(`${home}login?rd=${encodeURIComponent(destination())}`)
  await page.fill('#username', name)
  await page.fill('#password', PASSWORD)
  await page.click('button.primary')
}

/** Sets an approver up, on two screens, as a person would. */
async function enroll(desk: Page, phone: Page): Promise<void> {
  await typePassword(desk)
  await desk.click('button[name="enroll"][value="push"]')
  const link = await desk.textContent('code.secret')
  await phone.goto(link ?? '')
  await phone.click('text=Use this device')
  const number = await phone.textContent('.big-digits')
  // The desk has noticed by itself.
  await desk.fill('#code', number ?? '')
  await desk.click('button.primary')
  await arrived(desk)
  await phone.waitForSelector('h1:has-text("Ready")')
}

describe('an approver', { timeout: 60_000 }, () => {
  it('is set up on two screens, and answers while its page is open', async () => {
    const [first, phone] = [await screen(), await phoneScreen()]
    await enroll(first, phone)
    const desk = await screen()
    await typePassword(desk)
    const number = await desk.textContent('.big-digits')
    // The phone turns to the request by itself, the desk to its destination.
    await phone.waitForURL(/\/approve\//)
    expect(await phone.textContent('main')).toContain(`User ${count}`)
    await phone.click(`.numbers button:has-text("${number}")`)
    await phone.waitForSelector('h1:has-text("Approved")')
    await arrived(desk)
    // And back to waiting.
    await phone.waitForURL(/\/approver$/)
  })

  it('ends a sign-in that was not its own', async () => {
    const [first, phone] = [await screen(), await phoneScreen()]
    await enroll(first, phone)
    const desk = await screen()
    await typePassword(desk)
    await phone.waitForURL(/\/approve\//)
    await phone.click('text=No, this was not me')
    await phone.waitForSelector('h1:has-text("Refused")')
    await desk.waitForSelector('h1:has-text("refused")')
    gateway.clock.advance(3600)
  })

  it('works without scripts, on both screens', async () => {
    const plain = { javaScriptEnabled: false }
    const [first, phone] = [await screen(plain), await screen(plain)]
    await typePassword(first)
    await first.click('button[name="enroll"][value="push"]')
    await phone.goto((await first.textContent('code.secret')) ?? '')
    await phone.click('text=Use this device')
    const shown = await phone.textContent('.big-digits')
    // The page comes again by itself, some seconds later.
    await first.fill('#code', shown ?? '')
    await first.click('button.primary')
    await arrived(first)

    const desk = await screen(plain)
    await typePassword(desk)
    const number = await desk.textContent('.big-digits')
    await phone.goto(`${home}approver`)
    await phone.click('.applications a')
    await phone.click(`.numbers button:has-text("${number}")`)
    await desk.click('button.primary')
    await arrived(desk)
  })
})

describe('notifications', { timeout: 60_000 }, () => {
  it('are asked for, and reach the worker, which leads to the request', async () => {
    const [first, phone] = [await screen(), await phoneScreen()]
    await enroll(first, phone)
    await phone.waitForSelector('[data-approver="notified"]:not([hidden])')
    expect(browser.received.map(({ text }) => JSON.parse(text).id)).toEqual([undefined])
    await phone.goto('about:blank')

    const desk = await screen()
    await typePassword(desk)
    await desk.waitForSelector('.big-digits')
    const { text = '' } = browser.received[1] ?? {}
    const notice = JSON.parse(text)

    await phone.goto(`${home}approver`)
    const notified = await delivered(phone, text)
    expect(notified).toEqual([
      { title: notice.title, body: notice.body, data: notice.id, tag: 'request' },
    ])
    expect(await clicked(phone, notice.id)).toBe(`${home}approve/${notice.id}`)
  })

  it('lead nowhere but to the portal, whatever they say', async () => {
    const [first, phone] = [await screen(), await phoneScreen()]
    await enroll(first, phone)
    await phone.waitForSelector('[data-approver="notified"]:not([hidden])')
    for (const id of ['https://evil.test/', '../../logout', '//evil.test', '']) {
      expect(await clicked(phone, id)).toBe(`${home}approver`)
    }
    const [notice] = await delivered(phone, 'no JSON at all')
    expect(notice).toMatchObject({ title: 'Somebody is signing in', tag: 'greeting' })
  })

  it('are offered later, when they were not at first', async () => {
    const first = await screen()
    const phone = await phoneScreen()
    service.behave((response) => response.writeHead(410).end())
    await enroll(first, phone)
    service.behave(undefined)
    await phone.waitForSelector('[data-approver="unnotified"]:not([hidden])')
    await phone.click('text=Notify me when this page is closed')
    await phone.waitForSelector('[data-approver="notified"]:not([hidden])')
  })
})

describe('notifications that have stopped', { timeout: 60_000 }, () => {
  it('are told of on the account page, and come back once the page of the phone is opened', async () => {
    const next = service.subscribe()
    const [desk, phone] = [await screen(), await phoneScreen(next)]
    await enroll(desk, phone)
    await phone.waitForSelector('[data-approver="notified"]:not([hidden])')
    await phone.goto('about:blank')

    service.drop(browser)
    const other = await screen()
    await typePassword(other)
    await other.waitForSelector('.big-digits')
    await desk.goto(`${home}account/factors`)
    await desk.waitForSelector('.row-warning:has-text("stopped on")')

    // The request of that sign-in is over.
    gateway.clock.advance(61)
    await phone.goto(`${home}approver`)
    await phone.waitForSelector('[data-approver="notified"]:not([hidden])')
    expect(next.received).toHaveLength(1)
    await desk.goto(`${home}account/factors`)
    expect(await desk.textContent('main')).toContain('with notifications')
    expect(await desk.textContent('main')).not.toContain('stopped on')
  })
})

describe('an approver that asks for a passkey', { timeout: 60_000 }, () => {
  it('is held by the person themselves, or approves nothing', async () => {
    const [desk, phone] = [await screen(), await phoneScreen()]
    const authenticator = await deviceOf(phone)
    // The passkey is set up on the phone itself, and the approver has been there for long.
    await typePassword(phone)
    await phone.click('button[name="enroll"][value="passkey"]')
    await phone.getByRole('button', { name: 'Set up a passkey' }).click()
    await arrived(phone)
    await becomesApprover(phone)

    await phone.goto(`${home}approver`)
    await phone.getByRole('button', { name: 'Ask for my passkey' }).click()
    await phone.waitForSelector('text=Approve without my passkey')

    await typePassword(desk)
    await desk.click('button[name="way"]')
    const number = await desk.textContent('.big-digits')
    await phone.waitForURL(/\/approve\//)
    await authenticator.knowsItsUser(false)
    await phone.click(`.numbers button:has-text("${number}")`)
    await phone.waitForSelector('[data-approver="problem"]:not([hidden])')
    await authenticator.knowsItsUser(true)
    await phone.click(`.numbers button:has-text("${number}")`)
    await phone.waitForSelector('h1:has-text("Approved")')
    await arrived(desk)
  })
})

/** Puts a browser on file that was bound on another day. */
async function becomesApprover(page: Page): Promise<void> {
  const secret = randomToken(32)
  const user = await gateway.store.users.findByName(name)
  const data = { stage: 'bound', browser: 'Chrome on Android', confirms: false }
  const handle = sha256(secret).toString('base64url')
  const label = 'Chrome on Android'
  await gateway.store.credentials.insert(
    aCredential({ kind: 'push', userId: user?.id ?? '', label, data, handle }),
  )
  const cookie = { name: 'gatehouse-approver', value: secret, domain: 'localhost', path: '/' }
  await page.context().addCookies([cookie])
}

/** An authenticator of the page's own, as phones have them. */
async function deviceOf(page: Page) {
  const devtools = await page.context().newCDPSession(page)
  await devtools.send('WebAuthn.enable', { enableUI: false })
  const { authenticatorId } = await devtools.send('WebAuthn.addVirtualAuthenticator', {
    options: {
      protocol: 'ctap2',
      transport: 'internal',
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: true,
      automaticPresenceSimulation: true,
    },
  })
  return {
    async knowsItsUser(isUserVerified: boolean) {
      await devtools.send('WebAuthn.setUserVerified', { authenticatorId, isUserVerified })
    },
  }
}

/**
 * Hands a message to the page's worker as the browser does. What comes to a worker that is stopped or
 * started at this moment is lost now and then, so it comes again, in the place of the one before.
 *
 * @returns The notifications that it shows.
 */
async function delivered(page: Page, data: string): Promise<object[]> {
  const origin = new URL(home).origin
  for (let tries = 0; tries < 5; tries += 1) {
    await page.evaluate(async () => void (await navigator.serviceWorker.ready))
    const devtools = await page.context().newCDPSession(page)
    const registrationId = await registrationOf(devtools)
    if (registrationId !== undefined) {
      const message = { origin, registrationId, data }
      const sent = devtools.send('ServiceWorker.deliverPushMessage', message).catch(() => undefined)
      await Promise.race([sent, pause(2_000)])
      const shown = await shownSoon(page)
      if (shown.length > 0) return shown
    }
    await Promise.race([devtools.detach().catch(() => undefined), pause(1_000)])
  }
  throw new Error('the worker shows nothing')
}

const pause = (ms: number) =>
  new Promise<undefined>((resolve) => setTimeout(resolve, ms, undefined))

/** @returns `undefined` when the browser does not say in time. */
async function registrationOf(devtools: CDPSession): Promise<string | undefined> {
  const registered = new Promise<string>((resolve) => {
    devtools.on('ServiceWorker.workerRegistrationUpdated', ({ registrations }) => {
      for (const { registrationId, scopeURL } of registrations) {
        if (scopeURL === home) resolve(registrationId)
      }
    })
  })
  await devtools.send('ServiceWorker.enable')
  return Promise.race([registered, pause(3_000)])
}

const shownSoon = (page: Page) =>
  page.evaluate(async () => {
    const registration = await navigator.serviceWorker.ready
    for (let looks = 0; looks < 40; looks += 1) {
      const shown = await registration.getNotifications()
      if (shown.length > 0) {
        return shown.map(({ title, body, data, tag }) => ({ title, body, data, tag }))
      }
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
    return []
  })

/**
 * Clicks a notification. A worker that the browser stops or starts at this moment never answers, so it is
 * asked anew.
 *
 * @returns The address that the worker opens for it.
 */
async function clicked(page: Page, data: string): Promise<string> {
  for (let tries = 0; tries < 3; tries += 1) {
    await page.evaluate(async () => void (await navigator.serviceWorker.ready))
    const answer = clickedOnce(page, data)
    answer.catch(() => undefined)
    const address = await Promise.race([answer, pause(5_000)])
    if (address !== undefined) return address
  }
  throw new Error('the worker does not answer')
}

async function clickedOnce(page: Page, data: string): Promise<string> {
  const worker = page.context().serviceWorkers().at(-1)
  if (!worker) throw new Error('no worker')
  return worker.evaluate(
    (id) =>
      new Promise<string>((resolve) => {
        const scope = globalThis as unknown as ServiceWorkerScope
        // Nobody has clicked, so the browser would open nothing.
        scope.clients.openWindow = async (address) => resolve(address)
        scope.clients.matchAll = async () => []
        const click = new ExtendableEvent('notificationclick')
        Object.assign(click, { notification: { data: id, close: () => undefined } })
        scope.dispatchEvent(click)
      }),
    data,
  )
}

/** What a worker knows, as far as this test does. */
interface ServiceWorkerScope extends EventTarget {
  clients: { openWindow(address: string): Promise<unknown>; matchAll(): Promise<unknown[]> }
}
declare class ExtendableEvent extends Event {}
