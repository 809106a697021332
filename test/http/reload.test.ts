import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { loadConfig } from '../../src/config/load.ts'
import { openGateway, PASSWORD, type TestGateway } from '../support/gateway.ts'
import { openRecorder, type Recorder } from '../support/recorder.ts'

let recorder: Recorder
let gateway: TestGateway
let folder: string
let policy: number

const yaml = (rules: string, more = '') => `
portal: { url: https://auth.gw.test }
routes:
  - { host: wiki.gw.test, upstream: "http://127.0.0.1:${recorder.port}", rules: [${rules}] }
${more}`

beforeEach(async () => {
  policy = 1
  folder = mkdtempSync(join(tmpdir(), 'gatehouse-reload-'))
  recorder = await openRecorder()
  gateway = await openGateway(yaml('{ require: one_factor }'))
  await gateway.addUser({ name: 'alice', secret: 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ' })
})
afterEach(async () => {
  await gateway.close()
  await recorder.close()
  rmSync(folder, { recursive: true })
})

function prepare(text: string) {
  const file = join(folder, 'config.yaml')
  writeFileSync(file, `${text}store: { path: ./gatehouse.db }\n`)
  policy += 1
  return gateway.app.prepare(loadConfig(file, {}).config, policy)
}

const WIKI = 'https://wiki.gw.test/'

it('keeps sessions, and asks of them what the new rules ask', async () => {
  const alice = gateway.visitor()
  await alice.open(WIKI)
  await alice.submit({ username: 'alice', password: PASSWORD })
  expect((await alice.get(WIKI)).status).toBe(200)

  prepare(yaml('{ require: two_factor }')).swap()
  const again = await alice.get(WIKI)
  expect([again.status, again.location]).toEqual([
    302,
    expect.stringMatching(/^https:\/\/auth\.gw\.test\/login/),
  ])
  prepare(yaml('{ require: one_factor }')).swap()
  expect((await alice.get(WIKI)).status).toBe(200)
  prepare(yaml('{ require: one_factor, users: [bob] }')).swap()
  expect((await alice.get(WIKI)).status).toBe(403)
})

it('lets a sign-in that was begun before it come to its end', async () => {
  const alice = gateway.visitor()
  await alice.open(WIKI)
  prepare(yaml('{ require: two_factor }', 'session: { absolute: 1h }\n')).swap()
  const next = await alice.submit({ username: 'alice', password: PASSWORD })
  await alice.open(next.location ?? '')
  const user = await gateway.store.users.findByName('alice')
  const done = await alice.submit({ code: await gateway.code(user?.id ?? '') })
  expect(done.location).toBe(WIKI)
  expect((await alice.get(WIKI)).status).toBe(200)
  const [session] = await gateway.store.sessions.listByUser(user?.id ?? '')
  expect((session?.expiresAt ?? 0) - (session?.createdAt ?? 0)).toBe(3600)
})

it('changes nothing until it is in force, and nothing when it is discarded', async () => {
  const prepared = prepare(yaml('{ require: deny }'))
  const stranger = gateway.visitor()
  expect((await stranger.get(WIKI)).status).toBe(302)
  await prepared.discard()
  expect((await stranger.get(WIKI)).status).toBe(302)
})

it('is refused whole when a part of it cannot be built', () => {
  expect(() =>
    prepare(yaml('{ require: deny }').replace('gw.test }', 'gw.test, logo: ./none.svg }')),
  ).toThrow(/portal\.logo/)
})
