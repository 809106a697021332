import {
  createDecipheriv,
  createECDH,
  createPublicKey,
  type ECDH,
  hkdfSync,
  randomBytes,
  verify,
} from 'node:crypto'
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http'
import { portOf } from './ports.ts'

/** What arrived at a browser: decrypted, and from a sender who proved who it is. */
export interface Received {
  text: string
  headers: IncomingHttpHeaders
  /** The sender's public key, and what it claims in its JWT. */
  sender: string
  claims: { aud: string; exp: number; sub: string }
}

/** A browser as the push service knows it. */
export interface Subscriber {
  /** As `PushSubscription.toJSON()` gives it. */
  subscription: string
  endpoint: string
  received: Received[]
}

/**
 * A push service and the browsers behind it, on loopback. It decrypts and verifies by itself, by the
 * letter of the RFCs, and shares no code with what it tests.
 */
export interface PushService {
  port: number
  /** Requests of any kind, good or bad. */
  requests: number
  subscribe(): Subscriber
  /** Ends a subscription without a word to the browser: it is gone. */
  drop(subscriber: Subscriber): void
  /** Answers so from now on, instead of taking messages; takes them again when told nothing. */
  behave(how: ((response: ServerResponse) => void) | undefined): void
  close(): Promise<void>
}

interface Browser extends Subscriber {
  keys: ECDH
  auth: Buffer
}

export async function openPushService(): Promise<PushService> {
  const browsers = new Map<string, Browser>()
  let misbehave: ((response: ServerResponse) => void) | undefined

  const server = createServer((message, response) => {
    service.requests += 1
    const chunks: Buffer[] = []
    message.on('data', (chunk) => chunks.push(chunk))
    message.on('end', () => {
      if (misbehave) return misbehave(response)
      const browser = browsers.get(message.url ?? '')
      if (!browser) return response.writeHead(410).end()
      const fault = take(browser, message.headers, Buffer.concat(chunks))
      if (fault === undefined) response.writeHead(201, { location: '/message/1' }).end()
      else response.writeHead(400).end(fault)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))

  const service: PushService = {
    port: portOf(server),
    requests: 0,

    subscribe() {
      const path = `/push/${randomBytes(16).toString('base64url')}`
      const endpoint = `http://127.0.0.1:${portOf(server)}${path}`
      const keys = createECDH('prime256v1')
      const p256dh = keys.generateKeys('base64url')
      const auth = randomBytes(16)
      const subscription = JSON.stringify({
        endpoint,
        expirationTime: null,
        keys: { p256dh, auth: auth.toString('base64url') },
      })
      const browser = { endpoint, subscription, keys, auth, received: [] }
      browsers.set(path, browser)
      return browser
    },

    drop({ endpoint }) {
      browsers.delete(new URL(endpoint).pathname)
    },

    behave(how) {
      misbehave = how
    },

    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
  return service
}

/** @returns What is wrong with the message; `undefined` when the browser has it. */
function take(browser: Browser, headers: IncomingHttpHeaders, body: Buffer): string | undefined {
  if (headers['content-encoding'] !== 'aes128gcm') return 'content-encoding'
  if (!/^\d+$/.test(headers.ttl?.toString() ?? '')) return 'ttl'
  if (body.length > 4096) return 'size'
  const sender = senderOf(headers.authorization ?? '')
  if (!sender) return 'authorization'
  const { key, claims } = sender
  if (claims.aud !== new URL(browser.endpoint).origin) return 'aud'
  const secondsLeft = claims.exp - Date.now() / 1000
  if (secondsLeft < 0 || secondsLeft > 86_400) return 'exp'
  if (!/^(https|mailto):/.test(claims.sub)) return 'sub'
  const text = decrypt(browser, body)
  browser.received.push({ text, headers, sender: key, claims })
  return undefined
}

/** RFC 8292, section 3: `vapid t=<JWT>, k=<public key>`, ES256. */
function senderOf(authorization: string) {
  const [, jwt = '', key = ''] = /^vapid t=([\w.-]+), ?k=([\w-]+)$/.exec(authorization) ?? []
  const [header = '', claims = '', signature = ''] = jwt.split('.')
  const point = Buffer.from(key, 'base64url')
  if (point.length !== 65 || point[0] !== 4) return undefined
  const { alg } = parse(header) as { alg?: string }
  if (alg !== 'ES256') return undefined
  const coordinate = (from: number) => point.subarray(from, from + 32).toString('base64url')
  const jwk = { kty: 'EC', crv: 'P-256', x: coordinate(1), y: coordinate(33) }
  const genuine = verify(
    'sha256',
    Buffer.from(`${header}.${claims}`),
    { key: createPublicKey({ key: jwk, format: 'jwk' }), dsaEncoding: 'ieee-p1363' },
    Buffer.from(signature, 'base64url'),
  )
  return genuine ? { key, claims: parse(claims) as Received['claims'] } : undefined
}

const parse = (part: string): unknown => JSON.parse(Buffer.from(part, 'base64url').toString())

/** RFC 8188, section 2 and RFC 8291, section 3.4, for the one record that a notification is. */
function decrypt({ keys, auth }: Browser, body: Buffer): string {
  const salt = body.subarray(0, 16)
  const recordSize = body.readUInt32BE(16)
  const idLength = body.readUInt8(20)
  const senderKey = body.subarray(21, 21 + idLength)
  const record = body.subarray(21 + idLength)
  if (record.length > recordSize) throw new Error('more than one record')

  const shared = keys.computeSecret(senderKey)
  const info = Buffer.concat([Buffer.from('WebPush: info\0'), keys.getPublicKey(), senderKey])
  const input = Buffer.from(hkdfSync('sha256', shared, auth, info, 32))
  const derive = (name: string, length: number) =>
    Buffer.from(hkdfSync('sha256', input, salt, `Content-Encoding: ${name}\0`, length))

  const cipher = createDecipheriv('aes-128-gcm', derive('aes128gcm', 16), derive('nonce', 12))
  cipher.setAuthTag(record.subarray(-16))
  const padded = Buffer.concat([cipher.update(record.subarray(0, -16)), cipher.final()])
  const end = padded.lastIndexOf(2)
  if (end < 0 || padded.subarray(end + 1).some((byte) => byte !== 0)) throw new Error('no end')
  return padded.subarray(0, end).toString('utf8')
}
