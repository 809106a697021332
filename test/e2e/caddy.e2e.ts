import { execFile, spawn, spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createDemoApp } from '../../src/cli/demo-app.ts'
import { openBrowser } from '../support/browser.ts'
import { has, oathCode } from '../support/has.ts'
import { freePort, portOf } from '../support/ports.ts'
import { createProgram, type Program } from '../support/program.ts'

const run = promisify(execFile)
const PASSWORD = 'eleven green bottles'
const ready = has('caddy') && has('chromium') && has('oathtool') && has('openssl')

/** The README's own text; only addresses, ports and certificates are this test's. */
function snippet(at: Record<'caddy' | 'gatehouse' | 'application' | 'folder', string | number>) {
  const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8')
  const [, text = ''] = /<!-- snippet: caddy -->\s*```\n([\s\S]*?)```/.exec(readme) ?? []
  expect(text).toContain('forward_auth')
  const tls = `  bind 127.0.0.1\n  tls ${at.folder}/cert.pem ${at.folder}/key.pem\n`
  return text
    .replaceAll(/^(\w+\.example\.com) \{\n/gm, `$1:${at.caddy} {\n${tls}`)
    .replaceAll('127.0.0.1:9091', `127.0.0.1:${at.gatehouse}`)
    .replaceAll('127.0.0.1:3000', `127.0.0.1:${at.application}`)
}

describe.runIf(ready)('behind Caddy, with the snippet of the README', () => {
  const application = createDemoApp(async () => ({ users: [], messages: [] }))
  let program: Program
  let caddy: ReturnType<typeof spawn>
  let browser: Browser
  let context: BrowserContext
  let page: Page
  let port: number
  const wiki = () => `https://wiki.example.com:${port}`

  beforeAll(async () => {
    await new Promise<void>((resolve) => application.listen(0, '127.0.0.1', resolve))
    port = await freePort()
    const own = await freePort()
    program = createProgram(`
portal: { url: "https://auth.example.com:${port}" }
listen: 127.0.0.1:${own}
health: { listen: "127.0.0.1:0" }
trusted_proxies: [127.0.0.1]
routes:
  - host: wiki.example.com
    rules:
      - { paths: [/public/**, /assets/**], require: bypass }
      - { paths: [/admin/**], groups: [admins], require: two_factor }
      - { require: two_factor }
`)
    const { folder } = program
    const made = spawnSync('openssl', [
      ...'req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=example.com'.split(
        ' ',
      ),
      '-addext',
      'subjectAltName=DNS:*.example.com',
      '-keyout',
      join(folder, 'key.pem'),
      '-out',
      join(folder, 'cert.pem'),
    ])
    expect(made.status).toBe(0)
    const sites = snippet({ caddy: port, gatehouse: own, application: portOf(application), folder })
    const file = join(folder, 'Caddyfile')
    writeFileSync(file, `{\n  admin off\n  auto_https disable_redirects\n}\n${sites}`)
    await program.start()
    caddy = spawn('caddy', ['run', '--config', file, '--adapter', 'caddyfile'], {
      env: { PATH: process.env.PATH ?? '', HOME: folder, XDG_DATA_HOME: folder },
    })
    await new Promise<void>((resolve) =>
      caddy.stderr?.on('data', (text) => String(text).includes('serving initial') && resolve()),
    )
    browser = await openBrowser(['--host-resolver-rules=MAP *.example.com 127.0.0.1'])
    context = await browser.newContext({ ignoreHTTPSErrors: true })
    context.setDefaultTimeout(10_000)
    page = await context.newPage()
    expect(program.run(['user', 'add', 'maria', '--groups', 'staff'], `${PASSWORD}\n`).code).toBe(0)
  })
  afterAll(async () => {
    await browser?.close()
    caddy?.kill()
    await program?.end()
    application.closeAllConnections()
    application.close()
  })

  // Not spawnSync: the application answers from this very process.
  const ask = async (path: string, ...more: string[]) => {
    const resolve = ['--resolve', `wiki.example.com:${port}:127.0.0.1`]
    const { stdout } = await run('curl', [
      '-ski',
      '--http1.1',
      ...resolve,
      `${wiki()}${path}`,
      ...more,
    ])
    return stdout
  }

  it('signs a fresh user in, and hands the application the right headers', async () => {
    await page.goto(`${wiki()}/?a=%2F&b=1`)
    expect(new URL(page.url()).hostname).toBe('auth.example.com')
    await page.getByLabel('User name').fill('maria')
    await page.getByLabel('Password', { exact: true }).fill(PASSWORD)
    await page.getByRole('button', { name: 'Sign in' }).click()
    const secret = (await page.locator('.secret').textContent()) ?? ''
    await page.getByLabel(/digits/).fill(oathCode(secret))
    await page.getByRole('button', { name: 'Finish' }).click()
    await page.waitForURL(`${wiki()}/?a=%2F&b=1`)
    const shown = (await page.locator('.ours').textContent())?.toLowerCase()
    for (const text of ['remote-user', 'maria', 'remote-groups', 'staff', 'remote-name']) {
      expect(shown).toContain(text)
    }
  })

  it('shows the refused page where the person may not go', async () => {
    const answer = await page.goto(`${wiki()}/admin`)
    expect(answer?.status()).toBe(403)
    expect(await page.locator('h1').textContent()).toContain('not open to you')
  })

  it('lets nobody in who brings headers of their own', async () => {
    expect(await ask('/', '-H', 'Remote-User: maria', '-H', 'Accept: text/html')).toMatch(
      /^HTTP\/1.1 302/,
    )
    const open = await ask('/public', '-H', 'Remote-User: maria')
    expect(open).toMatch(/^HTTP\/1.1 200/)
    expect(open).not.toContain('maria')
  })

  it('answers a program 401', async () => {
    expect(await ask('/', '-H', 'Accept: application/json')).toMatch(/^HTTP\/1.1 401/)
  })
})
