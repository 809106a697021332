import { Readable } from 'node:stream'
import Database from 'better-sqlite3'
import { expect, it, onTestFinished } from 'vitest'
import { runCli } from '../../../src/cli/index.ts'
import type { AuditEvent } from '../../../src/model/event.ts'
import { aUser, NOON } from '../../support/builders.ts'
import { temporaryStore } from '../../support/temporary-store.ts'
import { aConfigFile } from '../config/files.ts'

/** A trail of a few events, and the command that reads it. */
async function aTrail(events: readonly AuditEvent[]) {
  const { store, path, end } = await temporaryStore()
  onTestFinished(end)
  await store.users.insert(aUser({ id: 'u1', name: 'alice' }))
  for (const event of events) void store.events.insert(event)
  await store.events.list({}, { limit: 1 })
  const config = aConfigFile(`
portal: { url: https://auth.example.com }
store: { path: ${path} }
`)
  const run = async (...args: string[]) => {
    const out: string[] = []
    const err: string[] = []
    const code = await runCli(['audit', ...args, '--config', config], {
      print: (line) => out.push(line),
      printError: (line) => err.push(line),
      stdin: Readable.from([]),
      environment: {},
    })
    return { code, out, err }
  }
  return { run, path, store }
}

const REFUSED: AuditEvent = {
  name: 'access.denied',
  at: NOON,
  userId: 'u1',
  sessionId: 's1',
  address: '192.0.2.1',
  reference: '7K3M-Q2XZ',
  details: { host: 'wiki.example.com', path: '/admin', rule: 'admin', reason: 'not_a_member' },
  walk: [
    { rule: 'public', says: 'no: path is none of /public/**' },
    { rule: 'admin', says: 'yes' },
  ],
}
const SIGNED_IN: AuditEvent = { name: 'login.succeeded', at: NOON + 60, userId: 'u1' }

it('lists what fits the filters, with people by name', async () => {
  const { run } = await aTrail([REFUSED, SIGNED_IN, { name: 'trail.lost', at: NOON + 90 }])
  const { code, out } = await run('list', '--user', 'alice', '--event', 'access.*')
  expect(code).toBe(0)
  expect(out).toHaveLength(2)
  expect(out[1]?.split(/ {2,}/).slice(0, 6)).toEqual([
    '1',
    '2027-01-15T08:00:00Z',
    'access.denied',
    'alice',
    '192.0.2.1',
    '7K3M-Q2XZ',
  ])
  expect((await run('list', '--since', '2027-01-15T08:01')).out).toHaveLength(3)
  expect((await run('list', '--until', '2027-01-15')).out).toHaveLength(1)
  expect((await run('list', '--limit', '1')).out).toHaveLength(2)
})

it('shows what a number stands for, typed as people type', async () => {
  const { run } = await aTrail([REFUSED, SIGNED_IN])
  const { code, out } = await run('show', '7k3mq2xz')
  expect(code).toBe(0)
  const text = out.join('\n')
  expect(text).toMatch(/who +alice/)
  expect(text).toMatch(/1 +public +no: path is none of \/public\/\*\*/)
  expect(text).toMatch(/2 +admin +yes/)
  const unknown = await run('show', '7K3M-Q2X0')
  expect([unknown.code, unknown.err[0]]).toEqual([1, expect.stringContaining('7K3M-Q2X0')])
  expect((await run('show', 'rubbish!')).code).toBe(2)
})

it('exports JSON lines and CSV that no value can forge', async () => {
  const hostile = "=cmd|' /C calc'!A0\",\r\n\u2028\u202e\u009b"
  const { run } = await aTrail([{ ...REFUSED, userId: hostile, details: { path: hostile } }])
  const json = (await run('export')).out
  expect(json).toHaveLength(1)
  expect(json[0]).not.toMatch(/[\p{Cc}\p{Zl}\u202e]/u)
  expect(JSON.parse(json[0] ?? '')).toMatchObject({
    id: 1,
    event: 'access.denied',
    user_id: hostile,
    details: { path: hostile },
  })
  const [head = '', line = '', ...more] = (await run('export', '--format', 'csv')).out
  expect([head.split(',')[3], more]).toEqual(['user_id', []])
  expect(line).not.toMatch(/[\p{Cc}\p{Zl}\u202e]/u)
  expect(line).toContain(',"\'=cmd')
  const { out } = await run('list')
  expect(out.join('')).not.toMatch(/[\p{Cc}\p{Zl}\u202e]/u)
})

it('says whether the trail is whole, names the first bad row, and ends accordingly', async () => {
  const { run, path } = await aTrail([REFUSED, SIGNED_IN, SIGNED_IN])
  const whole = await run('verify')
  expect([whole.code, whole.err]).toEqual([0, []])
  const [, anchor = ''] = /up to (\S+)/.exec(whole.out[0] ?? '') ?? []
  expect((await run('verify', '--anchor', anchor)).code).toBe(0)
  expect((await run('verify', '--anchor', `4:${anchor.slice(2)}`)).code).toBe(1)
  const raw = new Database(path)
  raw.exec(`update event set name = 'login.refused' where id = 2`)
  raw.close()
  const broken = await run('verify')
  expect(broken.code).toBe(1)
  expect(broken.err.at(-1)).toContain('first bad row is 2.')
})

it('tells the key by which checkpoints are checked elsewhere', async () => {
  const { run } = await aTrail([])
  expect(JSON.parse((await run('key')).out[0] ?? '')).toMatchObject({ kty: 'OKP', crv: 'Ed25519' })
})

it('takes no words that it does not know', async () => {
  const { run } = await aTrail([])
  for (const args of [
    [],
    ['rm'],
    ['list', 'x'],
    ['list', '--since', 'soon'],
    ['list', '--limit', '0'],
    ['export', '--format', 'xml'],
    ['verify', '--anchor', '1'],
  ]) {
    expect([args, (await run(...args)).code]).toEqual([args, 2])
  }
})
