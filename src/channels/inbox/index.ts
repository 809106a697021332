import type { Clock, UnixSeconds } from '../../base/clock.ts'
import type { Medium, Message } from '../../model/message.ts'
import type { Channel } from '../contract.ts'

/** A message that nobody carried anywhere. */
export interface InboxMessage {
  at: UnixSeconds
  message: Message
}

/** A channel that ends on this machine: what it takes can be read again. */
export interface Inbox extends Channel {
  /** Newest first. */
  messages(): readonly InboxMessage[]
}

export interface InboxDeps {
  clock: Clock
  /** What it takes. */
  media?: readonly Medium[]
  /** Messages that it keeps; one more pushes the oldest out. */
  keep?: number
}

/** Keeps the last messages in memory: everybody's phone and mailbox in the demo. */
export function createInbox({
  clock,
  media = ['email', 'sms', 'voice'],
  keep = 50,
}: InboxDeps): Inbox {
  const kept: InboxMessage[] = []
  return {
    name: 'inbox',
    carries: media,
    messages: () => [...kept],

    async deliver(message) {
      kept.unshift({ at: clock.now(), message })
      kept.splice(keep)
      return { ok: true }
    },
  }
}
