import type { Clock, UnixSeconds } from '../base/clock.ts'
import type { Channels } from '../channels/contract.ts'
import { ChannelDown } from '../channels/errors.ts'
import { signingKey } from '../channels/webhook/config.ts'
import { postSigned } from '../channels/webhook/signed-post.ts'
import type { Delivery, Medium } from '../model/message.ts'
import type { AlertLetter } from '../store/contract.ts'
import type { Wording } from './alert.ts'
import type { AlertWebhookConfig } from './config.ts'
import type { AlertLetters } from './letters.ts'
import { WEBHOOK } from './recipients.ts'

/** A way to one recipient. */
export interface Way {
  /** What fails together. */
  lane: string
  /** One try. @throws while the other side is down. */
  deliver(): Promise<Delivery>
}

export interface WaysDeps {
  channels: Pick<Channels, 'for'>
  letters: AlertLetters
  webhook: AlertWebhookConfig | undefined
  clock: Clock
}

/** @returns How to tell a recipient; `undefined` where there is no way to them any more. */
export type Ways = (letter: Pick<AlertLetter, 'id' | 'to'>, wording: Wording) => Way | undefined

export function createWays({ channels, letters, webhook, clock }: WaysDeps): Ways {
  const key = webhook && signingKey(webhook.secret)

  const byWebhook = (id: string, wording: Wording): Way | undefined => {
    if (!webhook || !key) return undefined
    const { url, timeout: timeoutSeconds } = webhook
    const body = letters.json(wording)
    return {
      lane: 'alerts webhook',
      async deliver() {
        const seal = { key, id, at: clock.now() }
        const { ok, status } = await postSigned({ url, body, timeoutSeconds }, seal)
        if (ok) return { ok }
        throw new ChannelDown('alerts webhook', `answered with ${status}`)
      },
    }
  }

  return ({ id, to }, wording) => {
    if (to === WEBHOOK) return byWebhook(id, wording)
    const [, medium, address = ''] = /^(email|sms):(.+)$/.exec(to) ?? []
    const channel = medium === undefined ? undefined : channels.for(medium as Medium)
    if (!channel) return undefined
    const message =
      medium === 'email' ? letters.mail(address, wording) : letters.sms(address, wording)
    return { lane: channel.name, deliver: () => channel.deliver(message) }
  }
}

/** From one claim of a letter to the next. */
export const PAUSES = [60, 120, 300, 900, 1800, 3600] as const
/** One claim is tried for this long. */
export const CLAIM_SECONDS = 55
/** Nobody needs to hear of it later than that. */
export const GIVEN_UP_SECONDS = 86_400

export const pauseAfter = (claims: number): UnixSeconds =>
  PAUSES[claims] ?? PAUSES[PAUSES.length - 1] ?? 0
