import type { UnixSeconds } from '../base/clock.ts'
import type { Channels, Outbox } from '../channels/contract.ts'
import type { MessageEnd } from '../channels/message-end.ts'
import type { Medium, Message } from '../model/message.ts'

/** Tells people things, on whatever way there is. */
export interface Messenger {
  carries(medium: Medium): boolean
  /** @returns Within a moment: how far it has come by then. */
  send(message: Message, sending: Sending): Promise<'sent' | 'waiting' | 'failed'>
}

export interface Sending {
  /** Not worth sending any more from then on. */
  until: UnixSeconds
  /** Hears of it when a message comes to nothing, at once or later, or perhaps does; and why. */
  failed?(end: Exclude<MessageEnd, 'sent'>): void
}

export interface MessengerDeps {
  channels: Pick<Channels, 'for'>
  outbox: Outbox
}

export function createMessenger({ channels, outbox }: MessengerDeps): Messenger {
  return {
    carries: (medium) => channels.for(medium) !== undefined,
    async send(message, { until, failed }) {
      const channel = channels.for(message.medium)
      if (!channel) {
        failed?.('refused')
        return 'failed'
      }
      return outbox.post({
        lane: channel.name,
        whom: message.to,
        deliver: () => channel.deliver(message),
        until,
        async told(end) {
          if (end !== 'sent') failed?.(end)
        },
      })
    },
  }
}
