import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { CHROMIUM, openBrowser } from '../support/browser.ts'
import { has } from '../support/has.ts'
import { freePort } from '../support/ports.ts'
import { createProgram, type Program } from '../support/program.ts'
import { openRecorder, type Recorder } from '../support/recorder.ts'

const PASSWORD = 'eleven green bottles'

// Browsers keep the cookies of localhost from app.localhost: to them these are two domains.
describe.runIf(has(CHROMIUM))('one sign-in for several domains, in a real browser', () => {
  let program: Program
  let recorder: Recorder
  let browser: Browser
  let context: BrowserContext
  let page: Page
  let port: number
  const at = (host: string, path = '/') => `http://${host}:${port}${path}`

  beforeAll(async () => {
    port = await freePort()
    recorder = await openRecorder()
    const rest = `upstream: "http://127.0.0.1:${recorder.port}", rules: [{ require: one_factor }]`
    program = createProgram(`
portal: { url: "${at('localhost', '/.gatehouse/')}" }
listen: 127.0.0.1:${port}
health: { listen: "127.0.0.1:0" }
routes:
  - { host: localhost, ${rest} }
  - { host: app.localhost, name: Ledger, ${rest} }
  - { host: blog.localhost, ${rest} }
`)
    await program.start()
    expect(program.run(['user', 'add', 'maria'], `${PASSWORD}\n`).code).toBe(0)
    browser = await openBrowser()
    context = await browser.newContext()
    context.setDefaultTimeout(10_000)
    page = await context.newPage()
  })
  afterAll(async () => {
    await browser?.close()
    await program?.end()
    await recorder?.close()
  })

  it('leads from the page to the portal and back', async () => {
    await page.goto(at('app.localhost', '/a?b=%20c'))
    expect(new URL(page.url()).hostname).toBe('localhost')
    expect(await page.locator('body').textContent()).toContain('Ledger')
    await page.getByLabel('User name').fill('maria')
    await page.getByLabel('Password', { exact: true }).fill(PASSWORD)
    await page.getByRole('button', { name: 'Sign in', exact: true }).click()
    await page.waitForURL(at('app.localhost', '/a?b=%20c'))
    const cookies = await context.cookies(at('app.localhost'))
    expect(cookies.find(({ name }) => name === 'gatehouse')).toMatchObject({
      domain: 'app.localhost',
      httpOnly: true,
      sameSite: 'Lax',
    })
  })

  it('asks nothing on the next host, nor at home', async () => {
    for (const host of ['blog.localhost', 'localhost', 'app.localhost']) {
      await page.goto(at(host, '/page'))
      expect(page.url()).toBe(at(host, '/page'))
    }
  })

  it('survives the way back and a reload', async () => {
    await page.goBack()
    await page.reload()
    expect(new URL(page.url()).pathname).toBe('/page')
  })

  it('is ended everywhere by signing out on one host', async () => {
    await page.goto(at('blog.localhost', '/.gatehouse/logout'))
    await page.getByRole('button', { name: 'Sign out in this browser' }).click()
    for (const host of ['app.localhost', 'blog.localhost', 'localhost']) {
      await page.goto(at(host, '/page'))
      expect(page.url()).toContain(at('localhost', '/.gatehouse/login'))
    }
  })

  it('that is planted by somebody else does not arrive, and the page looks like ours', async () => {
    await page.goto(
      at('app.localhost', `/.gatehouse/hand-off?code=${'a'.repeat(22)}.${'b'.repeat(43)}`),
    )
    expect(await page.locator('h1').textContent()).toContain('did not arrive')
    const styled = await page.evaluate('document.styleSheets.length')
    expect(styled).toBeGreaterThan(0)
    expect(await page.getByRole('link', { name: 'Begin again' }).count()).toBe(1)
  })
})
