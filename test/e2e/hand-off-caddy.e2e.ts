import { spawn, spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { CHROMIUM, openBrowser } from '../support/browser.ts'
import { has } from '../support/has.ts'
import { freePort } from '../support/ports.ts'
import { createProgram, type Program } from '../support/program.ts'
import { openRecorder, type Recorder } from '../support/recorder.ts'

const PASSWORD = 'eleven green bottles'
const ready = has('caddy') && has(CHROMIUM) && has('openssl')

/** The text of docs/domains.md; only addresses, ports and certificates are this test's. */
function snippet(at: Record<'caddy' | 'gatehouse' | 'application' | 'folder', string | number>) {
  const docs = readFileSync(new URL('../../docs/domains.md', import.meta.url), 'utf8')
  const [, text = ''] = /<!-- snippet: caddy-domains -->\s*```\n([\s\S]*?)```/.exec(docs) ?? []
  expect(text).toContain('handle /.gatehouse/*')
  const portal = 'auth.example.com {\n  reverse_proxy 127.0.0.1:9091\n}\n'
  const tls = `  bind 127.0.0.1\n  tls ${at.folder}/cert.pem ${at.folder}/key.pem\n`
  return `${text}${portal}`
    .replaceAll(/^([\w.]+\.example\.\w+) \{\n/gm, `$1:${at.caddy} {\n${tls}`)
    .replaceAll('127.0.0.1:9091', `127.0.0.1:${at.gatehouse}`)
    .replaceAll('127.0.0.1:3000', `127.0.0.1:${at.application}`)
}

describe.runIf(ready)('another domain behind Caddy, with the snippet of the docs', () => {
  let program: Program
  let recorder: Recorder
  let caddy: ReturnType<typeof spawn>
  let browser: Browser
  let context: BrowserContext
  let page: Page
  let port: number
  const app = (path = '/') => `https://app.example.org:${port}${path}`

  beforeAll(async () => {
    recorder = await openRecorder()
    port = await freePort()
    const own = await freePort()
    program = createProgram(`
portal: { url: "https://auth.example.com:${port}" }
listen: 127.0.0.1:${own}
health: { listen: "127.0.0.1:0" }
trusted_proxies: [127.0.0.1]
routes: [{ host: app.example.org, rules: [{ require: one_factor }] }]
`)
    const { folder } = program
    const made = spawnSync('openssl', [
      ...'req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2'.split(' '),
      ...['-subj', '/CN=example.com', '-addext'],
      'subjectAltName=DNS:*.example.com,DNS:*.example.org',
      ...['-keyout', join(folder, 'key.pem'), '-out', join(folder, 'cert.pem')],
    ])
    expect(made.status).toBe(0)
    const sites = snippet({ caddy: port, gatehouse: own, application: recorder.port, folder })
    const file = join(folder, 'Caddyfile')
    writeFileSync(file, `{\n  admin off\n  auto_https disable_redirects\n}\n${sites}`)
    const started = await program.start()
    expect(started.output()).toContain('app.example.org/.gatehouse/')
    caddy = spawn('caddy', ['run', '--config', file, '--adapter', 'caddyfile'], {
      env: { PATH: process.env.PATH ?? '', HOME: folder, XDG_DATA_HOME: folder },
    })
    await new Promise<void>((resolve) =>
      caddy.stderr?.on('data', (text) => String(text).includes('serving initial') && resolve()),
    )
    expect(program.run(['user', 'add', 'maria'], `${PASSWORD}\n`).code).toBe(0)
    browser = await openBrowser([
      '--host-resolver-rules=MAP *.example.com 127.0.0.1,MAP *.example.org 127.0.0.1',
    ])
    context = await browser.newContext({ ignoreHTTPSErrors: true })
    context.setDefaultTimeout(10_000)
    page = await context.newPage()
  })
  afterAll(async () => {
    await browser?.close()
    caddy?.kill()
    await program?.end()
    await recorder?.close()
  })

  it('signs in at the portal and arrives with a cookie of its own', async () => {
    await page.goto(app('/a?b=%20c'))
    expect(new URL(page.url()).hostname).toBe('auth.example.com')
    await page.getByLabel('User name').fill('maria')
    await page.getByLabel('Password', { exact: true }).fill(PASSWORD)
    await page.getByRole('button', { name: 'Sign in', exact: true }).click()
    await page.waitForURL(app('/a?b=%20c'))
    const names = (await context.cookies(app())).map(({ name }) => name)
    expect(names.toSorted()).toEqual(['__Host-gatehouse', '__Host-gatehouse-hand-off'])
    const { headers = [] } = recorder.messages().at(-1) ?? {}
    expect(headers.find(([name]) => name.toLowerCase() === 'remote-user')?.[1]).toBe('maria')
  })

  it('signs out there', async () => {
    await page.goto(app('/.gatehouse/logout'))
    await page.getByRole('button', { name: 'Sign out in this browser' }).click()
    await page.goto(app('/'))
    expect(new URL(page.url()).hostname).toBe('auth.example.com')
  })
})
