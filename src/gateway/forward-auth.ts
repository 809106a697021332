import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Log } from '../base/log.ts'
import type { DoorCookies } from '../session/cookie.ts'
import type { Realms } from '../session/realms.ts'
import { type Answer, type Answers, sendAnswer } from './answers.ts'
import type { Assertions } from './assertion/assertions.ts'
import type { Allowed, Corridor, Decision } from './authorize.ts'
import { type Door, identityOf } from './door.ts'
import type { IdentityHeaders } from './identity-headers.ts'
import { kindOf } from './kind.ts'
import { forwardedRequest, type OriginalRequest, originalRequest } from './original-request.ts'
import type { Refusals } from './refusals.ts'
import type { GatewayRequest } from './request.ts'

/** Traefik, Caddy and HAProxy hand a redirect on; nginx takes anything but 2xx, 401 and 403 for a fault. */
type Dialect = 'forward-auth' | 'auth-request'

const DIALECTS: ReadonlyMap<string, Dialect> = new Map([
  ['/api/authz/forward-auth', 'forward-auth'],
  ['/api/authz/auth-request', 'auth-request'],
])

const dialectAt = (target: string): Dialect | undefined =>
  DIALECTS.get(target.split('?', 1)[0] ?? '')

/** Is this where proxies ask, with a query or without? The two paths are ours on every host. */
export const isForwardAuthPath = (target: string): boolean => dialectAt(target) !== undefined

/** The status that says "this question makes no sense" in the dialect of the one who asks. */
export const malformedStatus = (target: string): 400 | 403 =>
  dialectAt(target) === 'auth-request' ? 403 : 400

export interface ForwardAuthDoorDeps {
  corridor: Corridor
  cookies: DoorCookies
  realms: Pick<Realms, 'of' | 'home'>
  identityHeaders: IdentityHeaders
  assertions: Assertions
  answers: Answers
  refusals: Refusals
  log: Log
}

/** Door one: answers a proxy about a request that it holds at its own door. */
export function createForwardAuthDoor(deps: ForwardAuthDoorDeps): Door {
  const { corridor, cookies, realms, refusals } = deps
  const isAbroad = (host: string) => realms.of(host).name !== realms.home.name

  const answerTo = (request: GatewayRequest): Answer | Promise<Answer> => {
    if (!request.peerIsTrusted) return refusals.untrustedProxy(request)
    const dialect = DIALECTS.get(request.rawPath) ?? 'forward-auth'
    const original = (dialect === 'auth-request' ? originalRequest : forwardedRequest)(request)
    if (!original) return refusals.badQuestion(request, malformedStatus(request.rawPath))

    if (original.rawPath.startsWith('/.gatehouse/') && isAbroad(original.host)) {
      return refusals.notSentHere(request, kindOf(request, original.method), original.host)
    }

    const { address } = request
    const sessionToken = cookies.sessionAt(original.host).read(request.cookie)
    const decision = corridor.authorize({ ...original, address, sessionToken })
    if (decision.kind === 'no_route' || !decision.route.origin.startsWith(`${original.scheme}:`)) {
      return refusals.badQuestion(request, malformedStatus(request.rawPath))
    }
    if (decision.kind === 'allow') return allowed(deps, decision)
    return refused(deps, dialect, request, original, decision)
  }

  return (message, response, request) => {
    void answerLater(deps, { message, response, request }, answerTo(request))
  }
}

async function answerLater(
  { refusals, log }: ForwardAuthDoorDeps,
  to: { message: IncomingMessage; response: ServerResponse; request: GatewayRequest },
  coming: Answer | Promise<Answer>,
): Promise<void> {
  try {
    sendAnswer(to.message, to.response, await coming)
  } catch (cause) {
    log.error({ error: String(cause) }, 'gateway: forward-auth failed')
    sendAnswer(to.message, to.response, refusals.failed(to.request))
  }
}

async function allowed(
  { assertions, identityHeaders }: ForwardAuthDoorDeps,
  decision: Allowed,
): Promise<Answer> {
  const identity = await identityOf(assertions, decision)
  return {
    // Exactly this: Envoy takes no other 2xx for a yes.
    status: 200,
    headers: [...identityHeaders.forProxy(decision.route, identity), ['Cache-Control', 'no-store']],
  }
}

function refused(
  { answers, refusals }: ForwardAuthDoorDeps,
  dialect: Dialect,
  request: GatewayRequest,
  { method, rawPath, target }: OriginalRequest,
  decision: Exclude<Decision, Allowed | { kind: 'no_route' }>,
): Answer {
  const kind = kindOf(request, method)
  const url = decision.route.origin + target
  if (decision.kind === 'deny') {
    return refusals.denied({ address: request.address, method, rawPath, kind, url }, decision)
  }
  const challenge = answers.challenge(decision.requirement, decision.signedIn)
  if (kind === 'programmatic') return challenge

  const location = answers.loginLink(url, method)
  if (dialect === 'auth-request') {
    return { ...challenge, headers: [...challenge.headers, ['Location', location]] }
  }
  return answers.redirect(method === 'GET' || method === 'HEAD' ? 302 : 303, location)
}
