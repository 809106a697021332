import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { generate } from 'otplib'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { openBrowser } from '../support/browser.ts'
import { has } from '../support/has.ts'
import { type MailServer, openMailServer } from '../support/mail-server.ts'
import { freePort } from '../support/ports.ts'
import { createProgram, type Program } from '../support/program.ts'

const PASSWORD = 'eleven green bottles'
const NEW = 'three paper boats at noon'

describe.runIf(has('chromium'))('what is lost, in a real browser', () => {
  let folder: string
  let mail: MailServer
  let program: Program
  let browser: Browser
  let context: BrowserContext
  let page: Page
  let portal: string
  let name: string
  let number = 0

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'gatehouse-test-'))
    mail = await openMailServer({ speaks: 'starttls' })
    writeFileSync(join(folder, 'ca.pem'), mail.ca)
    const port = await freePort()
    portal = `http://localhost:${port}/.gatehouse/`
    program = createProgram(`
portal: { url: "${portal}" }
listen: 127.0.0.1:${port}
health: { listen: "127.0.0.1:0" }
factors: { totp: {}, backup_code: {} }
channels:
  smtp: { url: "smtp://127.0.0.1:${mail.port}", from: gate@gw.test, ca: "${join(folder, 'ca.pem')}" }
routes: [{ host: localhost, rules: [{ require: one_factor }] }]
`)
    await program.start()
    browser = await openBrowser()
  })
  afterAll(async () => {
    await browser?.close()
    await program?.end()
    await mail?.close()
    rmSync(folder, { recursive: true, force: true })
  })
  beforeEach(async () => {
    number += 1
    name = `user${number}`
    const add = ['user', 'add', name, '--email', `${name}@gw.test`]
    expect(program.run(add, `${PASSWORD}\n`)).toMatchObject({ code: 0, err: '' })
    await elsewhere()
    return () => context.close()
  })

  /** Goes on in a browser of its own, which knows nothing. */
  async function elsewhere(): Promise<void> {
    await context?.close()
    context = await browser.newContext()
    context.setDefaultTimeout(10_000)
    page = await context.newPage()
  }
  const giveName = async (password: string) => {
    await page.getByLabel('User name').fill(name)
    await page.getByLabel('Password', { exact: true }).fill(password)
    await page.getByRole('button', { name: 'Sign in', exact: true }).click()
  }
  /** A step is good once: one test has the one before now, this one, and the next. */
  const codeOf = (secret: string, steps: -1 | 0 | 1) =>
    generate({ secret, epoch: Math.floor(Date.now() / 1000) + steps * 30 })
  const giveCode = async (code: string) => {
    await page.getByRole('textbox').fill(code)
    await page.getByRole('button', { name: /Finish|Continue/ }).click()
  }
  const heading = () => page.getByRole('heading', { level: 1 }).textContent()

  /** Signs in and sets an app up. @returns Its secret. */
  async function withApp(): Promise<string> {
    await page.goto(`${portal}account/factors/add`)
    await giveName(PASSWORD)
    await page.getByRole('button', { name: /^Authenticator app/ }).click()
    const secret = (await page.locator('code.secret').textContent()) ?? ''
    await giveCode(await codeOf(secret, -1))
    await page.waitForURL('**/account/factors?done=added')
    return secret
  }

  it('a password is replaced through a mail, and the second factor is asked for all the same', async () => {
    const secret = await withApp()
    await elsewhere()
    await page.goto(`${portal}login`)
    await page.getByRole('link', { name: /[Ff]orgot/ }).click()
    await page.getByLabel('User name').fill(name)
    await page.getByRole('button', { name: 'Mail me a link' }).click()
    expect(await heading()).toBe('Look into your mail')
    const link = () =>
      mail.received
        .filter(({ to }) => to.includes(`${name}@gw.test`))
        .flatMap((it) => /http:\/\/localhost\S*\/reset\/\S+/.exec(it.mail.text ?? '')?.[0] ?? [])
        .at(-1) ?? ''
    await expect.poll(link, { timeout: 10_000 }).toContain('/reset/')

    // In another browser the link does nothing.
    const stranger = await browser.newContext()
    const other = await stranger.newPage()
    expect((await other.goto(link()))?.status()).toBe(403)
    await stranger.close()

    await page.goto(link())
    await page.getByRole('button', { name: 'Go on' }).click()
    await page.waitForURL('**/login/**')
    expect(page.url()).not.toContain('/reset/')
    expect(await page.getByLabel('New password').count()).toBe(0)
    await giveCode(await codeOf(secret, 0))
    await page.getByLabel('New password').fill(NEW)
    await page.getByRole('button', { name: 'Change my password' }).click()
    await page.getByText('Your password is changed').first().waitFor()
    await page.goto(`${portal}account`)
    expect(page.url()).toContain('/login')

    await giveName(PASSWORD)
    await page.getByRole('alert').waitFor()
    await giveName(NEW)
    await giveCode(await codeOf(secret, 1))
    await page.waitForURL(`${portal}account`)
  })

  it('what somebody else added is taken back by its notice, and removed while nothing else changes', async () => {
    const secret = await withApp()
    // What was added in the same moment would be of the same hand.
    const boundAt = Date.now()
    await expect.poll(() => Date.now() - boundAt, { timeout: 30_000 }).toBeGreaterThan(8000)
    await page.getByRole('link', { name: 'Add another way' }).click()
    await page.getByRole('button', { name: /^Backup code/ }).click()
    await page.getByRole('button', { name: 'I have kept them' }).click()
    await page.getByText('10 codes left').waitFor()
    const link = () =>
      mail.received
        .filter(({ to }) => to.includes(`${name}@gw.test`))
        .filter(({ mail: it }) => it.text?.includes('“Backup codes”'))
        .flatMap((it) => /http:\/\/localhost\S*\/undo\?\S+/.exec(it.mail.text ?? '')?.[0] ?? [])
        .at(-1) ?? ''
    await expect.poll(link, { timeout: 30_000 }).toContain('/undo?token=')

    await elsewhere()
    await page.goto(link())
    expect(await heading()).toBe('This was not you?')
    await page.getByRole('button', { name: /^It was not me/ }).click()
    await page.getByText('This way to sign in counts for nothing any more: Backup codes.').waitFor()
    expect(await heading()).toBe('Your account is closed off')

    await page.goto(`${portal}account/factors`)
    await giveName(PASSWORD)
    await giveCode(await codeOf(secret, 0))
    await page.getByText('Set aside').waitFor()
    await page.getByRole('link', { name: /^Backup codes/ }).click()
    await page.getByText('It counts for nothing.').waitFor()
    expect(await page.getByRole('button', { name: 'It is mine' }).count()).toBe(0)
    await page.getByRole('link', { name: 'Remove it' }).click()
    await page.getByRole('button', { name: /^Remove/ }).click()
    await page.getByText('It is removed.').waitFor()
    await page.getByRole('link', { name: /^Authenticator app/ }).click()
    expect(await heading()).toBe('Nothing can be changed right now')
  })

  it('a phone is made up for by codes on paper, each of them once', async () => {
    await withApp()
    await page.getByRole('link', { name: 'Add another way' }).click()
    await page.getByRole('button', { name: /^Backup code/ }).click()
    const codes = await page.locator('.codes li').allTextContents()
    expect(new Set(codes).size).toBe(10)
    await page.getByRole('button', { name: 'I have kept them' }).click()
    await page.getByText('10 codes left').waitFor()

    const toCode = async () => {
      await elsewhere()
      await page.goto(`${portal}login?aal=2`)
      await giveName(PASSWORD)
      await page.getByRole('button', { name: /^Backup codes/ }).click()
    }
    await toCode()
    await giveCode(codes[0]?.trim() ?? '')
    await page.waitForURL('**/account/renew**')
    expect(await heading()).toBe('You used a backup code')
    await page.getByText('9 codes left').waitFor()
    await page.getByRole('link', { name: 'Set up something new' }).click()
    expect(await heading()).toBe('Choose a second step')
    await page.getByRole('button', { name: /^Authenticator app/ }).click()
    const secret = (await page.locator('code.secret').textContent()) ?? ''
    await giveCode(await codeOf(secret, -1))
    await page.waitForURL(portal)

    await toCode()
    await giveCode(codes[0]?.trim() ?? '')
    await page.getByText('That code has been used already.').waitFor()
    await giveCode(codes[1]?.trim() ?? '')
    await page.getByText('8 codes left').waitFor()
    await page.getByRole('link', { name: 'Go on without' }).click()
    await page.waitForURL(portal)
    const told = () => mail.received.filter(({ mail: it }) => it.subject?.includes('backup code'))
    await expect.poll(() => told().length, { timeout: 10_000 }).toBeGreaterThan(0)
  })
})
