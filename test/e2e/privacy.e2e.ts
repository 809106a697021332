import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { generate } from 'otplib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { freePort } from '../support/ports.ts'
import { createProgram, type Program, type Started } from '../support/program.ts'
import { createVisitor, type Visitor } from '../support/visitor.ts'

const PASSWORD = 'eleven green bottles'
const AGENT = 'Mozilla/5.0 (Zebra; rv:4711) Firefox/199.0'
const TRACES = ['henrietta', 'Henrietta', 'zimmer@', '198.51.100.23', 'rv:4711']

let program: Program
let serving: Started
let port: number
let visitor: Visitor

beforeAll(async () => {
  port = await freePort()
  program = createProgram(`
portal: { url: "http://localhost:${port}/.gatehouse/" }
listen: 127.0.0.1:${port}
trusted_proxies: [127.0.0.1]
health: { listen: "127.0.0.1:0" }
login: { password: { memory_kib: 19456, passes: 1 } }
routes: [{ host: localhost, rules: [{ require: two_factor }] }]
store: { path: ./gatehouse.db }
`)
  const add = (...args: string[]) => program.run(['user', 'add', ...args], `${PASSWORD}\n`)
  add('henrietta', '--display-name', 'Henrietta Z', '--email', 'zimmer@gw.test')
  add('bystander')
  serving = await program.start()
  visitor = createVisitor(port, { 'x-forwarded-for': '198.51.100.23', 'user-agent': AGENT })
  await signIn(visitor, 'henrietta')
})
afterAll(() => program.end())

/** Signs somebody in who sets up an authenticator app on the way. */
async function signIn(at: Visitor, username: string) {
  const page = encodeURIComponent(`http://localhost:${port}/`)
  await at.open(`http://localhost:${port}/.gatehouse/login?rd=${page}`)
  const next = await at.submit({ username, password: PASSWORD })
  await at.open(next.location ?? '')
  if (/name="enroll"/.test(at.page.body)) {
    const chosen = await at.submit({ enroll: 'totp' })
    await at.open(chosen.location ?? '')
  }
  const [, secret = ''] = /secret=([A-Z2-7]+)/.exec(at.page.body) ?? []
  await at.submit({ code: await generate({ secret }) })
}

const isIn = async (at: Visitor) =>
  (await at.get(`http://localhost:${port}/.gatehouse/account/data`)).status === 200

const tracesOnDisk = () => {
  const files = readdirSync(program.folder).filter((name) => name.startsWith('gatehouse.db'))
  const bytes = Buffer.concat(files.map((name) => readFileSync(join(program.folder, name))))
  return TRACES.filter((trace) => bytes.includes(trace))
}

describe('a person’s data on the command line, while the gateway runs', () => {
  it('is exported, erased from the files, and whoever is signed in is out', async () => {
    expect(await isIn(visitor)).toBe(true)
    const exported = program.run(['user', 'export', 'henrietta'])
    expect(exported.err).toBe('')
    const { data, withheld } = JSON.parse(exported.out)
    expect(data.user.rows[0]).toMatchObject({ email: 'zimmer@gw.test', password_hash: 'withheld' })
    expect(data.session.rows[0]).toMatchObject({ address: '198.51.100.23', user_agent: AGENT })
    expect(data.credential.rows[0]).toMatchObject({ kind: 'totp' })
    expect(data.event.rows.length).toBeGreaterThan(1)
    expect(withheld).toHaveProperty('user.password_hash')
    expect(tracesOnDisk()).toEqual(TRACES)

    // What has been noted a moment ago, and is not written yet, must not come afterwards.
    const asked = {
      'x-forwarded-method': 'GET',
      'x-forwarded-proto': 'http',
      'x-forwarded-host': `localhost:${port}`,
      'x-forwarded-uri': '/henrietta/diary',
    }
    const place = `http://localhost:${port}/api/authz/forward-auth`
    expect((await visitor.get(place, { headers: asked })).status).toBe(200)
    expect((await visitor.get(`http://localhost:${port}/.gatehouse/no-page`)).status).toBe(404)

    const erased = program.run(['user', 'erase', 'henrietta'])
    expect([erased.code, erased.err]).toEqual([0, ''])
    expect(await isIn(visitor)).toBe(false)
    expect(tracesOnDisk()).toEqual([])
    expect(program.run(['user', 'export', 'henrietta']).code).toBe(1)
    expect(program.run(['user', 'list']).out).toMatch(/bystander/)
    expect(await serving.stop()).toBe(0)
    expect(tracesOnDisk()).toEqual([])
  })
})
