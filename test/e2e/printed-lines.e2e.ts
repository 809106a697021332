import { spawn } from 'node:child_process'
import { chmodSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { makeAuthority, pairOf } from '../support/certificates.ts'
import { has } from '../support/has.ts'
import { type MailServer, openMailServer } from '../support/mail-server.ts'
import { freePort } from '../support/ports.ts'
import { createProgram, type Program } from '../support/program.ts'

/** Lines for a shell, as they are printed in the documents, run against the program. */

const DOCS = new URL('../../docs/', import.meta.url)
const MAIN = fileURLToPath(new URL('../../dist/src/main.js', import.meta.url))

/** All that a page has for a shell and that calls the API, in its order. */
function linesOf(page: string): string {
  const text = readFileSync(new URL(page, DOCS), 'utf8')
  const blocks = Array.from(text.matchAll(/^```sh\n(.*?)^```$/gms), ([, lines = '']) => lines)
  const from = blocks.findIndex((lines) => lines.startsWith('KEY=$('))
  return blocks.slice(from).join('\n')
}

// biome-ignore lint/suspicious/noExplicitAny: a test looks at whatever came.
type Told = any

describe.runIf(['bash', 'curl', 'jq', 'openssl', 'oathtool'].every(has))('lines of', () => {
  let program: Program
  let mail: MailServer
  let port: number
  beforeEach(async () => {
    mail = await openMailServer({ speaks: 'starttls' })
    port = await freePort()
    program = createProgram('')
    writeFileSync(join(program.folder, 'mail.pem'), mail.ca)
  })
  afterEach(async () => {
    await program.end()
    await mail.close()
  })

  /** @param portal As the page has it; names lead to this machine for curl alone. */
  async function serve(portal: URL): Promise<void> {
    const authority = makeAuthority()
    const { cert, key } = pairOf(authority.issue([portal.hostname]))
    const at = (name: string) => join(program.folder, name)
    const isTls = portal.protocol === 'https:'
    writeFileSync(at('cert.pem'), cert)
    writeFileSync(at('key.pem'), key)
    const place = `127.0.0.1:${port}`
    const ca = readFileSync(authority.ca)
    writeFileSync(at('ca.pem'), ca)
    authority.remove()
    const usual = portal.port || (isTls ? '443' : '80')
    writeFileSync(
      at('.curlrc'),
      `connect-to = "${portal.hostname}:${usual}:${place}"\ncacert = "${at('ca.pem')}"\n`,
    )
    const tls = `[{ certificate: ${at('cert.pem')}, key: ${at('key.pem')} }]`
    program.configure(`
portal: { url: "${portal.origin}" }
listen: ${isTls ? `[{ address: "${place}", tls: ${tls} }]` : place}
health: { listen: "127.0.0.1:0" }
store: { path: ./gatehouse.db }
factors: { totp: {}, email: {} }
channels: { smtp: { url: "smtp://127.0.0.1:${mail.port}", from: gate@shop.test, ca: ${at('mail.pem')} } }
api: { applications: [{ id: shop, name: The Shop, device_key: {} }] }
`)
    await program.start()
    writeFileSync(at('gatehouse'), `#!/bin/sh\nexec "${process.execPath}" "${MAIN}" "$@"\n`)
    chmodSync(at('gatehouse'), 0o755)
  }

  /** Runs lines in one shell. @returns What they printed, which is JSON. */
  async function run(lines: string, answer: (asked: number) => Promise<string>): Promise<Told[]> {
    const shell = spawn('bash', ['--norc', '-eu', '-o', 'pipefail', '-c', lines], {
      cwd: program.folder,
      env: {
        PATH: `${program.folder}:${process.env.PATH}`,
        CURL_HOME: program.folder,
        GATEHOUSE_CONFIG: program.configFile,
      },
    })
    let [out, err] = ['', '']
    shell.stdout.on('data', (chunk) => {
      out += chunk
    })
    shell.stderr.on('data', (chunk) => {
      err += chunk
    })
    const ended = new Promise((resolve) => shell.on('close', resolve))
    const asks = lines.split('\n').filter((line) => line.startsWith('read ')).length
    for (let asked = 1; asked <= asks; asked += 1) {
      const typed = await Promise.race([answer(asked), ended.then(() => undefined)])
      if (typed !== undefined) shell.stdin.write(`${typed}\n`)
    }
    shell.stdin.end()
    expect(await ended, err).toBe(0)
    return documentsIn(out)
  }

  const nobody = async () => ''
  const mailed = async (count: number) => {
    await expect.poll(() => mail.codes().length, { timeout: 20_000 }).toBeGreaterThanOrEqual(count)
    return /\b\d{6}\b/.exec(mail.codes()[count - 1]?.mail.text ?? '')?.[0] ?? ''
  }

  it('docs/api.md do what the page says', async () => {
    await serve(new URL('https://auth.example.com'))
    const told = await run(linesOf('api.md'), nobody)
    expect(told).toMatchObject([
      { type: 'totp', status: 'active' },
      { verified: true, user_id: 'abc123', test: true, result: expect.stringMatching(/^ey/) },
      { verified: true, challenge_id: expect.any(String) },
      { state: 'verified', details: { title: 'Send 250.00 EUR' } },
      { state: 'canceled' },
      { factors: [{ type: 'totp' }] },
      { code: expect.any(String), uses: 1 },
      { format: 'gatehouse-personal-data/1' },
    ])
  }, 60_000)

  it('docs/biometrics.md do what the page says', async () => {
    await serve(new URL('https://auth.example.com'))
    const told = await run(linesOf('biometrics.md'), nobody)
    expect(told).toMatchObject([
      { user_id: 'abc123', factor: { type: 'device_key', status: 'active' } },
      { verified: true, user_id: 'abc123', type: 'device_key' },
    ])
  }, 60_000)

  it('docs/example-application do what the page says', async () => {
    await serve(new URL('http://localhost:9091'))
    const told = await run(linesOf('example-application/README.md'), mailed)
    expect(told).toMatchObject([
      { type: 'totp', status: 'active' },
      { verified: true, type: 'totp' },
      { type: 'email', status: 'active' },
      { verified: true, type: 'email' },
      { factors: expect.any(Array) },
    ])
    const types = told[4].factors.map(({ type }: { type: string }) => type)
    expect(types.toSorted()).toEqual(['email', 'totp'])
  }, 60_000)
})

/** JSON after JSON, with nothing between them. */
function documentsIn(text: string): Told[] {
  const told: Told[] = []
  let [depth, from, isText] = [0, 0, false]
  for (let at = 0; at < text.length; at += 1) {
    const sign = text[at]
    if (isText) {
      if (sign === '\\') at += 1
      else if (sign === '"') isText = false
    } else if (sign === '"') isText = true
    else if (sign === '{') {
      if (depth === 0) from = at
      depth += 1
    } else if (sign === '}') {
      depth -= 1
      if (depth === 0) told.push(JSON.parse(text.slice(from, at + 1)))
    }
  }
  return told
}
