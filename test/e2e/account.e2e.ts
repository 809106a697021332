import { generate } from 'otplib'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { openBrowser } from '../support/browser.ts'
import { has } from '../support/has.ts'
import { freePort } from '../support/ports.ts'
import { createProgram, type Program } from '../support/program.ts'
import { type Devices, devicesOf } from '../support/virtual-devices.ts'

const PASSWORD = 'eleven green bottles'

describe.runIf(has('chromium'))('the account, in a real browser', () => {
  let program: Program
  let browser: Browser
  let context: BrowserContext
  let page: Page
  let devices: Devices
  let portal: string
  let name: string
  let number = 0

  beforeAll(async () => {
    const port = await freePort()
    portal = `http://localhost:${port}/.gatehouse/`
    program = createProgram(`
portal: { url: "${portal}" }
listen: 127.0.0.1:${port}
health: { listen: "127.0.0.1:0" }
factors: { passkey: {}, totp: {}, backup_code: {} }
routes: [{ host: localhost, rules: [{ require: one_factor }] }]
`)
    await program.start()
    browser = await openBrowser()
  })
  afterAll(async () => {
    await browser?.close()
    await program?.end()
  })
  beforeEach(async () => {
    number += 1
    name = `user${number}`
    expect(program.run(['user', 'add', name], `${PASSWORD}\n`)).toMatchObject({ code: 0, err: '' })
    await use({})
    return () => context.close()
  })

  async function use(options: { javaScriptEnabled?: boolean }): Promise<void> {
    context = await browser.newContext(options)
    context.setDefaultTimeout(10_000)
    page = await context.newPage()
    devices = await devicesOf(context, page)
  }
  const signIn = async (to: string) => {
    await page.goto(`${portal}${to}`)
    await page.getByLabel('User name').fill(name)
    await page.getByLabel('Password', { exact: true }).fill(PASSWORD)
    await page.getByRole('button', { name: 'Sign in', exact: true }).click()
    await page.waitForURL(`${portal}${to}`)
  }
  const heading = () => page.getByRole('heading', { level: 1 }).textContent()

  it('adds a passkey, names it, removes it, and lets the device forget it', async () => {
    const device = await devices.add('platform')
    await signIn('account')
    await page.getByRole('link', { name: 'Set up a second step' }).click()
    await page.getByRole('button', { name: /^Passkey/ }).click()
    await page.getByRole('button', { name: 'Set up a passkey' }).click()
    await page.waitForURL('**/account/factors?done=added')
    expect(await device.holds()).toBe(1)

    await page.locator('.rows a').first().click()
    await page.getByLabel('What you call it').fill('My laptop')
    await page.getByRole('button', { name: 'Save the name' }).click()
    await page.getByText('It has its new name.').waitFor()
    await page.getByRole('link', { name: /My laptop/ }).click()
    await page.getByRole('link', { name: 'Remove it' }).click()
    await page.getByText('It is the last one.').waitFor()
    const forgotten = devices.untilForgotten()
    await page.getByRole('button', { name: 'Remove all the same' }).click()
    await page.waitForURL('**/account/factors?done=removed')
    await forgotten
    expect(await device.holds()).toBe(0)
  })

  it('asks whoever has a passkey for it before anything is changed', async () => {
    await devices.add('platform')
    await signIn('account/factors/add')
    await page.getByRole('button', { name: /^Passkey/ }).click()
    await page.getByRole('button', { name: 'Set up a passkey' }).click()
    await page.waitForURL('**/account/factors?done=added')

    // Another session, proved by a password and a code alone, may look and not change.
    await page.goto(`${portal}account/factors/add`)
    await page.getByRole('button', { name: /^Authenticator app/ }).click()
    const secret = (await page.locator('code.secret').textContent()) ?? ''
    await page.getByRole('textbox').fill(await generate({ secret }))
    await page.getByRole('button', { name: /Finish|Continue/ }).click()
    await page.waitForURL('**/account/factors?done=added')
    expect(await page.locator('.rows > li').count()).toBe(2)
    await page.getByRole('link', { name: 'Your account' }).click()
    await page.getByRole('link', { name: /^Name/ }).click()
    // The session was proved by the passkey a moment ago.
    await page.getByLabel('Name').fill('Maria Lopez')
    await page.getByRole('button', { name: 'Save' }).click()
    await page.getByText('Your name is changed.').waitFor()
  })

  it('works without script, down to backup codes on paper', async () => {
    await context.close()
    await use({ javaScriptEnabled: false })
    await signIn('account')
    await page.getByRole('link', { name: /^Name/ }).click()
    await page.getByLabel('Name').fill('Maria Lopez')
    await page.getByRole('button', { name: 'Save' }).click()
    await page.getByText('Your name is changed.').waitFor()

    await page.getByRole('link', { name: /^Ways to sign in/ }).click()
    await page.getByRole('link', { name: 'Set up a second step' }).click()
    await page.getByRole('button', { name: /^Authenticator app/ }).click()
    const secret = (await page.locator('code.secret').textContent()) ?? ''
    await page.getByRole('textbox').fill(await generate({ secret }))
    await page.getByRole('button', { name: /Finish|Continue/ }).click()
    await page.waitForURL('**/account/factors?done=added')

    await page.getByRole('link', { name: 'Add another way' }).click()
    await page.getByRole('button', { name: /^Backup code/ }).click()
    expect(await page.locator('.codes li').count()).toBe(10)
    // On paper stand the codes and whose they are, and no buttons.
    await page.emulateMedia({ media: 'print' })
    expect(await page.locator('button, .button').filter({ visible: true }).count()).toBe(0)
    expect(await page.locator('.print-only').isVisible()).toBe(true)
    await page.emulateMedia({ media: 'screen' })
    const [file] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('link', { name: 'Download as a text file' }).click(),
    ])
    expect(file.suggestedFilename()).toBe('backup-codes.txt')
    await page.getByRole('button', { name: 'I have kept them' }).click()
    await page.getByText('10 codes left').waitFor()

    await page.goto(`${portal}account/password`)
    await page.getByLabel('New password').fill('three paper boats at noon')
    await page.getByLabel('Once more').fill('three paper boats at noon')
    await page.getByRole('button', { name: 'Change password' }).click()
    await page.getByText('Your password is changed').waitFor()
    await page.getByRole('link', { name: /^History/ }).click()
    for (const text of [
      'The password was changed',
      'Set up: Backup codes',
      'The account was made, by an administrator',
    ]) {
      await page.getByText(text).waitFor()
    }
    expect(await heading()).toBe('History')
  })
})
