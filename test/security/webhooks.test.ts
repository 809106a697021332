import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type Server } from 'node:net'
import { createServer as createTlsServer } from 'node:tls'
import { afterEach, beforeEach, describe, expect, vi } from 'vitest'
import { apiConfig, receiversOf } from '../../src/api/config.ts'
import { type Courier, createCourier } from '../../src/api/courier.ts'
import { createOutbox, type WatchedOutbox } from '../../src/channels/outbox.ts'
import type { OpenStore } from '../../src/store/sqlite.ts'
import { openApi } from '../support/api.ts'
import { aUser } from '../support/builders.ts'
import { aCertificate } from '../support/certificate.ts'
import { openGateway } from '../support/gateway.ts'
import { openUpstream, type PlainUpstream } from '../support/plain-upstream.ts'
import { portOf } from '../support/ports.ts'
import { recordingLog } from '../support/recording-log.ts'
import { type StillClock, stillClock } from '../support/still-clock.ts'
import { temporaryStore } from '../support/temporary-store.ts'
import { loadCase, valuesOfEach } from './corpus.ts'
import { story } from './story.ts'

/** Whoever puts a challenge names an address, and whoever answers for its name says where that is. */

const SECRET = `whsec_${randomBytes(32).toString('base64')}`

let opened: OpenStore & { end(): Promise<void> }
let clock: StillClock
let said: ReturnType<typeof recordingLog>
let outbox: WatchedOutbox
let courier: Courier
/** What listens on this machine, and how often it was called. */
let probes: { server: Server; calls: number }[]

beforeEach(async () => {
  opened = await temporaryStore()
  await opened.store.users.insert(aUser({ id: 'u1' }))
  clock = stillClock()
  said = recordingLog()
  probes = []
})
afterEach(async () => {
  courier.stop()
  await outbox.close()
  for (const { server } of probes) server.close()
  await opened.end()
})

/** Listens where nobody should call, or only once. */
async function openProbe(host: string, port = 0) {
  const probe = { server: createServer(), calls: 0 }
  probe.server.on('connection', (socket) => {
    probe.calls += 1
    socket.on('error', () => undefined).destroy()
  })
  probe.server.listen(port, host)
  await once(probe.server, 'listening')
  probes.push(probe)
  return Object.assign(probe, { port: portOf(probe.server) })
}

interface Given {
  origin: string
  more?: object
  resolve?: (host: string) => Promise<readonly string[]>
}

/** A courier that owes word to somebody at an origin which the operator has named. */
async function owing({ origin, more = {}, resolve }: Given): Promise<void> {
  const webhooks = { origins: [origin], secret: SECRET, timeout: '1s', ...more }
  const config = apiConfig.parse({ applications: [{ id: 'shop', webhooks }] })
  const { log } = said
  outbox = createOutbox({ clock, log, random: () => 0 })
  courier = createCourier({
    ...{ clock, log, outbox, receivers: receiversOf(config), webhooks: opened.store.webhooks },
    ...(resolve ? { resolve } : {}),
  })
  await courier.take({
    ...{ challengeId: 'over', userId: 'u1', application: 'shop', url: `${origin}/hook` },
    about: { id: 'over' },
  })
  courier.start()
  courier.wake()
}

/** Waits until the log says why it was not taken. */
const refusedBecause = (why: RegExp) =>
  vi.waitFor(() => expect(JSON.stringify(said.lines)).toMatch(why), {
    timeout: 10_000,
    interval: 20,
  })

const nothingIsOwed = () =>
  vi.waitFor(
    async () =>
      expect(await opened.store.webhooks.listDue(clock.now() + 86_400, 10)).toHaveLength(0),
    { timeout: 10_000, interval: 20 },
  )

describe('an address that an application names', () => {
  story('SSR-001', 'is refused unless it is at an origin that the operator has named', async () => {
    await owing({ origin: 'https://shop.test', resolve: async () => ['127.0.0.1'] })
    const probe = await openProbe('127.0.0.1')
    const receiver = `origins: ["https://shop.example.com"], secret: "${SECRET}"`
    const other = `whsec_${randomBytes(32).toString('base64')}`
    const gateway = await openGateway(`
portal: { url: "https://auth.gw.test" }
routes: [{ host: wiki.gw.test, rules: [{ require: two_factor }] }]
factors: { totp: {} }
api:
  applications:
    - { id: shop, webhooks: { ${receiver}, test: { ${receiver.replace(SECRET, other)} } } }
`)
    const shop = await openApi(gateway, 'shop:test')
    const { body } = await shop.post('/2fa/enroll', { user_id: 'abc' })
    await shop.post(`/2fa/enroll/${body.id}/confirm`, { code: '000000' })
    const told = valuesOfEach(loadCase('SSR-001'))
    const further = [
      'https://shop.example.com.evil.test/',
      'https://shop.example.com@127.0.0.1/',
      'https://shop.example.com:8443/',
      'http://shop.example.com/',
      'https://127.0.0.1/',
    ]
    expect(told.length).toBeGreaterThan(10)
    for (const each of [...told, ...further]) {
      const webhook = each.replace('{{REDIS_PORT}}', String(probe.port))
      const answer = await shop.post('/2fa/challenges', { user_id: 'abc', webhook })
      expect(answer.status, webhook).toBe(400)
      expect(answer.body.errors, webhook).toMatchObject([{ field: 'webhook' }])
    }
    await gateway.close()
    expect(probe.calls).toBe(0)
  })
})

describe('a name that the operator has named', () => {
  const NAMES = { private: '10.0.0.1', link: '169.254.169.254', six: 'fd00::1', zero: '0.0.0.0' }

  story('SSR-002', 'is called where it was found to be, and nowhere else', async () => {
    const good = await openProbe('127.0.0.1')
    const evil = await openProbe('127.0.0.2', good.port)
    let looks = 0
    await owing({
      origin: `https://shop.test:${good.port}`,
      more: { networks: ['127.0.0.1/32'] },
      async resolve() {
        looks += 1
        return [looks === 1 ? '127.0.0.1' : '127.0.0.2']
      },
    })
    await vi.waitFor(() => expect(looks).toBeGreaterThan(2), { timeout: 20_000, interval: 20 })
    expect([good.calls, evil.calls]).toEqual([1, 0])
  })

  story('SSR-002', 'is not called on a private network that was not named', async () => {
    const probe = await openProbe('127.0.0.1')
    // One address of the open internet beside it changes nothing.
    const resolve = async () => ['203.0.114.1', '127.0.0.1']
    await owing({ origin: `https://shop.test:${probe.port}`, resolve })
    await refusedBecause(/shop\.test is at 127\.0\.0\.1, which is not allowed/)
    expect(probe.calls).toBe(0)
  })

  for (const [kind, address] of Object.entries(NAMES)) {
    story('SSR-002', `is not called at an address of a kind like ${kind}`, async () => {
      await owing({ origin: 'https://shop.test', resolve: async () => [address] })
      await refusedBecause(/which is not allowed/)
    })
  }
})

describe('whoever takes webhooks', () => {
  let receiver: PlainUpstream
  afterEach(() => receiver?.close())

  story('SSR-003', 'leads nobody elsewhere by a redirect', async () => {
    const probe = await openProbe('127.0.0.1')
    receiver = await openUpstream((socket) =>
      socket.end(
        `HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:${probe.port}/\r\nContent-Length: 0\r\n\r\n`,
      ),
    )
    await owing({ origin: receiver.origin })
    await refusedBecause(/answered with 302/)
    expect(probe.calls).toBe(0)
  })

  story('SSR-004', 'may answer for as long as it likes: nobody reads it', async () => {
    let written = 0
    receiver = await openUpstream((socket) => {
      socket.write('HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n')
      const more = () => {
        while (!socket.destroyed && socket.write(Buffer.alloc(65_536))) written += 65_536
      }
      socket.on('drain', more)
      more()
    })
    await owing({ origin: receiver.origin })
    await nothingIsOwed()
    await vi.waitFor(() => expect(receiver.sockets.every((it) => it.destroyed)).toBe(true))
    expect(written).toBeLessThan(50_000_000)
  })

  story('SSR-004', 'is not waited for when it says nothing', async () => {
    receiver = await openUpstream((socket) => void socket.write('HTTP/1.1 200 OK\r\nX: '))
    await owing({ origin: receiver.origin })
    await refusedBecause(/TimeoutError/)
  })

  story('SSR-004', 'is told nothing under a certificate that nobody vouches for', async () => {
    const { key, cert } = await aCertificate('shop.test')
    let heard = 0
    const server = createTlsServer({ key, cert }, (socket) => {
      socket
        .on('error', () => undefined)
        .on('data', () => {
          heard += 1
        })
    })
    server.on('tlsClientError', () => undefined)
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    await owing({
      origin: `https://shop.test:${portOf(server)}`,
      more: { networks: ['127.0.0.0/8'] },
      resolve: async () => ['127.0.0.1'],
    })
    await refusedBecause(/DEPTH_ZERO_SELF_SIGNED_CERT|CERT/)
    server.close()
    expect(heard).toBe(0)
  })
})
