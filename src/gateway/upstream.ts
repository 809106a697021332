import type { IncomingMessage } from 'node:http'
import { AppError } from '../base/errors.ts'
import { headFor, type Limits, type UpstreamServer } from './destination.ts'
import { UpstreamUnreachable } from './errors.ts'
import type { HeaderLine } from './request.ts'
import type { AnswerHead } from './wire/answer-head.ts'
import type { Piece } from './wire/answer-reader.ts'
import type { Carried, CarriedEars, CarriedFailure, Connection } from './wire/connection.ts'
import { openPlace, type Place } from './wire/place.ts'

/** One request, ready to be sent. */
export interface Outgoing {
  server: UpstreamServer
  method: string
  target: string
  headers: readonly HeaderLine[]
  /** Streamed as it comes. */
  body: IncomingMessage | undefined
  /** On a connection that carries no other? */
  alone?: boolean
}

/** Hears the answer, in this order: head, data …, and then end or failure, once. */
export interface Receiver {
  head(status: number, reason: string, headers: readonly HeaderLine[]): void
  /** @returns Whether more may come; if not, {@link Exchange.resume} says when. */
  data(piece: Piece): boolean
  /** All that has come so far was told, and the end is not among it. */
  soFar(): void
  end(): void
  failure(error: AppError): void
}

/** A request under way. */
export interface Exchange {
  resume(): void
  /** Breaks off: the connection to the application is destroyed and never used again. */
  abort(): void
}

/** How a request failed, and how far it had got. */
export interface Failure extends Omit<CarriedFailure, 'cause'> {
  error: AppError
}

/**
 * Says where a request is to be sent once more after it failed, on a connection of its own;
 * `undefined` when it is not.
 */
export type Again = (failure: Failure) => UpstreamServer | undefined

/** Sends requests on to applications, over kept connections. */
export interface Upstreams {
  /**
   * Sends a request. The receiver hears of a failure only when it is not sent again.
   *
   * @param again Only for a request without a body: of a body nobody knows what has been taken.
   */
  send(outgoing: Outgoing, receiver: Receiver, again?: Again): Exchange
  /** Takes no more; returns once everything under way has ended. */
  retire(): Promise<void>
  close(): Promise<void>
}

export function createUpstreams(timeouts: Limits): Upstreams {
  const places = new Map<UpstreamServer, Place>()
  const placeOf = (server: UpstreamServer): Place => {
    const known = places.get(server)
    if (known) return known
    const place = openPlace(server, { ...timeouts, ...server.limits })
    places.set(server, place)
    return place
  }

  return {
    send: (outgoing, receiver, again) => createExchange({ outgoing, receiver, again, placeOf }),
    async retire() {
      await Promise.all(Array.from(places.values(), (place) => place.retire()))
    },
    async close() {
      for (const place of places.values()) place.destroy()
    },
  }
}

interface Sending {
  outgoing: Outgoing
  receiver: Receiver
  again: Again | undefined
  placeOf(server: UpstreamServer): Place
}

function createExchange({ outgoing, receiver, again, placeOf }: Sending): Exchange {
  let connection: Connection | undefined

  const sendTo = (server: UpstreamServer, isAlone: boolean) => {
    const { method, target, headers, body } = outgoing
    const lines = headFor(server, headers)
    const place = placeOf(server)
    const line = isAlone ? place.alone() : place.kept()
    connection = line
    const carried: Carried = { method, target, headers: lines, body, stays: !isAlone }
    try {
      line.carry(carried, ears)
    } catch (cause) {
      line.destroy('silently')
      ears.failed({ cause, stage: 'unsent', onKept: false })
    }
  }

  const ears: CarriedEars = {
    head: ({ status, reason, headers }: AnswerHead) => receiver.head(status, reason, headers),
    data: receiver.data,
    soFar: receiver.soFar,
    end() {
      connection = undefined
      receiver.end()
    },
    failed({ cause, stage, onKept }) {
      connection = undefined
      const failure = { error: translate(cause), stage, onKept }
      const next = again?.(failure)
      if (next) sendTo(next, true)
      else receiver.failure(failure.error)
    },
  }

  sendTo(outgoing.server, outgoing.alone ?? false)
  return {
    resume: () => connection?.resume(),
    abort() {
      connection?.destroy('silently')
      connection = undefined
    },
  }
}

function translate(cause: unknown): AppError {
  if (cause instanceof AppError) return cause
  const detail = cause instanceof Error ? cause.message : String(cause)
  return new UpstreamUnreachable({ cause, detail })
}
