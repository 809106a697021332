import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import { PassThrough, type Readable } from 'node:stream'
import { buildConnector, Client, type Dispatcher, errors, Pool } from 'undici'
import type { AppError } from '../base/errors.ts'
import { headFor, type Limits, type UpstreamServer } from './destination.ts'
import { UpstreamBroken, UpstreamTooSlow, UpstreamUnreachable } from './errors.ts'
import { isWhole } from './http2.ts'
import type { HeaderLine } from './request.ts'

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
  data(chunk: Buffer): boolean
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
export interface Failure {
  error: AppError
  /** `unanswered`: it was sent, at least in part, and not one byte came back. */
  stage: 'unsent' | 'unanswered' | 'answered'
  /** Was it sent on a connection that had carried others before? */
  onKept: boolean
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

/** More interim answers (1xx) than anybody has a use for. */
const MAX_INTERIM_ANSWERS = 16
const MAX_HEAD_BYTES = 64 * 1024

export function createUpstreams(timeouts: Limits): Upstreams {
  const places = new Map<UpstreamServer, Place>()
  const placeOf = (server: UpstreamServer): Place => {
    const known = places.get(server)
    if (known) return known
    const place = openPlace(server, { ...timeouts, ...server.limits })
    places.set(server, place)
    return place
  }
  const all = (work: (place: Place) => Promise<unknown>) =>
    Promise.all(Array.from(places.values(), work))

  return {
    send({ server, method, target, headers, body, alone = false }, receiver, again) {
      const sendTo = (to: UpstreamServer, carry: Carry) => {
        const options = {
          method,
          path: target,
          headers: headFor(to, headers).flat(),
          body: stream ?? null,
          // Whether it may be sent twice is for us to say.
          idempotent: false,
        }
        try {
          carry(options, exchange.handler)
        } catch (cause) {
          exchange.fail(cause)
        }
      }
      const exchange = createExchange(receiver, (failure) => {
        const next = again?.(failure)
        if (next) sendTo(next, placeOf(next).alone)
        return next !== undefined
      })
      const stream = body && detached(body)
      sendTo(server, alone ? placeOf(server).alone : placeOf(server).kept)
      return exchange
    },

    async retire() {
      await all((place) => place.retire())
    },
    async close() {
      await all((place) => place.destroy())
    },
  }
}

type Carry = (options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler) => void

/** The connections to one server. */
interface Place {
  /** Sends a request on whatever connection is free. */
  kept: Carry
  /** Sends a request on a connection that carries no other, before or after. */
  alone: Carry
  /** Lets all under way end. */
  retire(): Promise<void>
  destroy(): Promise<void>
}

function openPlace({ origin, tls }: UpstreamServer, { connect, head, idle }: Limits): Place {
  const connector = buildConnector({
    timeout: connect * 1000,
    maxCachedSessions: 100,
    // Header lines are read as they come over HTTP/1.1, in their order; HTTP/2 has no such lines.
    allowH2: false,
    rejectUnauthorized: tls?.verify ?? true,
    ...(tls?.ca === undefined ? {} : { ca: tls.ca }),
  })
  // undici would take the name from the Host line, which is the browser's name for the application.
  const servername = tls?.serverName ?? ''
  const limits = {
    headersTimeout: head * 1000,
    bodyTimeout: idle * 1000,
    maxHeaderSize: MAX_HEAD_BYTES,
    pipelining: 1,
  }
  const open = () => {
    const lane: Lane = { socket: undefined, requests: 0 }
    const client = new Client(origin, {
      ...limits,
      connect: (options, callback) =>
        connector({ ...options, servername }, (error, socket) => {
          if (error) return callback(error, null)
          Object.assign(lane, { socket, requests: 0 })
          whenSilent(socket, callback)
        }),
    })
    return onLane(client, lane)
  }

  // Without this it would let one connection find out first whether HTTP/2 is spoken there.
  const pool = new Pool(origin, { ...limits, factory: open, allowH2: false })
  const singles = new Set<Client>()
  return {
    kept: (options, handler) => pool.dispatch(options, handler),
    alone(options, handler) {
      const client = open()
      singles.add(client)
      client.dispatch({ ...options, reset: true }, handler)
      const forget = () => singles.delete(client)
      client.close().then(forget, forget)
    },
    async retire() {
      await pool.close()
    },
    async destroy() {
      await Promise.all([pool, ...singles].map((one) => one.destroy()))
    },
  }
}

/** One connection, as far as a failure on it is judged by it. */
interface Lane {
  socket: Socket | undefined
  /** How many it has carried. */
  requests: number
}

/** Tells every exchange which connection carries it. */
function onLane(client: Client, lane: Lane): Client {
  const dispatch = client.dispatch.bind(client)
  client.dispatch = (options, handler) => {
    if ('lane' in handler) handler.lane = lane
    return dispatch(options, handler)
  }
  return client
}

/**
 * Waits for the loop to come round to the socket once more. Whoever speaks before anything was asked
 * would give an answer to the wrong person, and each after it to the next.
 */
function whenSilent(socket: Socket, callback: buildConnector.Callback): void {
  setImmediate(() =>
    setImmediate(() => {
      if (socket.destroyed) return callback(new UpstreamUnreachable(), null)
      if (socket.readableLength === 0) return callback(null, socket)
      socket.destroy()
      callback(new UpstreamBroken({ detail: 'spoke before it was asked' }), null)
    }),
  )
}

/**
 * A failing upstream destroys the body it was given, and with a client's message that would be the
 * client's connection, on which the failure has yet to be told.
 */
function detached(body: IncomingMessage): Readable {
  const copy = new PassThrough()
  copy.on('error', () => undefined)
  body.once('end', () => {
    if (isWhole(body)) copy.end()
    // Half a request must not look like a whole one.
    else copy.destroy(new Error('the client is gone'))
  })
  return body.pipe(copy, { end: false })
}

interface RunningExchange extends Exchange {
  handler: Dispatcher.DispatchHandler
  fail(cause: unknown): void
}

/** @param retry Sends the request once more, if it may be. @returns Whether it did. */
function createExchange(receiver: Receiver, retry: (failure: Failure) => boolean): RunningExchange {
  let controller: Dispatcher.DispatchController | undefined
  let aborted = false
  let over = false
  let interim = 0
  let isAnswered = false
  /** What the connection had brought before the request; absent until it is sent. */
  let readBefore: number | undefined

  const failureFrom = (cause: unknown): Failure => {
    const { lane } = handler
    const read = lane?.socket?.bytesRead ?? 0
    const stage = read === readBefore && !isAnswered ? 'unanswered' : 'answered'
    return {
      error: translate(cause),
      stage: readBefore === undefined ? 'unsent' : stage,
      onKept: (lane?.requests ?? 0) > 1,
    }
  }
  const fail = (cause: unknown) => {
    if (over) return
    const failure = failureFrom(cause)
    controller = undefined
    readBefore = undefined
    if (!aborted && retry(failure)) return
    over = true
    if (!aborted) receiver.failure(failure.error)
  }

  const handler: Dispatcher.DispatchHandler & { lane: Lane | undefined } = {
    lane: undefined,
    onRequestStart(started) {
      controller = started
      const { lane } = handler
      if (lane) lane.requests += 1
      readBefore = lane?.socket?.bytesRead ?? 0
      if (aborted) started.abort(new Error('the client is gone'))
    },
    onResponseStart(current, status, _, reason = '') {
      isAnswered = true
      if (status < 200) {
        interim += 1
        if (interim > MAX_INTERIM_ANSWERS) current.abort(new UpstreamBroken())
        return
      }
      receiver.head(status, reason, linesOf(current.rawHeaders))
    },
    onResponseData(current, chunk) {
      if (!receiver.data(chunk)) current.pause()
    },
    onResponseEnd() {
      if (over) return
      over = true
      if (!aborted) receiver.end()
    },
    onResponseError(_, error) {
      fail(error)
    },
  }

  return {
    handler,
    fail,
    resume: () => controller?.resume(),
    abort() {
      if (over || aborted) return
      aborted = true
      controller?.abort(new Error('the client is gone'))
    },
  }
}

/** undici hands raw headers over as one flat list of names and values. */
function linesOf(raw: Dispatcher.DispatchController['rawHeaders']): HeaderLine[] {
  if (!Array.isArray(raw)) return []
  const lines: HeaderLine[] = []
  for (let at = 0; at < raw.length; at += 2) {
    lines.push([textOf(raw[at]), textOf(raw[at + 1])])
  }
  return lines
}

const textOf = (bytes: Buffer | string | undefined): string =>
  typeof bytes === 'string' ? bytes : (bytes?.toString('latin1') ?? '')

function translate(cause: unknown): AppError {
  if (cause instanceof UpstreamBroken || cause instanceof UpstreamUnreachable) return cause
  const detail = cause instanceof Error ? cause.message : String(cause)
  const late = [errors.ConnectTimeoutError, errors.HeadersTimeoutError, errors.BodyTimeoutError]
  if (late.some((kind) => cause instanceof kind)) return new UpstreamTooSlow({ cause, detail })
  const broken = [
    errors.HTTPParserError,
    errors.HeadersOverflowError,
    errors.ResponseContentLengthMismatchError,
  ]
  if (broken.some((kind) => cause instanceof kind)) return new UpstreamBroken({ cause, detail })
  return new UpstreamUnreachable({ cause, detail })
}
