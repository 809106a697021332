import { randomToken } from '../../base/bytes.ts'
import type { Clock } from '../../base/clock.ts'
import type { Message } from '../../model/message.ts'
import type { Channel } from '../contract.ts'
import { ChannelDown } from '../errors.ts'
import { signingKey, type WebhookConfig } from './config.ts'
import { postSigned } from './signed-post.ts'

export interface WebhookDeps {
  config: WebhookConfig
  clock: Clock
}

/** "There is no such address, or it wants nothing of us": the one answer that ends the tries. */
const UNPROCESSABLE = 422
/** Not let in, nothing there, too slow, too much: what every message would hear. */
const ABOUT_US: ReadonlySet<number> = new Set([
  401, 402, 403, 404, 405, 407, 408, 411, 421, 426, 429,
])

/**
 * Hands messages to any other gateway: a signed POST with `{ medium, to, text, subject? }`. An answer of
 * 2xx is a message taken, 422 a person who cannot be reached so, anything else is tried again. Most other
 * answers of 4xx are about the one message, and make no other wait.
 *
 * @see https://www.standardwebhooks.com/
 */
export function createWebhook({ config, clock }: WebhookDeps): Channel {
  const { url, secret, media, timeout } = config
  const key = signingKey(secret)
  // The schema has checked it; nothing goes out unsigned.
  if (!key) throw new TypeError('channels.webhook.secret is no signing key')
  // A message that is tried again keeps its name, so that the other side can tell a repetition.
  const names = new WeakMap<Message, string>()

  return {
    name: 'webhook',
    carries: media,

    async deliver(message) {
      const id = names.get(message) ?? `msg_${randomToken(16)}`
      names.set(message, id)
      const body = JSON.stringify(told(message))
      const seal = { key, id, at: clock.now() }
      const { ok, status } = await postSigned({ url, body, timeoutSeconds: timeout }, seal)
      if (ok) return { ok: true }
      if (status === UNPROCESSABLE) return { ok: false, refused: 'answered with 422' }
      const isAboutOne = status >= 400 && status < 500 && !ABOUT_US.has(status)
      if (isAboutOne) return { ok: false, later: `answered with ${status}` }
      throw new ChannelDown('webhook', `answered with ${status}`)
    },
  }
}

/** Only what every gateway needs: mail goes as plain text. */
function told(message: Message) {
  const { medium, to, text } = message
  return medium === 'email' ? { medium, to, subject: message.subject, text } : { medium, to, text }
}
