import type { Clock } from '../../base/clock.ts'
import { browserInWords } from '../../base/user-agent.ts'
import type { Channels } from '../../channels/contract.ts'
import type { ChallengeAbout } from '../../model/challenge.ts'
import type { Credential } from '../../model/factor.ts'
import type { Delivery } from '../../model/message.ts'
import { APPROVAL_SECONDS } from '../approval.ts'
import type { ChallengeStart } from '../contract.ts'

export interface NotifierDeps {
  channels: Pick<Channels, 'for'>
  clock: Clock
  name: string
}

type Deliver = NonNullable<ChallengeStart['deliver']>

/** A device that wants to be notified, and where. */
export interface Subscribed {
  credential: Credential
  subscription: string
}

/** What a notification may be long: a lock screen shows less. */
const MAX_PLACE_CHARACTERS = 80

/** What is shown as soon as a browser has subscribed. */
export const greeting = (name: string): string =>
  JSON.stringify({ title: name, body: 'This browser can be asked about sign-ins.' })

/**
 * Tells every device of a person about a question, each once.
 *
 * @returns `undefined` when there is nobody to tell, or no way to.
 */
export function notifier({ channels, clock, name }: NotifierDeps) {
  return (devices: readonly Subscribed[], about: ChallengeAbout): Deliver | undefined => {
    const channel = channels.for('push')
    if (!channel || devices.length === 0) return undefined
    const until = clock.now() + APPROVAL_SECONDS
    const left = new Set(devices)
    let refusal: Delivery = { ok: false, refused: 'nobody was told' }
    let isTold = false

    return async (challenge, lost) => {
      const text = textOf(challenge?.id, about, name)
      const ttlSeconds = Math.max(0, until - clock.now())
      const tries = await Promise.allSettled(
        [...left].map(async (device) => {
          const { subscription: to, credential } = device
          const delivery = await channel.deliver({ medium: 'push', to, text, ttlSeconds })
          if (!delivery.ok && 'later' in delivery) return delivery
          left.delete(device)
          if (!delivery.ok && delivery.gone) lost?.(credential)
          if (delivery.ok) isTold = true
          else refusal = delivery
          return undefined
        }),
      )
      if (isTold) return { ok: true }
      const down = tries.find((it) => it.status === 'rejected')
      if (down) throw down.reason
      const later = tries.find((it) => it.status === 'fulfilled' && it.value !== undefined)
      return (later?.status === 'fulfilled' && later.value) || refusal
    }
  }
}

/** Encrypted end to end: only that browser reads it. */
function textOf(
  id: string | undefined,
  { address, userAgent, destination }: ChallengeAbout,
  name: string,
) {
  const place = (destination ?? name).slice(0, MAX_PLACE_CHARACTERS).toWellFormed()
  return JSON.stringify({
    id,
    title: 'Is this you signing in?',
    body: `${place}, with ${browserInWords(userAgent)} from ${address}`,
  })
}
