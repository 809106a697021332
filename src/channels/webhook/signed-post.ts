import { createHmac } from 'node:crypto'
import type { UnixSeconds } from '../../base/clock.ts'
import { ChannelDown, nameOf } from '../errors.ts'

export interface Posting {
  url: URL
  /** JSON. */
  body: string
  /** How long the answer may take. */
  timeoutSeconds: number
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
 * named, and none that an answer leads to.
 *
 * @throws {ChannelDown} when there is no answer.
 * @see https://www.standardwebhooks.com/
 */
export async function postSigned(
  { url, body, timeoutSeconds }: Posting,
  seal: PostSeal,
): Promise<{ ok: boolean; status: number }> {
  try {
    const {
      ok,
      status,
      body: answer,
    } = await fetch(url, {
      method: 'POST',
      redirect: 'manual',
      signal: AbortSignal.timeout(timeoutSeconds * 1000),
      headers: {
        'content-type': 'application/json',
        'user-agent': 'Gatehouse',
        ...signature(seal, body),
      },
      body,
    })
    // Nobody reads the body, however long it is.
    await answer?.cancel()
    return { ok, status }
  } catch (cause) {
    throw new ChannelDown('webhook', nameOf(cause), { cause })
  }
}

function signature({ key, id, at }: PostSeal, body: string) {
  const signed = createHmac('sha256', key).update(`${id}.${at}.${body}`).digest('base64')
  return {
    'webhook-id': id,
    'webhook-timestamp': String(at),
    'webhook-signature': `v1,${signed}`,
  }
}
