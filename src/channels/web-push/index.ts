import { createRequire } from 'node:module'
import type webPushLibrary from 'web-push'
import type { Delivery, Message, Refused } from '../../model/message.ts'
import type { Channel } from '../contract.ts'
import { ChannelDown, nameOf } from '../errors.ts'
import { NotCalled, type PostOptions, post } from '../post.ts'
import type { WebPushConfig } from './config.ts'
import { isBelow, parseSubscription, type Subscription } from './subscription.ts'
import type { VapidKeys } from './vapid.ts'

export interface WebPushDeps {
  config: WebPushConfig
  /** What browsers subscribe with, so that nobody else can send to them. */
  keys: VapidKeys
  /** The portal's address. */
  home: URL
  /** What tests have otherwise. */
  options?: PostOptions
}

const NAME = 'web-push'
/** From its first use on. */
const webPush = (): typeof webPushLibrary => createRequire(import.meta.url)('web-push')
const ENCODING = 'aes128gcm'
/** Every push service takes 4 KiB; ours are far below, and stay so. */
const MAX_TEXT_BYTES = 2048

/**
 * Notifications for browsers, encrypted end to end, through the push service of each browser's maker.
 *
 * @see RFC 8030 (Web Push), RFC 8291 (Message Encryption), RFC 8292 (VAPID)
 */
export function createWebPush({ config, keys, home, options = {} }: WebPushDeps): Channel {
  const contact = config.contact ?? contactOf(home)
  const closing = new AbortController()
  const admits = ({ endpoint }: Subscription) => isBelow(endpoint.hostname, config.hosts)

  return {
    name: NAME,
    carries: ['push'],

    async deliver(message) {
      if (message.medium !== 'push') throw new TypeError(`no such medium: ${message.medium}`)
      const to = parseSubscription(message.to)
      if (!to) return refused('not a subscription')
      if (!admits(to)) return refused(`not a push service of ours: ${to.endpoint.hostname}`)
      const letter = letterFor(to, message, { keys, contact })
      if (!letter) return refused('not a subscription')
      try {
        return outcomeOf(await post(letter, { ...options, signal: closing.signal }))
      } catch (cause) {
        if (cause instanceof NotCalled) return refused(cause.message)
        if (cause instanceof ChannelDown) throw cause
        throw new ChannelDown(NAME, nameOf(cause), { cause })
      }
    },

    async close() {
      closing.abort()
    },
  }
}

type PushMessage = Extract<Message, { medium: 'push' }>

/** @returns `undefined` when nothing can be encrypted to those keys. */
function letterFor(
  { endpoint, p256dh, auth }: Subscription,
  { text, ttlSeconds }: PushMessage,
  { keys, contact }: { keys: VapidKeys; contact: string },
) {
  if (Buffer.byteLength(text) > MAX_TEXT_BYTES) throw new RangeError('too long for a notification')
  const body = sealed(p256dh, auth, text)
  return (
    body && {
      url: endpoint,
      body,
      headers: {
        ...webPush().getVapidHeaders(
          endpoint.origin,
          contact,
          keys.publicKey,
          keys.privateKey,
          ENCODING,
        ),
        'Content-Encoding': ENCODING,
        'Content-Type': 'application/octet-stream',
        TTL: Math.max(0, Math.floor(ttlSeconds)),
        Urgency: 'high',
      },
    }
  )
}

/** A browser that names a point off the curve is refused here, by the library's exception. */
function sealed(p256dh: string, auth: string, text: string): Buffer | undefined {
  try {
    return webPush().encrypt(p256dh, auth, text, ENCODING).cipherText
  } catch {
    return undefined
  }
}

/**
 * @throws when the service is busy or broken: the message may be tried again.
 * @see RFC 8030, sections 5 and 7.3: 404 and 410 say that the subscription is gone
 */
function outcomeOf(status: number): Delivery {
  if (status === 200 || status === 201 || status === 202) return { ok: true }
  if (status === 404 || status === 410)
    return { ...refused('the subscription is gone'), gone: true }
  if (status === 429 || status >= 500 || status === 0) {
    throw new ChannelDown(NAME, `answered with ${status}`)
  }
  return refused(`answered with ${status}`)
}

const refused = (why: string): Refused => ({ ok: false, refused: why })

/** A page that strangers can reach; on one machine alone there is none. */
const contactOf = (home: URL): string =>
  home.protocol === 'https:' && home.hostname !== 'localhost'
    ? home.href
    : 'mailto:nobody@localhost.invalid'
