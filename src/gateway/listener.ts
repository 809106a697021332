import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Log } from '../base/log.ts'
import { StoreUnavailable } from '../store/errors.ts'
import type { PageListener } from '../web/listener.ts'
import { type Answer, sendAnswer } from './answers.ts'
import type { KeysDoor } from './assertion/keys-door.ts'
import type { Client } from './client.ts'
import type { Dialect } from './dialects/contract.ts'
import type { Dialects } from './dialects/index.ts'
import type { Door } from './door.ts'
import type { ForwardAuthDoor } from './forward-auth.ts'
import { peerOf } from './listen/peer.ts'
import type { OldAddresses } from './old-addresses.ts'
import type { ProxyDoor } from './proxy.ts'
import type { Refusals } from './refusals.ts'
import { type GatewayRequest, isRefusal, type Message, type RequestReader } from './request.ts'
import type { Routes } from './routes.ts'

/** Listens to every message of the server. */
export type Listener = (message: IncomingMessage, response: ServerResponse) => void

/**
 * Takes what is plainly one of the two requests that come most: a proxy's question, or a page of an
 * application.
 *
 * @param clientOf Opens the way by which the answer to a page goes; called only when it is one.
 * @returns The answer to a question; `taken` when the client gets its own; `undefined` for everything
 * else: a {@link Listener} takes that.
 */
export type PlainListener = (
  message: Message,
  clientOf: () => Client,
) => Answer | Promise<Answer> | 'taken' | undefined

export interface ListenerDeps {
  readRequest: RequestReader
  routes: Routes
  dialects: Dialects
  portal: URL
  forwardAuth: ForwardAuthDoor
  proxy: ProxyDoor
  /** The public keys of an application's statements. */
  keys: KeysDoor
  /** Where people sign in and out at other gateways. */
  oldAddresses: OldAddresses
  /** The portal's pages. */
  pages: PageListener
  documents: RootDocuments
  refusals: Refusals
  log: Log
}

/** Documents of ours at the root of hosts, whoever lives there otherwise. */
export interface RootDocuments {
  hosts: ReadonlySet<string>
  /** Their addresses, each exactly. */
  paths: { has(path: string): boolean }
}

/** Our own pages on the host of an application. */
const OWN_PREFIX = '/.gatehouse/'

export interface Listeners {
  listener: Listener
  plain: PlainListener
}

/** Reads each message once, and shows it to its door; the same one, whichever way it came. */
export function createListeners(deps: ListenerDeps): Listeners {
  const doorFor = createSignpost(deps)
  return { listener: createListener(deps, doorFor), plain: createPlainListener(deps, doorFor) }
}

type Signpost = (request: GatewayRequest) => Door

/** Nothing behind a door may end in silence, and never in yes. */
function failed({ refusals, log }: ListenerDeps, request: GatewayRequest, cause: unknown): Answer {
  // The store tells of its own trouble, once and not with every request.
  if (!(cause instanceof StoreUnavailable))
    log.error({ error: cause instanceof Error ? cause.stack : String(cause) }, 'gateway: fault')
  return refusals.failed(request, cause)
}

function createListener(deps: ListenerDeps, doorFor: Signpost): Listener {
  const { readRequest, dialects, refusals } = deps

  return (message, response) => {
    const request = readRequest(message)
    if (isRefusal(request)) {
      const { address } = peerOf(message.socket)
      const status = malformedStatus(request.status, dialects.at(message.url ?? ''))
      const refusal = { reason: request.reason, status }
      return sendAnswer(message, response, refusals.malformed(refusal, address))
    }
    try {
      doorFor(request)(message, response, request)
    } catch (cause) {
      sendAnswer(message, response, failed(deps, request, cause))
    }
  }
}

function createPlainListener(deps: ListenerDeps, doorFor: Signpost): PlainListener {
  const { readRequest, forwardAuth, proxy } = deps
  const answerTo = (request: GatewayRequest) => {
    try {
      const answer = forwardAuth.answerTo(request)
      if (!(answer instanceof Promise)) return answer
      return answer.catch((cause) => failed(deps, request, cause))
    } catch (cause) {
      return failed(deps, request, cause)
    }
  }

  return (message, clientOf) => {
    const request = readRequest(message)
    // Said no to by the other listener, in one place.
    if (isRefusal(request)) return undefined
    const door = doorFor(request)
    if (door === forwardAuth.take) return answerTo(request)
    if (door !== proxy.take) return undefined
    const client = clientOf()
    try {
      proxy.carry(client, request)
    } catch (cause) {
      client.answer(failed(deps, request, cause))
    }
    return 'taken'
  }
}

/** A form is small, and comes at once; an upload to an application may take as long as it needs. */
const FORM_TIMEOUT_MS = 15_000
// Whoever is to answer still waits for the rest, so this cannot be its answer.
const TOO_SLOW = 'HTTP/1.1 408 Request Timeout\r\nConnection: close\r\nContent-Length: 0\r\n\r\n'

/** Ends the connection of a client that does not get its form across the line. */
function hurry(message: IncomingMessage, response: ServerResponse): void {
  const timer = setTimeout(() => {
    const { socket } = message
    if (!response.headersSent) socket.end(TOO_SLOW)
    socket.destroySoon()
  }, FORM_TIMEOUT_MS).unref()
  const done = () => clearTimeout(timer)
  message.once('end', done).once('close', done)
}

// "This makes no sense" in the words of the one who asks.
const malformedStatus = (status: number, dialect: Dialect | undefined) =>
  status === 400 ? (dialect?.malformed ?? 400) : status

const reads = ({ method }: GatewayRequest) => method === 'GET' || method === 'HEAD'

function createSignpost(deps: ListenerDeps): Signpost {
  const { routes, dialects, oldAddresses, portal, forwardAuth, proxy, keys } = deps
  const { pages, documents, refusals } = deps
  const home = portal.pathname

  const toPages: Door = (message, response, request) => {
    if (request.expectsContinue) response.writeContinue()
    if (request.hasBody) hurry(message, response)
    pages(message, response, request)
  }
  const nowhere: Door = (message, response, request) =>
    sendAnswer(message, response, refusals.notServed(request))

  return (request) => {
    const { rawPath } = request
    if (dialects.at(request.target)) return forwardAuth.take
    if (reads(request) && documents.paths.has(rawPath) && documents.hosts.has(request.host)) {
      return toPages
    }
    const known = oldAddresses(request)
    if (known) return (message, response) => sendAnswer(message, response, known)
    if (routes.isPortal(request) && rawPath.startsWith(home)) return toPages
    const route = routes.find(request)
    if (!route) return nowhere
    const form = reads(request) ? route.assertion.keysAt.get(rawPath) : undefined
    if (form) return keys(route, form)
    if (rawPath.startsWith(OWN_PREFIX)) return toPages
    return route.upstream === undefined ? nowhere : proxy.take
  }
}
