import { createHmac } from 'node:crypto'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { expect, it, onTestFinished, vi } from 'vitest'
import { auditConfig, retentionOf } from '../../../src/audit/config.ts'
import { createForwarders } from '../../../src/audit/forwarders.ts'
import { createAudit } from '../../../src/audit/record.ts'
import { syslogMessage } from '../../../src/audit/sinks/syslog.ts'
import { silentLog } from '../../../src/base/log.ts'
import type { AuditEvent } from '../../../src/model/event.ts'
import { NOON } from '../../support/builders.ts'
import { portOf } from '../../support/ports.ts'
import { openPostServer } from '../../support/posted.ts'
import { recordingLog } from '../../support/recording-log.ts'
import { stillClock } from '../../support/still-clock.ts'

const KEY = Buffer.alloc(32, 7)
const HOSTILE = 'x\r\n<0>1 - - - - - - forged\u2028\u202e\u009b"]é'

function audit(settings: object, log = silentLog) {
  const clock = stillClock()
  const config = auditConfig.parse(settings)
  const forwarders = createForwarders({ config, addresses: 'cut', clock, log })
  const audit = createAudit({ clock, sinks: [], writers: [], forwarders })
  onTestFinished(() => audit.close())
  return audit
}

/** Of a forwarder. */
const MOST_WAITING = 10_000

const webhook = (url: string) => ({
  webhook: { url, secret: `whsec_${KEY.toString('base64')}` },
})

it('posts events signed, again under the same name until they are taken', async () => {
  const server = await openPostServer((_, response) => {
    response.statusCode = server.posted.length < 2 ? 500 : 204
    response.end()
  })
  onTestFinished(() => server.close())
  const { record } = audit(webhook(server.url))
  record({ name: 'login.refused', userId: 'u1', address: '192.0.2.77' })
  await vi.waitFor(() => expect(server.posted).toHaveLength(2), { timeout: 4000 })
  const [first, second] = server.posted
  expect(second?.headers['webhook-id']).toBe(first?.headers['webhook-id'])
  expect(second?.body).toBe(first?.body)
  const {
    'webhook-id': id,
    'webhook-timestamp': at,
    'webhook-signature': signature,
  } = {
    ...second?.headers,
  }
  const signed = createHmac('sha256', KEY).update(`${id}.${at}.${second?.body}`).digest('base64')
  expect(signature).toBe(`v1,${signed}`)
  const { type, events } = JSON.parse(second?.body ?? '')
  expect(type).toBe('audit.events')
  expect(events).toMatchObject([{ event: 'login.refused', user_id: 'u1' }])
  expect(second?.body).not.toContain('192.0.2.77')
})

it('keeps their order while nobody takes them, and counts what is too much', async () => {
  let isAway = true
  const server = await openPostServer((_, response) => {
    response.statusCode = isAway ? 503 : 204
    response.end()
  })
  onTestFinished(() => server.close())
  const { log, lines } = recordingLog()
  const { record } = audit(webhook(server.url), log)
  for (let number = 0; number < MOST_WAITING + 7; number += 1) {
    record({ name: 'login.succeeded', details: { number } })
  }
  await vi.waitFor(() => expect(server.posted).toHaveLength(1))
  isAway = false
  const taken: { details: { number: number } }[] = []
  let read = 1
  const readOn = () => {
    for (const { body } of server.posted.slice(read)) taken.push(...JSON.parse(body).events)
    read = server.posted.length
    return taken.length
  }
  await vi.waitFor(() => expect(readOn()).toBe(MOST_WAITING), { timeout: 15_000, interval: 100 })
  expect(lines.map(({ fields }) => fields.lost)).toContain(7)
  expect(taken.map(({ details }) => details.number)).toEqual(
    Array.from({ length: MOST_WAITING }, (_, number) => number),
  )
})

it('says in the log what could not be sent on when it ends', async () => {
  const server = await openPostServer((_, response) => {
    response.statusCode = 503
    response.end()
  })
  onTestFinished(() => server.close())
  const { log, lines } = recordingLog()
  const { record, close } = audit(webhook(server.url), log)
  record({ name: 'login.succeeded' })
  await vi.waitFor(() => expect(server.posted).toHaveLength(1))
  await close()
  expect(lines.at(-1)?.fields).toMatchObject({ sink: 'webhook', lost: 1 })
})

it('sends syslog over UDP, one event a datagram', async () => {
  const socket = createSocket('udp4')
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  onTestFinished(() => {
    socket.close()
  })
  const heard: string[] = []
  socket.on('message', (message) => heard.push(message.toString('latin1')))
  const { record } = audit({ syslog: { url: `udp://127.0.0.1:${socket.address().port}` } })
  record({ name: 'access.denied', details: { path: HOSTILE } })
  record({ name: 'login.succeeded' })
  await vi.waitFor(() => expect(heard).toHaveLength(2))
  expect(heard[0]).toMatch(/^<84>1 2027-01-15T08:00:15Z \S+ gatehouse \d+ access\.denied - \{/)
  expect(heard[1]).toMatch(/^<86>1 /)
})

it('sends syslog over TCP in counted octets, and connects anew', async () => {
  let heard = ''
  let connections = 0
  const server = createServer((socket) => {
    connections += 1
    socket.on('data', (data) => {
      heard += data.toString('latin1')
      if (connections === 1) socket.end()
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.close()
  })
  const { record } = audit({
    syslog: { url: `tcp://127.0.0.1:${portOf(server)}`, facility: 'local0' },
  })
  record({ name: 'login.succeeded', details: { agent: HOSTILE } })
  await vi.waitFor(() => expect(messagesIn(heard)).toHaveLength(1))
  await vi.waitFor(async () => {
    record({ name: 'user.changed' })
    await vi.waitFor(() => expect(connections).toBe(2), { timeout: 100 })
  })
  await vi.waitFor(() => expect(messagesIn(heard).length).toBeGreaterThan(1))
  const [first = ''] = messagesIn(heard)
  expect(first.startsWith('<134>1 ')).toBe(true)
  expect(JSON.parse(first.slice(first.indexOf('{'))).details).toEqual({ agent: HOSTILE })
})

function messagesIn(stream: string): string[] {
  const [, length = '', rest = ''] = /^(\d+) (.*)$/s.exec(stream) ?? []
  if (length === '' || rest.length < Number(length)) return []
  return [rest.slice(0, Number(length)), ...messagesIn(rest.slice(Number(length)))]
}

it('lets no value leave its message, and shortens what receivers would cut', () => {
  const event: AuditEvent = { name: 'access.denied', at: NOON, details: { path: HOSTILE } }
  const message = syslogMessage(event, 10)
  expect(message).toMatch(/^[\x20-\x7e]+$/)
  expect(JSON.parse(message.slice(message.indexOf('{'))).details.path).toBe(HOSTILE)
  const long = syslogMessage({ ...event, details: { path: HOSTILE.repeat(1000) } }, 10)
  expect(long.length).toBeLessThan(8000)
  expect(JSON.parse(long.slice(long.indexOf('{')))).toMatchObject({ shortened: true })
})

it('keeps who was let in for a month, or as long as is said', () => {
  const kept = (audit: object) => retentionOf(auditConfig.parse(audit))['access.allowed']
  expect(kept({})).toBe(30 * 86_400)
  expect(kept({ keep: '7d' })).toBe(7 * 86_400)
  expect(kept({ access: { keep: '90d' } })).toBe(90 * 86_400)
  expect(auditConfig.safeParse({ keep_by_kind: { 'access.allowed': '9d' } }).success).toBe(false)
})

it('takes how long events are kept by kind, and no word for the trail itself', () => {
  const config = auditConfig.parse({ keep_by_kind: { access: '30d', 'login.refused': '90d' } })
  const day = 86_400
  expect(retentionOf(config)).toEqual({
    access: 30 * day,
    'access.allowed': 30 * day,
    'login.refused': 90 * day,
    default: 365 * day,
  })
  for (const kind of ['trail', 'trail.erased', 'default', 'Login', 'a.b.c']) {
    expect([kind, auditConfig.safeParse({ keep_by_kind: { [kind]: '1d' } }).success]).toEqual([
      kind,
      false,
    ])
  }
})
