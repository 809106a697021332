import type { UnixSeconds } from '../base/clock.ts'
import type { DeliveryState } from '../model/challenge.ts'
import type { Delivery, Medium, Message } from '../model/message.ts'
import type { MessageEnd } from './message-end.ts'

/** One way to carry messages to people: a mail server, an SMS gateway. */
export interface Channel {
  /** The name of its folder. */
  name: string
  carries: readonly Medium[]
  /**
   * Carries one message, in one try.
   *
   * @returns The other side's answer.
   * @throws when the channel is down: the caller tries again later, unless it is {@link FateUnknown}.
   */
  deliver(message: Message): Promise<Delivery>
  /** Where it is told afterwards what became of messages. */
  reports?: Reports
  /** For services that make and check codes themselves, and only say whether one was right. */
  verification?: Verification
  close?(): Promise<void>
}

/** What a carrier tells about messages that it has taken before. */
export interface Reports {
  /** @returns `undefined` when it does not come from the carrier, or tells nothing. */
  read(told: {
    /** Of the whole; may be forged. */
    signature: string
    fields: Readonly<Record<string, string>>
  }): Promise<Report | undefined>
}

export interface Report {
  /** The message, as {@link Delivery} named it. */
  reference: string
  /** Why it has come to nothing, in few words and without the message; absent while it has not. */
  failed?: string
}

/** A service that makes, sends and checks codes by itself. */
export interface Verification {
  media: readonly Medium[]
  /** Has a code sent. @returns With the name of this one question, to be given back to `check`. */
  start(medium: Medium, to: string): Promise<Delivery>
  /**
   * @param reference Without it, because the answer that named the question got lost: is it the code of
   * whichever question is open about this address?
   * @param code Already of the right shape.
   */
  check(to: string, reference: string | undefined, code: string): Promise<boolean>
}

/** The channels that are switched on. */
export interface Channels {
  /** The channel for a medium; `undefined` when there is none. */
  for(medium: Medium): Channel | undefined
  /** What the channel of a name hears afterwards; `undefined` when it hears nothing. */
  reports(name: string): Reports | undefined
  close(): Promise<void>
}

/** Sends messages without keeping anybody waiting. */
export interface Outbox {
  /**
   * Sends one message: tries at once, and again while the channel is down, until it is stale. A message
   * is never tried again when it may have gone out and costs money.
   *
   * @returns Within 300 ms: how far it has come by then.
   */
  post(job: OutboxJob): Promise<Exclude<DeliveryState, 'none'>>
  close(): Promise<void>
}

export interface OutboxJob {
  /**
   * What fails together, such as everything that goes over one mail server: while it is down its messages
   * wait, and those of other lanes do not.
   */
  lane: string
  /**
   * Who is to be reached, in any form. What fails for one alone says nothing about the lane, however
   * often it fails. Left out: nobody else.
   */
  whom?: string
  /** One try. Throws while the channel is down. */
  deliver(): Promise<Delivery>
  /** Stale from here on: not sent any more. */
  until: UnixSeconds
  /** Hears once of its end: before `post` answers where that is soon enough, else afterwards. */
  told?(end: MessageEnd): Promise<void>
}
