import { createECDH, randomBytes } from 'node:crypto'
import { createServer, type Server } from 'node:http'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Channel } from '../../../src/channels/contract.ts'
import { ChannelDown } from '../../../src/channels/errors.ts'
import { type PostOptions, post } from '../../../src/channels/post.ts'
import { webPushConfig } from '../../../src/channels/web-push/config.ts'
import { createWebPush } from '../../../src/channels/web-push/index.ts'
import { vapidKeys } from '../../../src/channels/web-push/vapid.ts'
import { portOf } from '../../support/ports.ts'
import { openPushService, type PushService } from '../../support/push-service.ts'

const key = new Uint8Array(32).fill(7)
const keys = vapidKeys(key)
const home = new URL('https://auth.gw.test/')

let service: PushService
beforeEach(async () => {
  service = await openPushService()
})
afterEach(() => service.close())

/** Reaches the service of this test, under any of these hosts. */
function channel(options: PostOptions = {}, hosts = ['127.0.0.1']): Channel {
  // A host of the configuration is a name; an address stands here for one.
  const config = { ...webPushConfig.parse({}), hosts }
  return createWebPush({ config, keys, home, options: { loopback: true, ...options } })
}

const told = (to: string, text = 'hello') => ({ medium: 'push', to, text, ttlSeconds: 42 }) as const

/** A subscription of nobody, at an address. */
function subscriptionAt(endpoint: string): string {
  const p256dh = createECDH('prime256v1').generateKeys('base64url')
  return JSON.stringify({
    endpoint,
    keys: { p256dh, auth: randomBytes(16).toString('base64url') },
  })
}

describe('a notification', () => {
  it('arrives encrypted, with the time it has left, from a sender that proves itself', async () => {
    const web = channel()
    const browser = service.subscribe()
    expect(await web.deliver(told(browser.subscription, 'Grüße 🌊'))).toEqual({ ok: true })
    const [received] = browser.received
    expect(received).toMatchObject({
      text: 'Grüße 🌊',
      sender: keys.publicKey,
      claims: { aud: `http://127.0.0.1:${service.port}`, sub: home.href },
      headers: { ttl: '42', urgency: 'high' },
    })
  })

  it('goes to the one browser alone', async () => {
    const [one, other] = [service.subscribe(), service.subscribe()]
    await channel().deliver(told(one.subscription))
    expect([one.received.length, other.received.length]).toEqual([1, 0])
  })

  it.each([
    ['404', 404],
    ['410', 410],
    ['a wrong key', 403],
    ['a message too large', 413],
  ])('is refused for good when the service says %s', async (_, status) => {
    service.behave((response) => response.writeHead(status).end())
    const { subscription } = service.subscribe()
    expect(await channel().deliver(told(subscription))).toMatchObject({ ok: false })
  })

  it.each([429, 500, 503])('is to be tried again when the service answers %i', async (status) => {
    service.behave((response) => response.writeHead(status).end())
    const { subscription } = service.subscribe()
    await expect(channel().deliver(told(subscription))).rejects.toThrow(ChannelDown)
  })

  it('is to be tried again when the service does not answer in time', async () => {
    service.behave(() => undefined)
    const { subscription } = service.subscribe()
    await expect(channel({ timeoutMs: 100 }).deliver(told(subscription))).rejects.toThrow(
      ChannelDown,
    )
  })

  it('takes the status of an answer that never ends, and no more', async () => {
    service.behave((response) => {
      response.writeHead(201)
      response.write('x')
    })
    const { subscription } = service.subscribe()
    expect(await channel().deliver(told(subscription))).toEqual({ ok: true })
  })
})

describe('the address that a browser names', () => {
  let bait: Server
  let hits = 0
  beforeEach(async () => {
    hits = 0
    bait = createServer((_, response) => {
      hits += 1
      response.writeHead(201).end()
    })
    await new Promise<void>((resolve) => bait.listen(0, '127.0.0.1', resolve))
  })
  afterEach(() => {
    bait.close()
    bait.closeAllConnections()
  })

  it.each([
    'https://localhost/',
    'https://push.example.com/',
    'https://evil-fcm.googleapis.com.example.com/',
    'https://evilpush.apple.com/',
    'https://fcm.googleapis.com@127.0.0.1/',
    'https://2130706433/',
    'https://[::1]/',
    'file:///etc/passwd',
    'gopher://127.0.0.1/',
    'unix:/var/run/docker.sock',
  ])('is not called unless it is a push service: %s', async (endpoint) => {
    const resolve = async () => {
      hits += 1
      return ['127.0.0.1']
    }
    const config = webPushConfig.parse({})
    const web = createWebPush({ config, keys, home, options: { resolve } })
    expect(await web.deliver(told(subscriptionAt(endpoint)))).toMatchObject({ ok: false })
    expect(hits).toBe(0)
  })

  it.each([
    '127.0.0.1',
    '10.1.2.3',
    '169.254.169.254',
    '192.168.0.1',
    '100.64.0.1',
    '0.0.0.0',
    '::1',
    '::ffff:127.0.0.1',
    'fe80::1',
    'fd00::1',
    '64:ff9b::7f00:1',
  ])('is not called when the name leads to %s', async (address) => {
    const config = webPushConfig.parse({})
    const options = { resolve: async () => ['203.0.114.1', address] }
    const web = createWebPush({ config, keys, home, options })
    const to = subscriptionAt('https://updates.push.services.mozilla.com/wpush/v2/x')
    expect(await web.deliver(told(to))).toEqual({ ok: false, refused: 'no public address' })
  })

  it('is looked up once, so that it cannot change between the look and the call', async () => {
    let looks = 0
    const resolve = async () => {
      looks += 1
      return ['127.0.0.1']
    }
    const url = new URL(`http://push.test:${portOf(bait)}/`)
    const letter = { url, headers: {}, body: Buffer.from('x') }
    expect(await post(letter, { loopback: true, resolve })).toBe(201)
    expect([looks, hits]).toEqual([1, 1])
  })

  it('is called by https only', async () => {
    const letter = {
      url: new URL(`http://127.0.0.1:${portOf(bait)}/`),
      headers: {},
      body: Buffer.from('x'),
    }
    await expect(post(letter)).rejects.toThrow('not https')
    expect(hits).toBe(0)
  })

  it('does not lead on to another one', async () => {
    const location = `http://127.0.0.1:${portOf(bait)}/`
    service.behave((response) => response.writeHead(307, { location }).end())
    const { subscription } = service.subscribe()
    expect(await channel().deliver(told(subscription))).toMatchObject({ ok: false })
    expect(hits).toBe(0)
  })

  it.each([
    ['nothing', ''],
    ['no JSON', '{'],
    ['no keys', JSON.stringify({ endpoint: 'https://fcm.googleapis.com/x' })],
    [
      'a point that is not on the curve',
      JSON.stringify({
        endpoint: 'https://fcm.googleapis.com/x',
        keys: {
          p256dh: Buffer.alloc(65, 4).toString('base64url'),
          auth: randomBytes(16).toString('base64url'),
        },
      }),
    ],
    [
      'a short secret',
      JSON.stringify({
        endpoint: 'https://fcm.googleapis.com/x',
        keys: { p256dh: createECDH('prime256v1').generateKeys('base64url'), auth: 'AAAA' },
      }),
    ],
  ])('is refused with %s', async (_, to) => {
    expect(await channel().deliver(told(to))).toMatchObject({ ok: false })
    expect(service.requests).toBe(0)
  })
})

describe('the keys', () => {
  it('are the same for the same secret, and others for another', () => {
    expect(vapidKeys(key)).toEqual(vapidKeys(new Uint8Array(32).fill(7)))
    expect(vapidKeys(new Uint8Array(32)).publicKey).not.toBe(vapidKeys(key).publicKey)
  })

  it('are a point of P-256 and its number', () => {
    const { publicKey, privateKey } = vapidKeys(key)
    const pair = createECDH('prime256v1')
    pair.setPrivateKey(Buffer.from(privateKey, 'base64url'))
    expect(pair.getPublicKey('base64url')).toBe(publicKey)
    expect(Buffer.from(publicKey, 'base64url')).toHaveLength(65)
  })
})
