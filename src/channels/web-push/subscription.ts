import * as z from 'zod'

/** Bytes in base64url, without padding. */
const bytes = (length: number) =>
  z.string().refine((text) => /^[A-Za-z0-9_-]+$/.test(text) && decodedLength(text) === length)

const decodedLength = (text: string) => Buffer.from(text, 'base64url').length

/** What a browser hands out when it subscribes (`PushSubscription.toJSON()`). */
const subscription = z.object({
  endpoint: z.string().max(1024),
  keys: z.object({ p256dh: bytes(65), auth: bytes(16) }),
})

/** A place to send notifications to, and the keys that only that browser can read with. */
export interface Subscription {
  endpoint: URL
  p256dh: string
  auth: string
}

/** @param text As a browser sent it; may be hostile. @returns `undefined` when it is no subscription. */
export function parseSubscription(text: string): Subscription | undefined {
  try {
    const { endpoint, keys } = subscription.parse(JSON.parse(text))
    return { endpoint: new URL(endpoint), ...keys }
  } catch {
    return undefined
  }
}

/** Is a host one of those, or below one of them? Compared label by label. */
export const isBelow = (host: string, hosts: readonly string[]): boolean =>
  hosts.some((known) => host === known || host.endsWith(`.${known}`))
