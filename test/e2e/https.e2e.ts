import { execFile } from 'node:child_process'
import { copyFileSync, existsSync, statSync } from 'node:fs'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { connect } from 'node:tls'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Authority, type CertificateFiles, makeAuthority } from '../support/certificates.ts'
import { has } from '../support/has.ts'
import { freePort, portOf } from '../support/ports.ts'
import { createProgram, type Program, type Started } from '../support/program.ts'

const application = createServer((message, response) => {
  response.end(
    `for ${message.headers['x-forwarded-for']} by ${message.headers['x-forwarded-proto']}\n`,
  )
})

/** The names in the certificate that a door shows. */
const namesShown = (port: number) =>
  new Promise<string>((resolve, reject) => {
    const options = {
      port,
      host: '127.0.0.1',
      servername: 'open.gw.test',
      rejectUnauthorized: false,
    }
    const socket = connect(options, () => {
      resolve(socket.getPeerCertificate().subjectaltname ?? '')
      socket.destroy()
    })
    socket.on('error', reject)
  })

describe.runIf(has('curl')).each([
  ['one process', 1],
  ['two processes', 2],
])('the doors of the built program: %s', (_, workers) => {
  let authority: Authority
  let files: CertificateFiles
  let program: Program
  let serving: Started
  let port: number
  let proxied: number

  beforeAll(async () => {
    await new Promise<void>((resolve) => {
      if (application.listening) resolve()
      else application.listen(0, '127.0.0.1', resolve)
    })
    authority = makeAuthority()
    files = authority.issue(['auth.gw.test', 'open.gw.test'], { as: 'live' })
    const other = authority.issue(['other.gw.test'])
    ;[port, proxied] = [await freePort(), await freePort()]
    program = createProgram(`
portal: { url: "https://auth.gw.test:${port}" }
workers: ${workers}
listen:
  - address: 127.0.0.1:${port}
    tls:
      - { certificate: ${files.certificate}, key: ${files.key} }
      - { certificate: ${other.certificate}, key: ${other.key} }
  - address: unix:${join(authority.folder, 'gate.sock')}
    mode: "0600"
  - address: 127.0.0.1:${proxied}
    proxy_protocol: true
trusted_proxies: [unix, 127.0.0.1]
health: { listen: "127.0.0.1:0" }
routes:
  - host: open.gw.test
    upstream: http://127.0.0.1:${portOf(application)}
    rules: [{ require: bypass }]
store: { path: ./gatehouse.db }
`)
    serving = await program.start()
  })
  afterAll(async () => {
    await program?.end()
    authority?.remove()
  })

  /** Not in one go with this thread, which is the application, too. */
  const curl = (...args: string[]) => {
    const resolve = ['auth', 'open', 'other'].flatMap((name) => [
      '--resolve',
      `${name}.gw.test:${port}:127.0.0.1`,
    ])
    const all = ['-sS', '--max-time', '20', '--cacert', authority.ca, ...resolve, ...args]
    return new Promise<{ out: string; err: string; code: number }>((done) => {
      execFile('curl', all, (error, out, err) => {
        done({ out, err, code: typeof error?.code === 'number' ? error.code : error ? -1 : 0 })
      })
    })
  }

  it.each([
    ['HTTP/2', '--http2', '2'],
    ['HTTP/1.1', '--http1.1', '1.1'],
  ])('speak %s to a client that verifies them', async (_name, option, version) => {
    const { out, err } = await curl(
      option,
      '-w',
      '%{http_version}',
      `https://open.gw.test:${port}/a`,
    )
    expect(err).toBe('')
    expect(out).toBe(`for 127.0.0.1 by https\n${version}`)
  })

  it('show the pages of the portal over HTTP/2', async () => {
    const { out } = await curl(
      '--http2',
      '-w',
      '%{http_code} %{http_version}',
      `https://auth.gw.test:${port}/login`,
    )
    expect(out).toContain('User name')
    expect(out).toMatch(/200 2$/)
  })

  it('know several certificates', async () => {
    const { out, code } = await curl(
      '-o',
      '/dev/null',
      '-w',
      '%{http_code}',
      `https://other.gw.test:${port}/`,
    )
    expect({ out, code }).toEqual({ out: '421', code: 0 })
  })

  it('stand on a socket of the file system, for whom its mode lets in', async () => {
    const path = join(authority.folder, 'gate.sock')
    expect(statSync(path).mode & 0o777).toBe(0o600)
    const from = ['-H', 'X-Forwarded-For: 192.0.2.7']
    const { out } = await curl('--unix-socket', path, ...from, `http://open.gw.test:${port}/a`)
    expect(out).toBe('for 192.0.2.7 by https\n')
  })

  it('take the word of a proxy for who comes, and nobody without it', async () => {
    const url = `http://open.gw.test:${port}/a`
    const connect = ['--connect-to', `open.gw.test:${port}:127.0.0.1:${proxied}`]
    expect((await curl(...connect, '--haproxy-protocol', url)).out).toBe('for 127.0.0.1 by https\n')
    expect((await curl(...connect, url)).code).not.toBe(0)
  })

  it('take a new certificate up while they run', async () => {
    const renewed = authority.issue(['auth.gw.test', 'open.gw.test', 'new.gw.test'])
    copyFileSync(renewed.key, files.key)
    copyFileSync(renewed.certificate, files.certificate)
    await serving.until(new RegExp(`(listen: certificate reloaded[^]*){${workers}}`))
    for (let look = 0; look < 4; look += 1) {
      expect(await namesShown(port)).toContain('DNS:new.gw.test')
    }
    const { out } = await curl('--http2', `https://open.gw.test:${port}/a`)
    expect(out).toContain('by https')
  })

  it('are gone when the program has ended', async () => {
    expect(await serving.stop()).toBe(0)
    expect(existsSync(join(authority.folder, 'gate.sock'))).toBe(false)
  })
})

afterAll(() => {
  application.closeAllConnections()
  application.close()
})
