import { type ChildProcess, execFile, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { CHROMIUM, openBrowser } from '../support/browser.ts'
import { has, oathCode } from '../support/has.ts'
import { freePort } from '../support/ports.ts'
import { createProgram, type Program } from '../support/program.ts'
import { openRecorder, type Recorder } from '../support/recorder.ts'

const run = promisify(execFile)
const PASSWORD = 'eleven green bottles'

/** A proxy as it is on this machine. */
export interface RealProxy {
  name: string
  program: string
  /** Does it ask about each request, or pass everything on to the gate, which knows the applications? */
  kind: 'asks' | 'passes'
  /**
   * Puts the text for operators in place. Only addresses to listen at and certificates may differ.
   *
   * @returns The arguments of the program.
   */
  install(place: Place): readonly string[]
}

export interface Place {
  folder: string
  /** The port that browsers use. */
  port: number
  /** Where the gate listens. */
  gate: number
  /** Certificate and key, each in a file of its own and both in one. */
  certificate: string
  key: string
  both: string
  /** Prints with `gatehouse snippet`. */
  print(...args: string[]): string
}

/** What everybody can rely on behind a proxy that is set up with our text, and nothing else. */
export function promisesBehind(proxy: RealProxy): void {
  const ready = [proxy.program, CHROMIUM, 'oathtool', 'openssl', 'curl'].every(has)

  describe.runIf(ready)(`behind ${proxy.name}, set up as we say`, () => {
    let recorder: Recorder
    let program: Program
    let front: ChildProcess
    let browser: Browser
    let context: BrowserContext
    let page: Page
    let port: number
    const wiki = (path = '/') => `https://wiki.example.com:${port}${path}`
    const shop = (path = '/') => `https://shop.example.org:${port}${path}`

    beforeAll(async () => {
      recorder = await openRecorder()
      port = await freePort()
      const own = await freePort()
      const upstream =
        proxy.kind === 'passes' ? `upstream: "http://127.0.0.1:${recorder.port}"` : ''
      program = createProgram(`
portal: { url: "https://auth.example.com:${port}" }
listen: 127.0.0.1:${own}
health: { listen: "127.0.0.1:0" }
trusted_proxies: [127.0.0.1]
routes:
  - host: wiki.example.com
    ${upstream}
    rules:
      - { paths: [/public/**], require: bypass }
      - { paths: [/admin/**], groups: [admins], require: two_factor }
      - { paths: [/inside/**], networks: [10.0.0.0/8, 127.0.0.3/32], require: bypass }
      - { methods: [DELETE], require: deny }
      - { require: two_factor }
  - host: closed.example.com
    ${upstream}
    rules: [{ require: deny }]
  - host: shop.example.org
    ${upstream}
    headers: { user: X-Shop-User }
    rules: [{ require: two_factor }]
`)
      const place = aPlace(program, { port, gate: own, application: recorder.port })
      const args = proxy.install(place)
      const added = program.run(['user', 'add', 'maria', '--groups', 'staff'], `${PASSWORD}\n`)
      expect(added.code).toBe(0)
      await program.start()
      front = spawn(proxy.program, args, {
        stdio: ['ignore', 'ignore', 'pipe'],
        env: {
          PATH: `${process.env.PATH}:/usr/sbin`,
          HOME: place.folder,
          XDG_DATA_HOME: place.folder,
        },
      })
      const listening = untilListening(front, port)
      browser = await openBrowser([
        '--host-resolver-rules=MAP *.example.com 127.0.0.1,MAP *.example.org 127.0.0.1',
      ])
      context = await browser.newContext({ ignoreHTTPSErrors: true })
      context.setDefaultTimeout(10_000)
      page = await context.newPage()
      await listening
    })
    afterAll(async () => {
      await browser?.close()
      front?.kill()
      await program?.end()
      await recorder?.close()
    })

    /** Asks without a browser. @returns The whole answer, head and body. */
    const ask = async (url: string, ...more: string[]) => {
      const hosts = ['wiki.example.com', 'closed.example.com', 'shop.example.org']
      const resolve = hosts.flatMap((host) => ['--resolve', `${host}:${port}:127.0.0.1`])
      const { stdout } = await run('curl', ['-ski', '--http1.1', ...resolve, url, ...more])
      return stdout
    }
    const status = (answer: string) => Number(answer.split(' ')[1])
    const cookies = async (url: string) =>
      (await context.cookies(url)).map(({ name, value }) => `${name}=${value}`).join('; ')
    /** What the application has received last; browsers ask for an icon when they like. */
    const last = () =>
      recorder.messages().findLast(({ requestLine }) => !requestLine.includes('/favicon.ico'))
    const received = (name: string) =>
      last()
        ?.headers.filter(([given]) => given.toLowerCase() === name)
        .map(([, value]) => value)

    it('signs a fresh user in, and tells the application who it is', async () => {
      await page.goto(wiki('/a%20b?a=%2F&b=1'))
      expect(new URL(page.url()).hostname).toBe('auth.example.com')
      await page.getByLabel('User name').fill('maria')
      await page.getByLabel('Password', { exact: true }).fill(PASSWORD)
      await page.getByRole('button', { name: 'Sign in', exact: true }).click()
      const secret = (await page.locator('.secret').textContent()) ?? ''
      await page.getByLabel(/digits/).fill(oathCode(secret))
      await page.getByRole('button', { name: 'Finish' }).click()
      await page.waitForURL(wiki('/a%20b?a=%2F&b=1'))
      await page.goto(wiki('/a%20b?a=%2F&b=1'))
      expect(last()?.requestLine).toBe('GET /a%20b?a=%2F&b=1 HTTP/1.1')
      expect(received('remote-user')).toEqual(['maria'])
      expect(received('remote-groups')).toEqual(['staff'])
      expect(received('x-gatehouse-assertion')?.join()).toMatch(/^ey[\w-]+\.[\w-]+\.[\w-]+$/)
      expect(received('host')).toEqual([`wiki.example.com:${port}`])
    })

    it('keeps the session from the application, and leaves it its own cookies', async () => {
      const session = await cookies(wiki())
      for (const sent of [`a=1; ${session}; b=2`, `${session}; a=1; b=2`, `a=1; b=2; ${session}`]) {
        expect(status(await ask(wiki(), '-H', `Cookie: ${sent}`))).toBe(200)
        expect(received('cookie')?.join()).toMatch(/^a=1; ?b=2(; ?)?$/)
      }
    })

    it('keeps it also where somebody has planted a second one', async () => {
      const session = await cookies(wiki())
      const planted = '__Secure-gatehouse=planted'
      for (const sent of [
        `${planted}; ${session}; a=1`,
        `${session}; a=1; ${planted}`,
        `a=1; ${planted}; b=2; ${session}`,
      ]) {
        expect(status(await ask(wiki('/public/a'), '-H', `Cookie: ${sent}`))).toBe(200)
        expect(received('cookie')?.join() ?? '').not.toContain('gatehouse')
      }
    })

    it('shows why a page is closed to somebody, and does not lead them in circles', async () => {
      const answer = await page.goto(wiki('/admin/x'))
      expect(answer?.status()).toBe(403)
      expect(page.url()).toBe(wiki('/admin/x'))
      expect(await page.locator('body').textContent()).toMatch(/[0-9A-Z]{4}-[0-9A-Z]{4}/)
    })

    it('lets a WebSocket through', async () => {
      await page.goto(wiki())
      const opened = await page.evaluate(`new Promise((done) => {
        const socket = new WebSocket('wss://wiki.example.com:${port}/ws')
        socket.onopen = () => done('open')
        socket.onerror = () => done('error')
      })`)
      expect(opened).toBe('open')
      expect(received('remote-user')).toEqual(['maria'])
      const headers = ['Upgrade: websocket', 'Connection: Upgrade', 'Sec-WebSocket-Version: 13']
      const key = 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=='
      const lines = [...headers, key].flatMap((line) => ['-H', line])
      expect(status(await ask(wiki('/ws'), '--max-time', '5', ...lines))).toBe(401)
      const foreign = ['-H', `Origin: ${shop('')}`, '-H', `Cookie: ${await cookies(wiki())}`]
      const refused = await ask(wiki('/ws'), '--max-time', '5', ...lines, ...foreign)
      expect(status(refused)).toBe(403)
    })

    it('lets nobody in who brings headers of their own', async () => {
      const forged = [
        'Remote-User',
        'remote_user',
        'Remote.User',
        'REMOTE-Groups',
        'X-Gatehouse-Assertion',
        // The name that another application knows.
        'X-Shop-User',
      ].flatMap((name) => ['-H', `${name}: forged`])
      const closed = await ask(wiki(), '-H', 'Accept: text/html', ...forged)
      expect(status(closed)).toBe(302)
      expect(status(await ask(wiki('/public/a'), ...forged))).toBe(200)
      expect(JSON.stringify(last()?.headers)).not.toContain('forged')
      const session = await cookies(wiki())
      expect(status(await ask(wiki(), '-H', `Cookie: ${session}`, ...forged))).toBe(200)
      expect(JSON.stringify(last()?.headers)).not.toContain('forged')
      expect(received('remote-user')).toEqual(['maria'])
    })

    it('is told about the page that is asked for, and by no other story', async () => {
      const session = await cookies(wiki())
      recorder.clear()
      const stories = [
        ['-H', 'X-Forwarded-Uri: /public/a'],
        ['-H', 'X-Original-URL: https://wiki.example.com/public/a'],
        ['-H', 'X-Forwarded-Method: GET', '-X', 'DELETE', '-H', `Cookie: ${session}`],
        ['-H', 'X-Original-Method: GET', '-X', 'DELETE', '-H', `Cookie: ${session}`],
      ]
      for (const story of stories) {
        expect(status(await ask(wiki('/secret'), ...story))).toBeGreaterThanOrEqual(400)
      }
      // The first line names another host than the Host line.
      const target = `https://closed.example.com:${port}/`
      const other = ['--request-target', target, '-H', `Cookie: ${session}`]
      const answer = await ask(wiki(), ...other)
      const hosts = recorder.messages().map(({ headers }) => new Map(headers).get('host'))
      if (status(answer) === 200) expect(hosts).toEqual([`wiki.example.com:${port}`])
      else expect(recorder.messages()).toEqual([])
    })

    it('tells the application who is there, whatever a client says of its connection', async () => {
      const names = 'Remote-User, Remote-Groups, X-Gatehouse-Assertion, X-Forwarded-For'
      const lines = [`Connection: keep-alive, ${names}`, `Cookie: ${await cookies(wiki())}`]
      const answer = await ask(wiki(), ...lines.flatMap((line) => ['-H', line]))
      expect(status(answer)).toBe(200)
      expect(received('remote-user')).toEqual(['maria'])
      expect(received('remote-groups')).toEqual(['staff'])
      expect(received('x-forwarded-for')).toEqual(['127.0.0.1'])
      expect(received('connection')?.join() ?? '').not.toMatch(/remote|gatehouse|forwarded/i)
    })

    it('lets nobody name another page, or another method, in a header', async () => {
      const session = await cookies(wiki())
      for (const line of [
        'X-Original-URL: /admin/x',
        'X-Rewrite-URL: /admin/x',
        'X-HTTP-Method: DELETE',
        'X-HTTP-Method-Override: DELETE',
        'X-Method-Override: DELETE',
      ]) {
        recorder.clear()
        await ask(wiki(), '-X', 'POST', '-H', `Cookie: ${session}`, '-H', line)
        const heads = recorder.messages().map(({ headers }) => JSON.stringify(headers))
        expect(heads.join()).not.toMatch(/\/admin\/x|DELETE/)
      }
    })

    it('makes no connection another protocol, but for a WebSocket', async () => {
      const settings = 'HTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA'
      for (const lines of [
        ['Connection: Upgrade, HTTP2-Settings', 'Upgrade: h2c', settings],
        ['Connection: Upgrade, HTTP2-Settings', 'Upgrade: h2c, websocket', settings],
        ['Connection: Upgrade, HTTP2-Settings', 'Upgrade: h2c', 'Upgrade: websocket', settings],
        ['Connection: Upgrade', 'Upgrade: TLS/1.0'],
      ]) {
        recorder.clear()
        const asked = lines.flatMap((line) => ['-H', line])
        await ask(wiki('/public/a'), '--max-time', '5', ...asked).catch(() => '')
        const heads = recorder.messages().map(({ headers }) => JSON.stringify(headers))
        expect(heads.join()).not.toMatch(/h2c|TLS/)
      }
    })

    it('answers a program with a problem, and no way to a page', async () => {
      const answer = await ask(wiki(), '-H', 'Accept: application/json')
      expect(status(answer)).toBe(401)
      expect(answer).toMatch(/^content-type: application\/problem\+json/im)
      expect(answer).toMatch(/^www-authenticate: Gatehouse realm=/im)
      expect(answer).not.toMatch(/^location:/im)
    })

    it('takes the sign-in over to another domain, with its own names', async () => {
      await page.goto(shop('/a'))
      expect(page.url()).toBe(shop('/a'))
      expect(received('x-shop-user')).toEqual(['maria'])
      const names = (await context.cookies(shop())).map(({ name }) => name)
      expect(names.toSorted()).toEqual(['__Host-gatehouse', '__Host-gatehouse-hand-off'])
    })

    it('knows clients by their own address, whatever they say', async () => {
      const from = ['--interface', '127.0.0.2', '-H', 'X-Forwarded-For: 10.1.2.3']
      expect(status(await ask(wiki('/inside/a'), ...from))).toBe(401)
      expect(status(await ask(wiki('/inside/a'), '--interface', '127.0.0.3'))).toBe(200)
    })

    it('signs out', async () => {
      await page.goto(shop('/.gatehouse/logout'))
      await page.getByRole('button', { name: 'Sign out in this browser' }).click()
      await page.goto(wiki())
      expect(new URL(page.url()).hostname).toBe('auth.example.com')
    })

    it('is closed while the gate is down', async () => {
      const session = await cookies(wiki())
      await program.stop()
      recorder.clear()
      const asked = ['/', '/public/a'].map((path) => ask(wiki(path), '-H', `Cookie: ${session}`))
      for (const answer of await Promise.all(asked)) {
        expect(status(answer)).toBeGreaterThanOrEqual(500)
      }
      expect(recorder.messages()).toEqual([])
    })
  })
}

/** Makes certificates, and says where everything is. */
export function aPlace(
  program: Program,
  at: Record<'port' | 'gate' | 'application', number>,
): Place {
  const { folder } = program
  const { port, gate, application } = at
  const [certificate, key, both] = ['cert.pem', 'key.pem', 'both.pem'].map((name) =>
    join(folder, name),
  ) as [string, string, string]
  const made = spawnSync('openssl', [
    ...'req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2'.split(' '),
    ...['-subj', '/CN=example.com', '-addext'],
    'subjectAltName=DNS:*.example.com,DNS:*.example.org',
    ...['-keyout', key, '-out', certificate],
  ])
  expect(made.status).toBe(0)
  writeFileSync(both, spawnSync('cat', [certificate, key]).stdout)
  const print = (...args: string[]) => {
    const upstream = `http://127.0.0.1:${application}`
    const isScript = args.includes('--lua')
    const { code, out, err } = program.run([
      'snippet',
      ...args,
      ...(isScript ? [] : ['--upstream', upstream]),
    ])
    expect({ code, err }).toEqual({ code: 0, err: '' })
    return out
  }
  return { folder, port, gate, certificate, key, both, print }
}

/** Waits until a program takes connections. @throws {Error} with what it has said, when it ends instead. */
export async function untilListening(program: ChildProcess, port: number): Promise<void> {
  let said = ''
  program.stderr?.on('data', (text) => {
    said += String(text)
  })
  for (;;) {
    if (program.exitCode !== null) throw new Error(`the proxy has not started: ${said}`)
    const socket = connect(port, '127.0.0.1')
    const met = await once(socket, 'connect').then(
      () => true,
      () => false,
    )
    socket.destroy()
    if (met) return
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}
