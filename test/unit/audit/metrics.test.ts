import { get } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, it, onTestFinished } from 'vitest'
import { createHealth } from '../../../src/api/health.ts'
import { eventCounter, metricsSink } from '../../../src/audit/sinks/metrics.ts'
import { createMetrics, type Figures } from '../../../src/base/metrics.ts'
import { NOON } from '../../support/builders.ts'

async function ask(figures: Figures): Promise<{ status: number; type: string; body: string }> {
  const { server } = createHealth(() => undefined, figures)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  const { port } = server.address() as AddressInfo
  return new Promise((resolve, reject) => {
    get({ port, host: '127.0.0.1', path: '/metrics', agent: false }, (message) => {
      let body = ''
      message.on('data', (chunk) => {
        body += chunk
      })
      message.on('end', () =>
        resolve({
          status: message.statusCode ?? 0,
          type: message.headers['content-type'] ?? '',
          body,
        }),
      )
    }).on('error', reject)
  })
}

describe('figures', () => {
  it('count events by name, kind and reason, and are told at the health listener', async () => {
    const metrics = createMetrics()
    const hear = metricsSink(eventCounter(metrics))
    const refused = { name: 'login.refused', at: NOON, userId: 'u1' } as const
    hear({ ...refused, details: { factor: 'totp', reason: 'wrong' } })
    hear({ ...refused, details: { factor: 'totp', reason: 'wrong' } })
    hear({ name: 'challenge.undelivered', at: NOON, details: { kind: 'sms' } })
    const { status, type, body } = await ask(metrics)
    expect(status).toBe(200)
    expect(type).toContain('text/plain')
    expect(body).toContain(
      'gatehouse_events_total{event="login.refused",kind="totp",reason="wrong"} 2',
    )
    expect(body).toContain(
      'gatehouse_events_total{event="challenge.undelivered",kind="sms",reason=""} 1',
    )
  })

  it('take nothing for a label that is no word of ours', async () => {
    const metrics = createMetrics()
    const hear = metricsSink(eventCounter(metrics))
    const hostile = 'x"} 1\nfoo{a="'
    hear({ name: 'login.refused', at: NOON, details: { kind: hostile, reason: hostile } })
    const { body } = await ask(metrics)
    expect(body).toContain('gatehouse_events_total{event="login.refused",kind="",reason=""} 1')
    expect(body).not.toContain('foo')
  })

  it('that are not complete are no figures', async () => {
    const late: Figures = { type: 'text/plain', text: () => Promise.reject(new Error('late')) }
    expect((await ask(late)).status).toBe(503)
  })
})
