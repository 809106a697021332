import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { createDemoApp } from '../../src/cli/demo-app.ts'
import { page as document } from '../../views/page.ts'
import { PasskeysLeft } from '../../views/parts/passkey.tsx'
import { openBrowser } from '../support/browser.ts'
import { has } from '../support/has.ts'
import { freePort, portOf } from '../support/ports.ts'
import { createProgram, type Program } from '../support/program.ts'
import { type Devices, devicesOf } from '../support/virtual-devices.ts'

const PASSWORD = 'eleven green bottles'

describe.runIf(has('chromium'))('passkeys, in a real browser', () => {
  const application = createDemoApp(async () => ({ users: [], messages: [] }))
  let program: Program
  let browser: Browser
  let context: BrowserContext
  let page: Page
  let devices: Devices
  let at: string
  let name: string
  let number = 0

  beforeAll(async () => {
    await new Promise<void>((resolve) => application.listen(0, '127.0.0.1', resolve))
    const port = await freePort()
    at = `http://localhost:${port}`
    program = createProgram(`
portal: { url: "${at}/.gatehouse/" }
listen: 127.0.0.1:${port}
health: { listen: "127.0.0.1:0" }
factors: { passkey: {}, totp: {} }
routes:
  - host: localhost
    upstream: http://127.0.0.1:${portOf(application)}
    rules:
      - { paths: [/assets/**], require: bypass }
      - { paths: [/admin/**], require: phishing_resistant }
      - { require: two_factor }
`)
    await program.start()
    browser = await openBrowser()
  })
  afterAll(async () => {
    await browser?.close()
    await program?.end()
    application.closeAllConnections()
    application.close()
  })
  beforeEach(async () => {
    number += 1
    name = `user${number}`
    expect(program.run(['user', 'add', name], `${PASSWORD}\n`)).toMatchObject({ code: 0, err: '' })
    context = await browser.newContext()
    context.setDefaultTimeout(10_000)
    page = await context.newPage()
    devices = await devicesOf(context, page)
    return () => context.close()
  })

  const typePassword = async () => {
    await page.getByLabel('User name').fill(name)
    await page.getByLabel('Password', { exact: true }).fill(PASSWORD)
    await page.getByRole('button', { name: 'Sign in', exact: true }).click()
  }
  /** Signs in with the password, and sets a passkey up as it is recommended. */
  const enroll = async (url = `${at}/`) => {
    await page.goto(url)
    await typePassword()
    await toEnrollment()
    await page.getByRole('button', { name: 'Set up a passkey' }).click()
    await page.waitForURL(url)
  }
  /** There is a choice where more than a passkey would do. */
  const toEnrollment = async () => {
    const [choice, next] = [/^Passkey/, 'Set up a passkey'].map((it) =>
      page.getByRole('button', { name: it }),
    )
    if (!choice || !next) throw new Error('no such buttons')
    await choice.or(next).waitFor()
    if (await choice.isVisible()) await choice.click()
    await next.waitFor()
  }
  const signOut = async () => {
    await page.goto(`${at}/.gatehouse/logout`)
    await page.getByRole('button', { name: 'Sign out in this browser' }).click()
    await page.waitForURL('**/logout**')
  }
  const received = async () =>
    page
      .locator('.ours tr', { has: page.getByRole('rowheader', { name: /^remote-user$/i }) })
      .locator('td')
      .textContent()

  it('signs in by one tap, once a device has its passkey', async () => {
    await devices.add('platform')
    await enroll()
    expect(await received()).toBe(name)
    await signOut()
    // The virtual device picks its passkey from the suggestions by itself: no name, no password, no button.
    await page.goto(`${at}/admin`)
    await page.waitForURL(`${at}/admin`)
    expect(await page.locator('h1').textContent()).toContain('Records office')
  })

  it('signs in by the button, where the browser makes no suggestions', async () => {
    await page.addInitScript(
      'PublicKeyCredential.isConditionalMediationAvailable = async () => false',
    )
    await devices.add('platform')
    await enroll()
    await signOut()
    await page.goto(`${at}/`)
    await page.getByRole('button', { name: 'Sign in with a passkey' }).click()
    await page.waitForURL(`${at}/`)
    expect(await received()).toBe(name)
  })

  it.each(['key with PIN', 'plain key'] as const)(
    'takes a security key beside the password: %s',
    async (kind) => {
      const device = await devices.add(kind)
      await enroll(`${at}/admin`)
      await signOut()
      await device.waits(true)
      await page.goto(`${at}/admin`)
      await typePassword()
      await device.waits(false)
      await page.getByRole('button', { name: 'Use your passkey' }).click()
      await page.waitForURL(`${at}/admin`)
      expect(await page.locator('h1').textContent()).toContain('Records office')
    },
  )

  it('says what to do when the device does not know its user, and takes the next try', async () => {
    const device = await devices.add('key with PIN')
    await enroll()
    await signOut()
    await device.knowsItsUser(false)
    await page.goto(`${at}/`)
    await page.getByRole('button', { name: 'Sign in with a passkey' }).click()
    await page.getByText('No passkey was used.').waitFor()

    await device.waits(true)
    await device.knowsItsUser(true)
    await typePassword()
    await device.waits(false)
    await page.getByRole('button', { name: 'Use your passkey' }).click()
    await page.waitForURL(`${at}/`)
    expect(await received()).toBe(name)
  })

  it('says what to do when an enrollment is given up', async () => {
    const device = await devices.add('platform')
    await device.knowsItsUser(false)
    await page.goto(`${at}/`)
    await typePassword()
    await toEnrollment()
    await page.getByRole('button', { name: 'Set up a passkey' }).click()
    await page.getByText('nothing was set up').waitFor()
    await device.knowsItsUser(true)
    await page.getByRole('button', { name: 'Set up a passkey' }).click()
    await page.waitForURL(`${at}/`)
  })

  it('lets the browser forget a passkey that nobody knows any more', async () => {
    const device = await devices.add('platform')
    await enroll()
    await signOut()
    expect(program.run(['user', 'delete', name]).code).toBe(0)
    const forgotten = devices.untilForgotten()
    await page.goto(`${at}/`)
    await page.getByText('That passkey opens nothing here.').waitFor()
    await forgotten
    expect(await device.holds()).toBe(0)
  })

  it('lets the browser forget a passkey that was removed', async () => {
    const device = await devices.add('platform')
    await enroll()
    await signOut()
    expect(await device.holds()).toBe(1)
    const [{ userHandle = '' } = {}] = await device.passkeys()
    const left = { rpId: 'localhost', userId: urlSafe(userHandle), allAcceptedCredentialIds: [] }
    await device.waits(true)
    await page.goto(`${at}/`)
    const script = await page.locator('script[src*="/passkey."]').getAttribute('src')
    // As a page of the account shows it after the removal.
    await page.route('**/removed', (route) =>
      route.fulfill({
        contentType: 'text/html',
        body: `${document(PasskeysLeft({ options: left }))}<script src="${script}"></script>`,
      }),
    )
    const forgotten = devices.untilForgotten()
    await page.goto(`${at}/.gatehouse/removed`)
    await forgotten
    expect(await device.holds()).toBe(0)
  })

  it('asks for fresh options before its own are stale', async () => {
    await devices.add('platform')
    await page.clock.install()
    await page.goto(`${at}/`)
    await page.getByRole('button', { name: 'Sign in with a passkey' }).waitFor()
    const asked = page.waitForRequest('**/login/passkey-options')
    await page.clock.fastForward('04:01')
    expect((await (await asked).response())?.status()).toBe(200)
  })

  it('does without script what can be done without', async () => {
    const device = await devices.add('plain key')
    await enroll()
    await device.waits(true)
    const plain = await browser.newContext({ javaScriptEnabled: false })
    page = await plain.newPage()
    await page.goto(`${at}/`)
    expect(await page.getByRole('button', { name: 'Sign in with a passkey' }).isVisible()).toBe(
      false,
    )
    await typePassword()
    await page.getByRole('heading', { name: 'Use your passkey' }).waitFor()
    expect(await page.content()).toContain('<noscript><p>Passkeys need JavaScript')
    await plain.close()
  })

  it('is allowed everything by the policy of its pages', async () => {
    const faults: string[] = []
    page.on('console', (message) => {
      // The icon that is none, so that no browser asks for one, is no fault of these pages.
      const isFault = message.type() === 'error' && !message.text().includes("'data:,'")
      if (isFault) faults.push(message.text())
    })
    page.on('pageerror', (error) => faults.push(error.message))
    await devices.add('platform')
    await enroll()
    await signOut()
    await page.goto(`${at}/admin`)
    await page.waitForURL(`${at}/admin`)
    expect(faults).toEqual([])
  })
})

const urlSafe = (base64: string) => Buffer.from(base64, 'base64').toString('base64url')
