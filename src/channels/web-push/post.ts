import { lookup } from 'node:dns/promises'
import { request as requestHttp } from 'node:http'
import { request as requestHttps } from 'node:https'
import { isIP } from 'node:net'
import { isPublicAddress } from '../../base/net.ts'

/** One message for a push service. */
export interface Post {
  url: URL
  headers: Readonly<Record<string, string | number>>
  body: Buffer
}

/** What tests have otherwise. */
export interface PostOptions {
  /** Takes plain HTTP, and an address of this machine: for a push service within a test. */
  loopback?: boolean
  /** For a whole exchange, from the name to the answer. */
  timeoutMs?: number
  /** Gives up at once. */
  signal?: AbortSignal
  /** Finds the addresses of a name. */
  resolve?: (host: string) => Promise<readonly string[]>
}

/** The address is none that we call; nothing was sent. */
export class NotCalled extends Error {
  override readonly name = 'NotCalled'
}

const TIMEOUT_MS = 5_000

/**
 * Sends one message, once, to the address that was looked at: the name is resolved here and never again,
 * redirects are not followed, and of the answer only the status is read.
 *
 * @returns The status.
 * @throws {NotCalled} when it is no https address, or one of a network that is not public.
 */
export async function post(message: Post, options: PostOptions = {}): Promise<number> {
  const { loopback = false, timeoutMs = TIMEOUT_MS, resolve = resolveName } = options
  const { protocol, username, password, hostname } = message.url
  if (protocol !== 'https:' && !(loopback && protocol === 'http:')) throw new NotCalled('not https')
  if (username || password) throw new NotCalled('a user name in the address')

  const time = AbortSignal.timeout(timeoutMs)
  const signal = options.signal ? AbortSignal.any([time, options.signal]) : time
  // A bracketed IPv6 address is no name.
  const host = hostname.replace(/^\[(.*)\]$/, '$1')
  const addresses = isIP(host) ? [host] : await within(signal, resolve(host))
  // One that is not public spoils them all: whoever answers for the name wants us to go there.
  const wrong = addresses.find(
    (address) => !isPublicAddress(address) && !(loopback && isLoopback(address)),
  )
  const [address] = addresses
  if (address === undefined || wrong !== undefined) throw new NotCalled('no public address')
  return send(message, address, signal)
}

function send({ url, headers, body }: Post, address: string, signal: AbortSignal): Promise<number> {
  const request = url.protocol === 'https:' ? requestHttps : requestHttp
  const family = isIP(address)
  return new Promise((resolve, reject) => {
    const sent = request(
      url,
      {
        method: 'POST',
        agent: false,
        signal,
        headers: { ...headers, 'Content-Length': body.length },
        lookup: (_, { all }, done) =>
          all ? done(null, [{ address, family }]) : done(null, address, family),
      },
      (answer) => {
        resolve(answer.statusCode ?? 0)
        answer.on('error', () => undefined).destroy()
      },
    )
    sent.on('error', reject)
    sent.end(body)
  })
}

const resolveName = async (host: string): Promise<readonly string[]> =>
  (await lookup(host, { all: true, verbatim: true })).map(({ address }) => address)

const isLoopback = (address: string) => address === '127.0.0.1' || address === '::1'

/** Gives up waiting when the time is over; the look-up itself knows no end. */
function within<T>(signal: AbortSignal, waited: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason)
    signal.addEventListener('abort', () => reject(signal.reason), { once: true })
    waited.then(resolve, reject)
  })
}
