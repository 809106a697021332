import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { openBrowser } from '../support/browser.ts'
import { has, oathCode } from '../support/has.ts'
import { type MailServer, openMailServer } from '../support/mail-server.ts'
import { createNativeDevice } from '../support/native-device.ts'
import { freePort } from '../support/ports.ts'
import { createProgram, type Program } from '../support/program.ts'
import { devicesOf } from '../support/virtual-devices.ts'

const APP = fileURLToPath(new URL('../../docs/example-application/app.js', import.meta.url))

describe.runIf(has('chromium') && has('oathtool'))('the example application', () => {
  let program: Program
  let mail: MailServer
  let application: ReturnType<typeof spawn>
  let browser: Browser
  let context: BrowserContext
  let page: Page
  let shop: string
  let api: string
  let key: string

  beforeAll(async () => {
    mail = await openMailServer({ speaks: 'starttls' })
    const [port, own] = [await freePort(), await freePort()]
    shop = `http://localhost:${own}`
    api = `http://localhost:${port}/api`
    program = createProgram('')
    const ca = join(program.folder, 'mail.pem')
    writeFileSync(ca, mail.ca)
    program.configure(`
portal: { url: "http://localhost:${port}" }
listen: 127.0.0.1:${port}
health: { listen: "127.0.0.1:0" }
factors: { totp: {}, email: {} }
channels: { smtp: { url: "smtp://127.0.0.1:${mail.port}", from: gate@shop.test, ca: ${ca} } }
api:
  applications:
    - id: shop
      name: The Shop
      passkey: { rp_id: localhost, origins: ["${shop}"] }
      device_key: {}
`)
    await program.start()
    const { out } = program.run([
      'api-key',
      'create',
      'shop',
      '--scope',
      '2fa',
      '--scope',
      'biometric',
    ])
    key = /ghk_[\w-]+/.exec(out)?.[0] ?? ''
    application = spawn(process.execPath, [APP], {
      env: { GATEHOUSE: api, GATEHOUSE_KEY: key, PORT: String(own) },
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    if (application.stdout) await once(application.stdout, 'data')
    browser = await openBrowser()
  }, 60_000)
  afterAll(async () => {
    await browser?.close()
    application?.kill()
    await program?.end()
    await mail?.close()
  })
  beforeEach(async () => {
    context = await browser.newContext()
    context.setDefaultTimeout(10_000)
    page = await context.newPage()
    return () => context.close()
  })

  const typePassword = async () => {
    await page.goto(shop)
    await page.getByLabel('Name').fill('maria')
    await page.getByLabel('Password').fill('correct horse')
    await page.getByRole('button', { name: 'Sign in', exact: true }).click()
  }
  const typeCode = async (code: string) => {
    await page.getByLabel('Code from').fill(code)
    await page.getByRole('button', { name: 'Continue' }).click()
  }
  const isIn = () => page.getByText('Hello, maria.').waitFor()
  const mailedCode = async (count: number): Promise<string> => {
    await expect.poll(() => mail.codes().length, { timeout: 5000 }).toBe(count)
    return /\b\d{6}\b/.exec(mail.codes().at(-1)?.mail.text ?? '')?.[0] ?? ''
  }
  /** The code after the one that an app shows: each is taken once. */
  const nextCode = (secret: string): string =>
    spawnSync('oathtool', ['--totp', '--base32', '--now', '30 seconds', secret], {
      encoding: 'utf8',
    }).stdout.trim()
  /** What its factors are, as its owner would look them up with curl. */
  const withCurl = (path: string, ...more: string[]) =>
    JSON.parse(
      spawnSync('curl', ['-s', '-H', `Authorization: Bearer ${key}`, ...more, `${api}${path}`], {
        encoding: 'utf8',
      }).stdout,
    )

  it('signs in with an authenticator app', async () => {
    await typePassword()
    await isIn()
    await page.getByRole('button', { name: 'Add an authenticator app' }).click()
    const secret = (await page.locator('code').textContent()) ?? ''
    await typeCode(oathCode(secret))
    await isIn()
    await context.clearCookies()
    await typePassword()
    await typeCode('000000')
    await page.getByText('No: wrong').waitFor()
    await page.goBack()
    await typeCode(nextCode(secret))
    await isIn()
  })

  it('signs in with a code by mail, with a passkey, and with a key in an app', async () => {
    const { factors } = withCurl('/2fa/users/maria/factors')
    for (const { id } of factors) {
      spawnSync('curl', [
        '-s',
        '-X',
        'DELETE',
        '-H',
        `Authorization: Bearer ${key}`,
        `${api}/2fa/factors/${id}`,
      ])
    }
    await typePassword()
    await isIn()
    await page.getByLabel('Mail address').fill('maria@shop.test')
    await page.getByRole('button', { name: 'Add codes by mail' }).click()
    await typeCode(await mailedCode(1))
    await isIn()
    await context.clearCookies()
    await typePassword()
    await typeCode(await mailedCode(2))
    await isIn()

    // A passkey of its own origin, in a browser's own ceremony.
    const device = await (await devicesOf(context, page)).add('platform')
    await page.getByRole('button', { name: 'Add a passkey' }).click()
    await page.getByText('Done.').waitFor()
    expect(await device.holds()).toBe(1)

    // A key in its app, which shares nothing with the server.
    const app = context.request
    const phone = createNativeDevice()
    const begun = await (await app.post(`${shop}/device`, { data: {} })).json()
    const introduced = phone.register(begun.to_sign)
    expect((await app.post(`${shop}/device/confirm`, { data: introduced })).status()).toBe(200)

    await context.clearCookies()
    await page.goto(shop)
    await page.getByRole('button', { name: 'Sign in with a passkey' }).click()
    await isIn()

    await context.clearCookies()
    const question = await (
      await app.post(`${shop}/device/challenge`, { data: { id: begun.id } })
    ).json()
    const stranger = { signature: createNativeDevice().sign(question) }
    expect((await app.post(`${shop}/device/verify`, { data: stranger })).status()).toBe(401)
    const signed = { signature: phone.sign(question) }
    expect((await app.post(`${shop}/device/verify`, { data: signed })).status()).toBe(200)
    await page.goto(shop)
    await isIn()
  })
})
