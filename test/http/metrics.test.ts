import { readFileSync } from 'node:fs'
import { get } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openGateway, PASSWORD, type TestGateway } from '../support/gateway.ts'
import { freePort } from '../support/ports.ts'
import { openRecorder, type Recorder } from '../support/recorder.ts'

const SECRET = 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ'
const WIKI = 'https://wiki.gw.test/page'

let recorder: Recorder
let gateway: TestGateway
let text: string
beforeAll(async () => {
  recorder = await openRecorder()
  gateway = await openGateway(`
portal: { url: "https://auth.gw.test" }
routes:
  - { host: wiki.gw.test, upstream: "http://127.0.0.1:${recorder.port}", rules: [{ require: two_factor }] }
  - { host: "*.apps.gw.test", upstream: "http://127.0.0.1:${recorder.port}", rules: [{ require: bypass }] }
  - { host: gone.gw.test, upstream: "http://127.0.0.1:${await freePort()}", rules: [{ require: bypass }] }
login: { risk: { places: no-such-file.mmdb } }
`)
  await new Promise<void>((resolve) => gateway.app.health.listen(0, '127.0.0.1', resolve))
  await traffic()
  text = await scrape()
})
afterAll(async () => {
  gateway.app.health.close()
  await gateway.close()
  await recorder.close()
})

/** A sign-in, a page, pages of hosts that a wildcard stands for, and somebody who guesses. */
async function traffic(): Promise<void> {
  const user = await gateway.addUser({ name: 'alice', secret: SECRET })
  const visitor = gateway.visitor()
  await visitor.open(WIKI)
  const asked = await visitor.submit({ username: 'alice', password: PASSWORD })
  await visitor.open(asked.location ?? '')
  await visitor.submit({ code: await gateway.code(user.id) })
  expect((await visitor.get(WIKI)).status).toBe(200)
  for (const name of ['one', 'two', 'three']) {
    await gateway.visitor().get(`https://${name}.apps.gw.test/`)
  }
  await gateway.visitor().get('https://unknown.gw.test/')
  await gateway.visitor().get('https://gone.gw.test/')
  const stranger = gateway.visitor()
  await stranger.open(WIKI)
  for (let guess = 0; guess < 11; guess += 1) {
    await stranger.submit({ username: 'alice', password: 'wrong' })
  }
}

const scrape = (): Promise<string> =>
  new Promise((resolve, reject) => {
    const { port } = gateway.app.health.address() as AddressInfo
    get({ host: '127.0.0.1', port, path: '/metrics', agent: false }, (message) => {
      let body = ''
      message.on('data', (chunk) => {
        body += chunk
      })
      message.on('end', () => resolve(body))
    }).on('error', reject)
  })

/** Every metric of a scrape that has a row, with its type and what it says. */
const metricsIn = (scraped: string) =>
  [...scraped.matchAll(/^# HELP (\S+) (.+)\n# TYPE \S+ (\S+)\n(?!#)/gm)]
    .map(([, name = '', help = '', type = '']) => ({ name, type, help }))
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))

const doc = (name: string) => readFileSync(new URL(`../../docs/${name}`, import.meta.url), 'utf8')

describe('figures', () => {
  it('count sign-ins, decisions, answers and waits of what went through', () => {
    for (const row of [
      'gatehouse_sign_ins_total{factor="password",outcome="succeeded"} 1',
      'gatehouse_sign_ins_total{factor="totp",outcome="succeeded"} 1',
      'gatehouse_sign_ins_total{factor="password",outcome="refused"} 10',
      'gatehouse_throttled_total{factor="password"} 1',
      'gatehouse_decisions_total{route="wiki.gw.test",decision="allow"} 1',
      'gatehouse_upstream_seconds_count{route="wiki.gw.test"} 1',
      'gatehouse_upstream_failures_total{route="gone.gw.test",cause="unreachable"} 1',
      'gatehouse_sessions 1',
      'gatehouse_risk_database_good{database="places"} 0',
    ]) {
      expect(text.split('\n')).toContain(row)
    }
  })

  it('tell how long the store took to read and to write', () => {
    for (const kind of ['read', 'write']) {
      const [, count = '0'] =
        new RegExp(`store_seconds_count\\{kind="${kind}"\\} (\\d+)`).exec(text) ?? []
      expect(Number(count)).toBeGreaterThan(10)
    }
  })

  it('name routes as they are configured, and never what was typed', () => {
    expect(text).toContain('gatehouse_decisions_total{route="*.apps.gw.test",decision="allow"} 3')
    expect(text).not.toMatch(/one\.apps|unknown\.gw|alice|127\.0\.0\.1/)
  })

  it('are the same when they are asked for again', async () => {
    const counts = (scraped: string) =>
      scraped
        .split('\n')
        // To count the sessions is a read itself.
        .filter((line) => /_total\{|_count\{/.test(line) && !line.includes('store_seconds'))
    expect(counts(await scrape())).toEqual(counts(text))
  })

  it('are all told of in docs/metrics.md, and no others are', () => {
    const rows = [...doc('metrics.md').matchAll(/^\| `(\w+)` \| (\w+) \|[^|]*\| (.+) \|$/gm)]
    const told = rows.map(([, name, type, help]) => ({ name, type, help }))
    expect(told).toEqual(metricsIn(text))
  })

  it('are all that docs/grafana.json asks for', () => {
    const { panels } = JSON.parse(doc('grafana.json')) as {
      panels: { targets: { expr: string }[] }[]
    }
    const asked = panels
      .flatMap(({ targets }) => targets)
      .flatMap(({ expr }) => expr.match(/gatehouse_\w+/g) ?? [])
    const rows = new Set([...text.matchAll(/^(gatehouse_\w+)/gm)].map(([, name]) => name))
    expect(asked.length).toBeGreaterThan(8)
    expect(asked.filter((name) => !rows.has(name))).toEqual([])
    const families = new Set(asked.map((name) => name.replace(/_bucket$/, '')))
    expect([...families].toSorted()).toEqual(metricsIn(text).map(({ name }) => name))
  })
})
