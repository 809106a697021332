import { execFile, spawn, spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
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
const ready = has('nginx') && has('chromium') && has('oathtool') && has('openssl')

/** The README's own text; only addresses, ports and certificates are this test's. */
function snippet({
  nginx,
  gatehouse,
  application,
  folder,
}: Record<string, string | number>): string {
  const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8')
  const [, text = ''] = /<!-- snippet: nginx -->\s*```nginx\n([\s\S]*?)```/.exec(readme) ?? []
  expect(text).toContain('auth_request /_gatehouse;')
  return text
    .replaceAll(
      'listen 80;',
      `listen 127.0.0.1:${nginx} ssl; ssl_certificate ${folder}/cert.pem; ssl_certificate_key ${folder}/key.pem;`,
    )
    .replaceAll('127.0.0.1:9091', `127.0.0.1:${gatehouse}`)
    .replaceAll('127.0.0.1:3000', `127.0.0.1:${application}`)
}

describe.runIf(ready)('behind nginx, with the snippet of the README', () => {
  const application = createDemoApp(async () => ({ users: [], messages: [] }))
  let program: Program
  let nginx: ReturnType<typeof spawn>
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
    mkdirSync(join(folder, 'logs'))
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
    const servers = snippet({
      nginx: port,
      gatehouse: own,
      application: portOf(application),
      folder,
    })
    const conf = `daemon off; master_process off; pid ${folder}/nginx.pid; error_log stderr;
events {}
http {
  access_log off;
  client_body_temp_path ${folder}/b; proxy_temp_path ${folder}/p; fastcgi_temp_path ${folder}/f;
  uwsgi_temp_path ${folder}/u; scgi_temp_path ${folder}/s;
${servers}
}`
    writeFileSync(join(folder, 'nginx.conf'), conf)
    await program.start()
    nginx = spawn('nginx', ['-c', join(folder, 'nginx.conf'), '-p', folder, '-e', 'stderr'], {
      env: { PATH: `${process.env.PATH}:/usr/sbin` },
    })
    browser = await openBrowser(['--host-resolver-rules=MAP *.example.com 127.0.0.1'])
    context = await browser.newContext({ ignoreHTTPSErrors: true })
    context.setDefaultTimeout(10_000)
    page = await context.newPage()
    expect(program.run(['user', 'add', 'maria', '--groups', 'staff'], `${PASSWORD}\n`).code).toBe(0)
  })
  afterAll(async () => {
    await browser?.close()
    nginx?.kill()
    await program?.end()
    application.closeAllConnections()
    application.close()
  })

  // Not spawnSync: the application answers from this very process.
  const ask = async (path: string, ...more: string[]) => {
    const resolve = ['--resolve', `wiki.example.com:${port}:127.0.0.1`]
    const { stdout } = await run('curl', ['-ski', ...resolve, `${wiki()}${path}`, ...more])
    return stdout
  }

  it('signs a fresh user in, and hands the application the right headers', async () => {
    await page.goto(`${wiki()}/?a=%2F&b=1`)
    expect(new URL(page.url()).hostname).toBe('auth.example.com')
    await page.getByLabel('User name').fill('maria')
    await page.getByLabel('Password', { exact: true }).fill(PASSWORD)
    await page.getByRole('button', { name: 'Sign in' }).click()
    await page
      .getByLabel(/digits/)
      .fill(oathCode((await page.locator('.secret').textContent()) ?? ''))
    await page.getByRole('button', { name: 'Finish' }).click()
    await page.waitForURL(`${wiki()}/?a=%2F&b=1`)
    const shown = await page.locator('.ours').textContent()
    for (const text of ['remote-user', 'maria', 'remote-groups', 'staff', 'remote-name'])
      expect(shown?.toLowerCase()).toContain(text)
  })

  it('answers 403 where the person may not go, and does not redirect', async () => {
    const answer = await page.goto(`${wiki()}/admin`)
    expect(answer?.status()).toBe(403)
  })

  it('lets a WebSocket through', async () => {
    await page.goto(`${wiki()}/clock`)
    await page.getByText('Connected.').waitFor()
  })

  it('lets nobody in who brings headers of their own', async () => {
    expect(await ask('/', '-H', 'Remote-User: maria', '-H', 'Accept: text/html')).toMatch(
      /^HTTP\/1.1 302/,
    )
    const open = await ask('/public', '-H', 'Remote-User: maria', '-H', 'Remote_User: maria')
    expect(open).toMatch(/^HTTP\/1.1 200/)
    expect(open).not.toContain('maria')
  })

  it('answers a program 401, and no redirect', async () => {
    const answer = await ask('/', '-H', 'Accept: application/json')
    expect(answer).toMatch(/^HTTP\/1.1 401/)
    expect(answer).not.toMatch(/^location:/im)
  })

  it('signs out', async () => {
    await page.goto(`https://auth.example.com:${port}/logout`)
    await page.getByRole('button', { name: 'Sign out in this browser' }).click()
    await page.goto(`${wiki()}/`)
    expect(new URL(page.url()).hostname).toBe('auth.example.com')
  })
})
