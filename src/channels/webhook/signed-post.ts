import { createHmac } from 'node:crypto'
import type { UnixSeconds } from '../../base/clock.ts'
import { ChannelDown, nameOf } from '../errors.ts'
import { NotCalled, type PostOptions, post } from '../post.ts'

const ANYWHERE = { admits: () => true, plain: true }

export interface Posting {
  url: URL
  /** JSON. */
  body: string
  /** How long the answer may take. */
  timeoutSeconds: number
  /** Where its name may lead; anywhere when left out, since the operator has written it. */
  reach?: Omit<PostOptions, 'timeoutMs' | 'signal'>
}

/** What a request is signed with. */
export interface PostSeal {
  key: Uint8Array
  /** The same however often it is tried, so that the other side can tell a repetition. */
  id: string
  at: UnixSeconds
}

/**
 * Sends JSON, signed, in one try. Redirects are not followed: the address is one that the operator has
 * named, and none that an answer leads to. Nobody reads the answer, however long it is.
 *
 * @throws {ChannelDown} when there is no answer, or the address is none that may be called.
 * @see https://www.standardwebhooks.com/
 */
export async function postSigned(
  { url, body, timeoutSeconds, reach = ANYWHERE }: Posting,
  seal: PostSeal,
): Promise<{ ok: boolean; status: number }> {
  const headers = {
    'Content-Type': 'application/json',
    'User-Agent': 'Gatehouse',
    ...signature(seal, body),
  }
  try {
    const letter = { url, headers, body: Buffer.from(body) }
    const status = await post(letter, { ...reach, timeoutMs: timeoutSeconds * 1000 })
    return { ok: status >= 200 && status < 300, status }
  } catch (cause) {
    throw new ChannelDown('webhook', whyNot(url, cause), { cause })
  }
}

function whyNot(url: URL, cause: unknown): string {
  if (!(cause instanceof NotCalled)) return nameOf(cause)
  const { address, message } = cause
  return address === undefined
    ? `${url.hostname}: ${message}`
    : `${url.hostname} is at ${address}, which is not allowed: only the open internet is, and "networks" of the webhooks`
}

function signature({ key, id, at }: PostSeal, body: string) {
  const signed = createHmac('sha256', key).update(`${id}.${at}.${body}`).digest('base64')
  return {
    'webhook-id': id,
    'webhook-timestamp': String(at),
    'webhook-signature': `v1,${signed}`,
  }
}
