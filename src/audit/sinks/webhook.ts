import { randomToken } from '../../base/bytes.ts'
import type { Clock } from '../../base/clock.ts'
import { jsonLine } from '../../base/visible.ts'
import { signingKey } from '../../channels/webhook/config.ts'
import { postSigned } from '../../channels/webhook/signed-post.ts'
import type { AuditEvent } from '../../model/event.ts'
import type { AuditWebhookConfig } from '../config.ts'
import { writtenEvent } from '../formats.ts'

/**
 * Posts events, signed as Standard Webhooks says: `{ "type": "audit.events", "events": […] }`. Anything but
 * an answer of 2xx is tried again, under the same name.
 *
 * @see https://www.standardwebhooks.com/
 */
export function webhookSender(
  { url, secret, timeout }: AuditWebhookConfig,
  clock: Clock,
): (events: readonly AuditEvent[]) => Promise<void> {
  const key = signingKey(secret)
  // The schema has checked it; nothing goes out unsigned.
  if (!key) throw new TypeError('audit.webhook.secret is no signing key')
  let last: { first: AuditEvent; id: string; body: string } | undefined

  return async (events) => {
    const [first] = events
    if (!first) return
    // What is tried again keeps its name and its words, so that the other side can tell a repetition.
    if (last?.first !== first) {
      const body = jsonLine({ type: 'audit.events', events: events.map(writtenEvent) })
      last = { first, id: `evt_${randomToken(16)}`, body }
    }
    const { id, body } = last
    const seal = { key, id, at: clock.now() }
    const { ok, status } = await postSigned({ url, body, timeoutSeconds: timeout }, seal)
    if (!ok) throw new NotTaken(status)
    last = undefined
  }
}

/** The other side has answered, and not with a yes. */
class NotTaken extends Error {
  readonly code: string

  constructor(status: number) {
    super(`answered with ${status}`)
    this.code = this.message
  }
}
