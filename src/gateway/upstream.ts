import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import { PassThrough, type Readable } from 'node:stream'
import { buildConnector, type Dispatcher, errors, Pool } from 'undici'
import type { AppError } from '../base/errors.ts'
import { headFor, type Limits, type UpstreamServer } from './destination.ts'
import { UpstreamBroken, UpstreamTooSlow, UpstreamUnreachable } from './errors.ts'
import type { HeaderLine } from './request.ts'

/** One request, ready to be sent. */
export interface Outgoing {
  server: UpstreamServer
  method: string
  target: string
  headers: readonly HeaderLine[]
  /** Streamed as it comes. */
  body: IncomingMessage | undefined
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

/** Sends requests on to applications, over kept connections. */
export interface Upstreams {
  send(outgoing: Outgoing, receiver: Receiver): Exchange
  /** Takes no more; returns once everything under way has ended. */
  retire(): Promise<void>
  close(): Promise<void>
}

/** More interim answers (1xx) than anybody has a use for. */
const MAX_INTERIM_ANSWERS = 16
const MAX_HEAD_BYTES = 64 * 1024

export function createUpstreams(timeouts: Limits): Upstreams {
  const pools = new Map<UpstreamServer, Pool>()
  const poolOf = (server: UpstreamServer): Pool => {
    const known = pools.get(server)
    if (known) return known
    const pool = openPool(server, { ...timeouts, ...server.limits })
    pools.set(server, pool)
    return pool
  }

  return {
    send({ server, method, target, headers, body }, receiver) {
      const exchange = createExchange(receiver)
      const stream = body && detached(body)
      const options = {
        method,
        path: target,
        headers: headFor(server, headers).flat(),
        body: stream ?? null,
        // A request is sent once: what an application has seen of it is not known to us.
        idempotent: false,
      }
      try {
        poolOf(server).dispatch(options, exchange.handler)
      } catch (cause) {
        exchange.fail(cause)
      }
      return exchange
    },

    async retire() {
      await Promise.all(Array.from(pools.values(), (pool) => pool.close()))
    },

    async close() {
      await Promise.all(Array.from(pools.values(), (pool) => pool.destroy()))
    },
  }
}

function openPool({ origin, tls }: UpstreamServer, { connect, head, idle }: Limits): Pool {
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
  return new Pool(origin, {
    connect: (options, callback) =>
      connector({ ...options, servername }, (error, socket) => {
        if (error) callback(error, null)
        else whenSilent(socket, callback)
      }),
    headersTimeout: head * 1000,
    bodyTimeout: idle * 1000,
    maxHeaderSize: MAX_HEAD_BYTES,
    pipelining: 1,
  })
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
  return body.pipe(copy)
}

interface RunningExchange extends Exchange {
  handler: Dispatcher.DispatchHandler
  fail(cause: unknown): void
}

function createExchange(receiver: Receiver): RunningExchange {
  let controller: Dispatcher.DispatchController | undefined
  let aborted = false
  let over = false
  let interim = 0

  const fail = (cause: unknown) => {
    if (over) return
    over = true
    if (!aborted) receiver.failure(translate(cause))
  }

  const handler: Dispatcher.DispatchHandler = {
    onRequestStart(started) {
      controller = started
      if (aborted) started.abort(new Error('the client is gone'))
    },
    onResponseStart(current, status, _, reason = '') {
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
