import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { CHROMIUM, openBrowser } from '../support/browser.ts'
import { has } from '../support/has.ts'
import { freePort } from '../support/ports.ts'
import { createProgram, type Program } from '../support/program.ts'
import { openRecorder, type Recorder } from '../support/recorder.ts'
import { aPlace, untilListening } from './behind.ts'

/*
 * nginx as people have set it up for another gate, with nothing changed but the address at which it asks.
 * What it does not delete, it hands on: these texts are theirs, and less careful than ours.
 */

const run = promisify(execFile)
const PASSWORD = 'eleven green bottles'

/** In the manner of Authelia's pages: a redirect for everybody who is not signed in. */
const forAuthelia = (gate: string, path: string) => `
  location / {
    auth_request /internal/authz;
    auth_request_set $user $upstream_http_remote_user;
    auth_request_set $groups $upstream_http_remote_groups;
    proxy_set_header Remote-User $user;
    proxy_set_header Remote-Groups $groups;
    auth_request_set $away $upstream_http_location;
    error_page 401 =302 $away;
    proxy_set_header Host $http_host;
    proxy_pass http://application;
  }
  location /internal/authz {
    internal;
    proxy_pass ${gate}${path};
    proxy_set_header X-Original-Method $request_method;
    proxy_set_header X-Original-URL $scheme://$http_host$request_uri;
    proxy_set_header X-Forwarded-For $remote_addr;
    proxy_set_header Content-Length "";
    proxy_set_header Connection "";
    proxy_pass_request_body off;
  }`

/** In the manner of oauth2-proxy's pages: a page with a button, or straight to the sign-in. */
const forOauth2Proxy = (gate: string, signIn: string) => `
  location /oauth2/ {
    proxy_pass ${gate};
    proxy_set_header Host $http_host;
    proxy_set_header X-Forwarded-For $remote_addr;
    proxy_set_header X-Auth-Request-Redirect $request_uri;
  }
  location = /oauth2/auth {
    proxy_pass ${gate};
    proxy_set_header Host $http_host;
    proxy_set_header X-Forwarded-For $remote_addr;
    proxy_set_header X-Forwarded-Uri $request_uri;
    proxy_set_header Content-Length "";
    proxy_pass_request_body off;
  }
  location / {
    auth_request /oauth2/auth;
    ${signIn}
    auth_request_set $user $upstream_http_x_auth_request_user;
    auth_request_set $email $upstream_http_x_auth_request_email;
    proxy_set_header Remote-User $user;
    proxy_set_header Remote-Email $email;
    proxy_set_header Host $http_host;
    proxy_pass http://application;
  }`

const SETUPS = [
  ['authelia.example.com', (gate: string) => forAuthelia(gate, '/api/authz/auth-request')],
  ['verify.example.com', (gate: string) => forAuthelia(gate, '/api/verify')],
  [
    'page.example.com',
    (gate: string) => forOauth2Proxy(gate, 'error_page 401 =403 /oauth2/sign_in;'),
  ],
  ['away.example.com', (gate: string) => forOauth2Proxy(gate, 'error_page 401 = @away;')],
] as const

const AWAY = `
  location @away { return 302 /oauth2/start?rd=$scheme://$http_host$request_uri; }`

const ready = ['nginx', CHROMIUM, 'openssl', 'curl'].every(has)

describe.runIf(ready)('nginx, as it was set up for another gate', () => {
  let recorder: Recorder
  let program: Program
  let nginx: ChildProcess
  let browser: Browser
  let page: Page
  let port: number
  const at = (host: string, path = '/') => `https://${host}:${port}${path}`

  beforeAll(async () => {
    recorder = await openRecorder()
    port = await freePort()
    const own = await freePort()
    program = createProgram(`
portal: { url: "https://auth.example.com:${port}" }
listen: 127.0.0.1:${own}
health: { listen: "127.0.0.1:0" }
trusted_proxies: [127.0.0.1]
compat: { authelia_verify: { proxy: nginx }, oauth2_proxy: { proxy: nginx } }
routes:
  - hosts: [${SETUPS.map(([host]) => host).join(', ')}]
    rules:
      - { paths: [/public/**], require: bypass }
      - { paths: [/admin/**], groups: [admins], require: one_factor }
      - { require: one_factor }
`)
    const { folder, certificate, key } = aPlace(program, {
      port,
      gate: own,
      application: recorder.port,
    })
    const gate = `http://127.0.0.1:${own}`
    const server = (host: string, text: string) => `server {
  listen 127.0.0.1:${port} ssl;
  server_name ${host};
  ssl_certificate ${certificate};
  ssl_certificate_key ${key};${text}
}`
    const passed = `
  location / {
    proxy_pass ${gate};
    proxy_set_header Host $http_host;
    proxy_set_header X-Forwarded-For $remote_addr;
  }`
    const servers = SETUPS.map(([host, text]) => server(host, text(gate) + AWAY))
    const conf = join(folder, 'nginx.conf')
    mkdirSync(join(folder, 'logs'))
    writeFileSync(
      conf,
      `daemon off; master_process off; pid ${folder}/nginx.pid; error_log stderr crit;
events {}
http {
  access_log off;
  client_body_temp_path ${folder}/b; proxy_temp_path ${folder}/p; fastcgi_temp_path ${folder}/f;
  uwsgi_temp_path ${folder}/u; scgi_temp_path ${folder}/s;
  upstream application { server 127.0.0.1:${recorder.port}; }
${[...servers, server('auth.example.com', passed)].join('\n')}
}`,
    )
    const added = program.run(
      ['user', 'add', 'maria', '--groups', 'staff', '--email', 'maria@example.com'],
      `${PASSWORD}\n`,
    )
    expect(added.code).toBe(0)
    await program.start()
    nginx = spawn('nginx', ['-c', conf, '-p', folder, '-e', 'stderr'], {
      stdio: ['ignore', 'ignore', 'pipe'],
      env: { PATH: `${process.env.PATH}:/usr/sbin` },
    })
    await untilListening(nginx, port)
    browser = await openBrowser(['--host-resolver-rules=MAP *.example.com 127.0.0.1'])
    const context = await browser.newContext({ ignoreHTTPSErrors: true })
    page = await context.newPage()
  })
  afterAll(async () => {
    await browser?.close()
    nginx?.kill()
    await program?.end()
    await recorder?.close()
  })

  /** Asks without a browser. @returns Status and Location. */
  const ask = async (url: string, ...more: string[]) => {
    const { hostname } = new URL(url)
    const resolve = ['--resolve', `${hostname}:${port}:127.0.0.1`]
    const shown = ['-o', '/dev/null', '-w', '%{http_code} %header{location}']
    const { stdout } = await run('curl', ['-sk', ...resolve, ...shown, url, ...more])
    const [status, ...location] = stdout.split(' ')
    return { status: Number(status), location: location.join(' ') }
  }
  /** What the application has received; browsers ask for an icon when they like. */
  const messages = () =>
    recorder.messages().filter(({ requestLine }) => !requestLine.includes('/favicon.ico'))
  const received = (name: string) =>
    messages()
      .at(-1)
      ?.headers.filter(([given]) => given.toLowerCase() === name)
      .map(([, value]) => value)

  describe.each(SETUPS)('at %s', (host) => {
    it('opens what is open to everybody', async () => {
      expect((await ask(at(host, '/public/a'))).status).toBe(200)
      expect(received('remote-user') ?? []).toEqual([])
    })

    it('leads a person to the sign-in and back, and keeps others out', async () => {
      recorder.clear()
      await page.context().clearCookies()
      await page.goto(at(host, '/a?b=c%20d'))
      // oauth2-proxy shows a page with a button first.
      if (host === 'page.example.com') await page.getByRole('link', { name: 'Sign in' }).click()
      expect(new URL(page.url()).hostname).toBe('auth.example.com')
      expect(messages()).toEqual([])
      await page.getByLabel('User name').fill('maria')
      await page.getByLabel('Password', { exact: true }).fill(PASSWORD)
      await page.getByRole('button', { name: 'Sign in', exact: true }).click()
      await page.waitForURL(at(host, '/a?b=c%20d'))
      expect(received('remote-user')).toEqual(['maria'])
      expect((await page.goto(at(host, '/admin/x')))?.status()).toBe(403)
    })

    it('never lets a program in that is not signed in', async () => {
      recorder.clear()
      const answer = await ask(at(host), '-H', 'Accept: application/json')
      expect(answer.status).not.toBe(200)
      expect(messages()).toEqual([])
    })
  })
})
