import type { IncomingMessage } from 'node:http'
import type { AccessNotes } from '../audit/access.ts'
import type { AppError } from '../base/errors.ts'
import type { Log } from '../base/log.ts'
import type { DoorCookies } from '../session/cookie.ts'
import type { Answer, Answers } from './answers.ts'
import type { Assertions } from './assertion/assertions.ts'
import type { Allowed, Asked, Corridor, Decision } from './authorize.ts'
import { type Client, servedClient } from './client.ts'
import { clientHeaders, privately } from './client-headers.ts'
import { type Destination, targetFor } from './destination.ts'
import type { Dispatch } from './dispatch.ts'
import { askedBy, type Door, identityOf } from './door.ts'
import { UpstreamBroken } from './errors.ts'
import type { Identity, IdentityHeaders } from './identity-headers.ts'
import { kindOf } from './kind.ts'
import type { GatewayMeters } from './meters.ts'
import type { Refusals } from './refusals.ts'
import { relocated } from './relocation.ts'
import type { GatewayRequest, HeaderLine } from './request.ts'
import type { Standing } from './standing.ts'
import type { EndReason, Stream, Streams } from './streams.ts'
import type { Exchange, Receiver } from './upstream.ts'
import type { Piece } from './wire/answer-reader.ts'

export interface ProxyDoorDeps {
  corridor: Corridor
  access: Pick<AccessNotes, 'allowed'>
  cookies: DoorCookies
  identityHeaders: IdentityHeaders
  assertions: Assertions
  dispatch: Dispatch
  standing: Standing
  streams: Streams
  answers: Answers
  meters: Pick<GatewayMeters, 'answered' | 'failed'>
  refusals: Refusals
  log: Log
}

/** Door two: a browser's request goes through us to the application. */
export interface ProxyDoor {
  take: Door
  /** The same for a request without a body that was read in another way. */
  carry(client: Client, request: GatewayRequest): void
}

export function createProxyDoor(deps: ProxyDoorDeps): ProxyDoor {
  const { corridor, cookies, refusals } = deps

  const visit = (client: Client, request: GatewayRequest, body: Body | undefined) => {
    const sessionToken = cookies.sessionAt(request.host).read(request.cookie)
    const asked = { ...askedBy(request), sessionToken }
    const decision = corridor.authorize(asked)
    if (decision.kind !== 'allow') {
      return client.answer(refuse(deps, request, decision))
    }
    const { upstream } = decision.route
    if (upstream === undefined) {
      return client.answer(refusals.notServed(request))
    }
    const target = targetFor(upstream, request.target)
    if (target === undefined) {
      return client.answer(refusals.notFound(request))
    }
    deps.access.allowed(decision, asked)
    const passage = { client, request, body, asked, allowed: decision, upstream, target }
    const identity = identityOf(deps.assertions, decision)
    if (identity instanceof Promise || body) void carry(deps, passage, identity)
    else forward(deps, passage, identity)
  }

  return {
    carry: (client, request) => visit(client, request, undefined),
    take(message, response, request) {
      const askFor = () => {
        if (request.expectsContinue) response.writeContinue()
      }
      const body = request.hasBody ? { message, askFor } : undefined
      visit(servedClient(message, response), request, body)
    },
  }
}

interface Body {
  /** Streamed as it comes. */
  message: IncomingMessage
  /** Has a client send it that has not begun to. */
  askFor(): void
}

function refuse(
  { answers, refusals }: ProxyDoorDeps,
  request: GatewayRequest,
  decision: Exclude<Decision, Allowed>,
): Answer {
  const kind = kindOf(request, request.method)
  if (decision.kind === 'no_route') return refusals.noRoute(request, kind, decision.reason)
  const url = decision.route.origin + request.target
  if (decision.kind === 'deny') {
    const { address, method, rawPath } = request
    return refusals.denied({ address, method, rawPath, kind, url }, decision)
  }
  if (kind === 'programmatic') {
    return answers.challenge(decision.requirement, decision.signedIn)
  }
  const reads = request.method === 'GET' || request.method === 'HEAD'
  return answers.redirect(reads ? 302 : 303, answers.loginLink(url, request.method))
}

interface Passage {
  client: Client
  request: GatewayRequest
  body: Body | undefined
  asked: Asked
  allowed: Allowed
  upstream: Destination
  /** What goes out, byte for byte. */
  target: string
}

async function carry(
  deps: ProxyDoorDeps,
  passage: Passage,
  coming: Identity | undefined | Promise<Identity>,
): Promise<void> {
  const { client, request, body } = passage
  try {
    const identity = await coming
    // Whatever of the body came with the head has been parsed by then. Had it been malformed, the
    // message would be gone, and the application would never hear of it.
    if (body) await new Promise(setImmediate)
    if (client.isOver()) return
    forward(deps, passage, identity)
  } catch (cause) {
    deps.log.error({ error: String(cause), host: request.host }, 'gateway: request failed')
    client.answer(deps.refusals.failed(request, cause))
  }
}

function forward(deps: ProxyDoorDeps, passage: Passage, identity: Identity | undefined): void {
  const { client, request, body, allowed, upstream, target } = passage
  body?.askFor()

  const stream: Stream = {
    asked: passage.asked,
    sessionId: allowed.signedIn?.session.id,
    allowedBy: deps.standing,
    isEndless: false,
    end: (why) => endEarly(deps, passage, { stream, exchange, why }),
  }
  const exchange = deps.dispatch.send(
    upstream,
    {
      method: request.method,
      target,
      headers: deps.identityHeaders.forUpstream(request, allowed.route, identity),
      body: body?.message,
    },
    receiverFor(deps, passage, stream),
  )
  deps.streams.add(stream)
  client.hear({
    drained: exchange.resume,
    closed(isAnswered) {
      deps.streams.remove(stream)
      if (!isAnswered) exchange.abort()
    },
  })
}

/** Ends a request under way from our side. */
function endEarly(
  deps: ProxyDoorDeps,
  { client, request, asked }: Passage,
  { stream, exchange, why }: { stream: Stream; exchange: Exchange; why: EndReason },
): void {
  // What has an end may reach it while the gateway drains.
  if (why === 'going_away' && !stream.isEndless) return
  exchange.abort()
  if (client.hasHead()) client.breakOff()
  else client.answer(refusalNow(deps, request, asked))
}

/** The answer to a request that would not be let in any more. */
function refusalNow(deps: ProxyDoorDeps, request: GatewayRequest, asked: Asked): Answer {
  try {
    const decision = deps.corridor.reconsider(asked)
    if (decision.kind !== 'allow') return refuse(deps, request, decision)
  } catch (cause) {
    deps.log.error({ error: String(cause), host: request.host }, 'gateway: request failed')
    return deps.refusals.failed(request, cause)
  }
  return deps.refusals.failed(request, 'let in again')
}

/** Writes an application's answer to the client as it comes. */
function receiverFor(deps: ProxyDoorDeps, passage: Passage, stream: Stream): Receiver {
  const { client, allowed, request } = passage
  const { relocation } = passage.upstream
  const failure = (error: AppError) => {
    // Half an answer must not look like a whole one.
    if (client.hasHead()) {
      deps.meters.failed(allowed.route, 'broken_off')
      return client.breakOff()
    }
    const { code, detail } = error
    deps.log.warn({ fault: code, detail, host: request.host }, 'gateway: application failed')
    client.answer(deps.refusals.upstreamFailed(request, allowed.route, error))
  }
  const sentAt = performance.now()
  let broken = false
  let isHeadOut = false
  /** What came of the body with the head, and goes out with it. */
  let first: Piece | undefined
  const writeFirst = () => {
    const piece = first
    first = undefined
    isHeadOut = true
    if (piece !== undefined) client.write(piece)
  }

  return {
    head(status, reason, headers) {
      deps.meters.answered(allowed.route, (performance.now() - sentAt) / 1000)
      stream.isEndless = isEventStream(headers)
      try {
        const lines = clientHeaders(headers, deps.cookies)
        const told = relocation ? relocated(relocation, lines) : lines
        client.head(status, reason, allowed.signedIn ? privately(told) : told)
      } catch (cause) {
        broken = true
        return failure(new UpstreamBroken({ cause, detail: String(cause) }))
      }
    },
    data(piece) {
      if (broken) return true
      if (!isHeadOut && first === undefined) {
        first = piece
        return true
      }
      writeFirst()
      return client.write(piece)
    },
    soFar() {
      if (broken || isHeadOut || !client.hasHead() || client.isOver()) return
      // A stream of which nothing has come yet shows its head.
      if (first === undefined) client.flush()
      writeFirst()
    },
    end() {
      // An answer that came in one piece goes out in one.
      if (!broken) client.end(first)
    },
    failure,
  }
}

const isEventStream = (headers: readonly HeaderLine[]): boolean =>
  headers.some(
    ([name, value]) => /^content-type$/i.test(name) && /^text\/event-stream/i.test(value),
  )
