import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { createDemoApp } from '../../src/cli/demo-app.ts'
import { openBrowser } from '../support/browser.ts'
import { has, oathCode } from '../support/has.ts'
import { freePort, portOf } from '../support/ports.ts'
import { createProgram, type Program, type Started } from '../support/program.ts'

const PASSWORD = 'eleven green bottles'
const ready = has('chromium') && has('oathtool')

describe.runIf(ready)('the main job, in a real browser', () => {
  const application = createDemoApp(async () => ({ users: [], messages: [] }))
  let program: Program
  let serving: Started
  let browser: Browser
  let context: BrowserContext
  let page: Page
  let at: string

  beforeAll(async () => {
    await new Promise<void>((resolve) => application.listen(0, '127.0.0.1', resolve))
    const port = await freePort()
    at = `http://localhost:${port}`
    program = createProgram(`
portal: { url: "${at}/.gatehouse/" }
listen: 127.0.0.1:${port}
health: { listen: "127.0.0.1:0" }
routes:
  - host: localhost
    upstream: http://127.0.0.1:${portOf(application)}
    rules:
      - { paths: [/assets/**], require: bypass }
      - { paths: [/admin/**], groups: [admins], require: two_factor }
      - { require: two_factor }
`)
    serving = await program.start()
    browser = await openBrowser()
  })
  afterAll(async () => {
    await browser?.close()
    await program?.end()
    application.closeAllConnections()
    application.close()
  })
  beforeEach(async () => {
    context = await browser.newContext()
    context.setDefaultTimeout(10_000)
    page = await context.newPage()
    return () => context.close()
  })

  const add = (name: string, ...more: string[]) => {
    const added = program.run(['user', 'add', name, ...more], `${PASSWORD}\n`)
    expect(added).toMatchObject({ code: 0, err: '' })
  }
  const identify = async (name: string) => {
    await page.getByLabel('User name').fill(name)
    await page.getByLabel('Password', { exact: true }).fill(PASSWORD)
    await page.getByRole('button', { name: 'Sign in' }).click()
  }
  const enroll = async (): Promise<string> => {
    const secret = (await page.locator('.secret').textContent()) ?? ''
    await page.getByLabel(/digits/).fill(oathCode(secret))
    await page.getByRole('button', { name: 'Finish' }).click()
    return secret
  }
  const received = async (name: string) =>
    page
      .locator('.ours tr', {
        has: page.getByRole('rowheader', { name: new RegExp(`^${name}$`, 'i') }),
      })
      .locator('td')
      .textContent()

  it('lets the first administrator in through the link that the start has printed', async () => {
    const [, link = ''] = await serving.until(/(http:\S+setup\?token=\S+)/)
    const second = await context.newPage()
    await second.goto(link)
    await page.goto(link)
    await page.getByLabel('User name').fill('root')
    await page.getByLabel('Your name').fill('Ruth Root')
    await page.getByLabel('Password', { exact: true }).fill(PASSWORD)
    await page.getByRole('button', { name: 'Create account' }).click()
    await page.waitForURL('**/login')
    await second.getByLabel('User name').fill('other')
    await second.getByLabel('Password', { exact: true }).fill(PASSWORD)
    await second.getByRole('button', { name: 'Create account' }).click()
    expect(await second.title()).not.toContain('Sign in')
    expect(program.run(['user', 'list']).out).toMatch(/root\s+active\s+admins/)
    expect(program.run(['user', 'list']).out).not.toContain('other')

    await identify('root')
    await page.waitForURL(`${at}/.gatehouse/`)
    await page.goto(`${at}/admin`)
    await enroll()
    expect(await page.locator('h1').textContent()).toContain('Records office')
  })

  it('takes a fresh user through the proxy and enrollment to the application, and out again', async () => {
    add(
      'maria',
      '--display-name',
      'María López',
      '--email',
      'maria@example.com',
      '--groups',
      'staff,editors',
    )
    await page.goto(`${at}/?page=1&x=%C3%A4`)
    await identify('maria')
    await enroll()
    expect(page.url()).toBe(`${at}/?page=1&x=%C3%A4`)
    expect(await received('remote-user')).toBe('maria')
    expect(await received('remote-groups')).toBe('staff,editors')
    expect(await received('remote-name')).toBe('Mar%C3%ADa%20L%C3%B3pez')
    expect(await received('remote-email')).toBe('maria@example.com')
    expect(await page.content()).not.toContain('gatehouse=')

    await page.goto(`${at}/form`)
    await page.locator('form input[name=title], form [name=title]').first().fill('a & b=ü')
    await page.locator('form button').first().click()
    expect(await page.locator('[role=status]').textContent()).toContain('a & b=ü')

    await page.goto(`${at}/admin`)
    expect(await page.locator('h1').textContent()).toContain('not open to you')

    await page.goto(`${at}/.gatehouse/logout`)
    await page.getByRole('button', { name: 'Sign out in this browser' }).click()
    await page.goto(`${at}/`)
    expect(page.url()).toContain('/.gatehouse/login')
  })

  it('carries a WebSocket and an event stream, and ends the socket with the session', async () => {
    add('wanda')
    await page.goto(`${at}/stream`)
    await identify('wanda')
    await enroll()
    await page.locator('.lines li').first().waitFor()
    await page.goto(`${at}/clock`)
    await page.getByText('Connected.').waitFor()
    expect(program.run(['session', 'revoke', 'wanda']).code).toBe(0)
    await page.getByText(/Closed/).waitFor({ timeout: 5000 })
  })

  it('is out at the very next request when the user is disabled', async () => {
    add('dora')
    await page.goto(`${at}/`)
    await identify('dora')
    await enroll()
    expect(await received('remote-user')).toBe('dora')
    program.run(['user', 'disable', 'dora'])
    await page.goto(`${at}/`)
    expect(page.url()).toContain('/.gatehouse/login')
  })

  it('keeps sessions across a restart', async () => {
    add('rita')
    await page.goto(`${at}/`)
    await identify('rita')
    await enroll()
    expect(await serving.stop()).toBe(0)
    serving = await program.start()
    await page.goto(`${at}/`)
    expect(await received('remote-user')).toBe('rita')
  })

  it('writes JSON lines without a secret in them', async () => {
    const lines = serving
      .output()
      .split('\n')
      .filter((line) => line.startsWith('{'))
    expect(lines.length).toBeGreaterThan(0)
    for (const line of lines) expect(JSON.parse(line)).toHaveProperty('time')
    const everything = serving.output()
    const cookies = await context.cookies()
    for (const secret of [PASSWORD, ...cookies.map(({ value }) => value)]) {
      expect(everything).not.toContain(secret)
    }
  })
})
