import { lookup } from 'node:dns/promises'
import { request as requestHttp } from 'node:http'
import { request as requestHttps } from 'node:https'
import { isIP } from 'node:net'
import { isPublicAddress, networks, plainAddress } from '../base/net.ts'

/** One message for a push service. */
export interface Post {
  url: URL
  headers: Readonly<Record<string, string | number>>
  body: Buffer
}

/** What one may be told otherwise. */
export interface PostOptions {
  /** Takes an address of this machine, by plain HTTP too. */
  loopback?: boolean
  /** Takes an address that is on no open network; none when left out. */
  admits?: (address: string) => boolean
  /** Takes plain HTTP, wherever it leads. */
  plain?: boolean
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
  /** What the name led to, where that is the reason. */
  readonly address: string | undefined

  constructor(message: string, address?: string) {
    super(message)
    this.address = address
  }
}

const TIMEOUT_MS = 5_000

/**
 * Sends one message, once, to the address that was looked at: the name is resolved here and never again,
 * redirects are not followed, and of the answer only the status is read.
 *
 * @returns The status.
 * @throws {NotCalled} when it is no https address, or one of a network that is neither public nor admitted.
 */
export async function post(message: Post, options: PostOptions = {}): Promise<number> {
  const { timeoutMs = TIMEOUT_MS, resolve = resolveName } = options
  const { protocol, username, password, hostname } = message.url
  const isPlain = protocol === 'http:'
  const takesPlain = options.plain === true || options.loopback === true
  if (protocol !== 'https:' && !(isPlain && takesPlain)) throw new NotCalled('not https')
  if (username || password) throw new NotCalled('a user name in the address')

  const time = AbortSignal.timeout(timeoutMs)
  const signal = options.signal ? AbortSignal.any([time, options.signal]) : time
  // A bracketed IPv6 address is no name.
  const host = hostname.replace(/^\[(.*)\]$/, '$1')
  const addresses = isIP(host) ? [host] : await within(signal, resolve(host))
  // One that is not to be called spoils them all: whoever answers for the name wants us to go there.
  const wrong = addresses.find((address) => !mayCall(address, isPlain, options))
  if (wrong !== undefined || addresses.length === 0) throw new NotCalled('no public address', wrong)
  return send(message, addresses, signal)
}

function mayCall(address: string, isPlain: boolean, options: PostOptions): boolean {
  const { loopback, admits, plain } = options
  if (loopback === true && LOOPBACK.has(address)) return true
  if (isPlain && plain !== true) return false
  return isPublicAddress(address) || admits?.(plainAddress(address)) === true
}

const LOOPBACK = networks(['127.0.0.0/8', '::1'])

/**
 * Sends one message, once. Redirects are not followed, and of the answer only the status is read.
 *
 * @param addresses Where the name of the URL is; nothing else is asked for it.
 * @returns The status.
 */
function send(
  { url, headers, body }: Post,
  addresses: readonly string[],
  signal: AbortSignal,
): Promise<number> {
  const request = url.protocol === 'https:' ? requestHttps : requestHttp
  const found = addresses.map((address) => ({ address, family: isIP(address) }))
  return new Promise((resolve, reject) => {
    const sent = request(
      url,
      {
        method: 'POST',
        agent: false,
        signal,
        headers: { ...headers, 'Content-Length': body.length },
        lookup: (_, { all }, done) =>
          all ? done(null, found) : done(null, found[0]?.address ?? '', found[0]?.family),
      },
      (answer) => {
        resolve(answer.statusCode ?? 0)
        answer.on('error', () => undefined).destroy()
      },
    )
    // That the time is over says more than that the exchange was given up.
    sent.on('error', (cause) => reject(signal.aborted ? signal.reason : cause))
    sent.end(body)
  })
}

const resolveName = async (host: string): Promise<readonly string[]> =>
  (await lookup(host, { all: true, verbatim: true })).map(({ address }) => address)

/** Gives up waiting when the time is over; the look-up itself knows no end. */
function within<T>(signal: AbortSignal, waited: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason)
    signal.addEventListener('abort', () => reject(signal.reason), { once: true })
    waited.then(resolve, reject)
  })
}
