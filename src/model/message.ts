/** Ways to reach a person. */
export type Medium = 'email' | 'sms' | 'voice' | 'push'

/** Something to be told to one person. */
export type Message =
  | { medium: 'email'; to: string; subject: string; text: string; html: string }
  | { medium: 'sms'; to: string; text: string }
  /** Spoken, twice. */
  | { medium: 'voice'; to: string; text: string }
  /** `to` is a push subscription as JSON; `text` is encrypted end to end. */
  | { medium: 'push'; to: string; text: string; ttlSeconds: number }

/**
 * What became of one try; `reference` is what the other side calls the message. A channel that is down throws, and the try is made again; `refused` is the
 * other side's last word: there is no such address, number or subscription, or it wants nothing of us.
 * `later` is its word about this one message for now, such as a mailbox that is full: the channel works,
 * and the message may be tried again.
 */
export type Delivery = { ok: true; reference?: string } | Refused | { ok: false; later: string }

export interface Refused {
  ok: false
  refused: string
  /** Is the address itself no more, so that nothing will ever arrive there? */
  gone?: true
}
