import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AccessNotes } from '../audit/access.ts'
import type { Log } from '../base/log.ts'
import type { SignedIn } from '../model/session.ts'
import type { DoorCookies } from '../session/cookie.ts'
import type { Realms } from '../session/realms.ts'
import { type Answer, type Answers, sendAnswer } from './answers.ts'
import type { Assertions } from './assertion/assertions.ts'
import type { Allowed, Corridor, Decision, NoRouteReason } from './authorize.ts'
import type { Dialect } from './dialects/contract.ts'
import type { Dialects } from './dialects/index.ts'
import type { OriginalRequest } from './dialects/original-request.ts'
import { type Door, identityOf } from './door.ts'
import type { Identity, IdentityHeaders } from './identity-headers.ts'
import { kindOf } from './kind.ts'
import type { Refusals } from './refusals.ts'
import type { GatewayRequest } from './request.ts'
import type { Route, Routes } from './routes.ts'
import { comesFromOwnPage, isAboutSocket } from './web-socket.ts'

export interface ForwardAuthDoorDeps {
  routes: Pick<Routes, 'find'>
  dialects: Dialects
  corridor: Corridor
  access: Pick<AccessNotes, 'allowed'>
  cookies: DoorCookies
  realms: Pick<Realms, 'of' | 'home'>
  identityHeaders: IdentityHeaders
  assertions: Assertions
  answers: Answers
  refusals: Refusals
  log: Log
}

/** A question, as far as it is understood. */
interface Question {
  dialect: Dialect
  request: GatewayRequest
  original: OriginalRequest
}

type NotAllowed = Exclude<Decision, Allowed | { kind: 'no_route' }>

/** Door one: answers a proxy about a request that it holds at its own door. */
export interface ForwardAuthDoor {
  take: Door
  /** The same for a question that was read in another way. A promise of it may fail. */
  answerTo(request: GatewayRequest): Answer | Promise<Answer>
}

export function createForwardAuthDoor(deps: ForwardAuthDoorDeps): ForwardAuthDoor {
  const { routes, dialects, corridor, access, cookies, realms, refusals } = deps
  const isAbroad = (host: string) => realms.of(host).name !== realms.home.name
  // Where requests reach an application through us, a page of it can reach this door, too, also through a
  // proxy that is trusted. What one application is told of a person is no business of another.
  const asksForAnother = (request: GatewayRequest, { host }: OriginalRequest) =>
    host !== request.host && routes.find(request)?.upstream !== undefined

  const yes = createYes(deps)
  const answerTo = (request: GatewayRequest): Answer | Promise<Answer> => {
    if (!request.peerIsTrusted) return refusals.untrustedProxy(request)
    const dialect = dialects.at(request.target)
    const original = dialect?.read(request)
    if (!dialect || !original) {
      return refusals.badQuestion(request, dialect?.malformed ?? 400, 'no_request')
    }

    if (asksForAnother(request, original)) {
      return refusals.badQuestion(request, dialect.malformed, 'asked_by_an_application')
    }
    if (original.rawPath.startsWith('/.gatehouse/') && isAbroad(original.host)) {
      return refusals.notSentHere(request, kindOf(request, original.method ?? 'GET'), original.host)
    }

    const { address } = request
    const sessionToken = cookies.sessionAt(original.host).read(request.cookie)
    const asked = { ...original, address, sessionToken }
    const decision = corridor.authorize(asked)
    if (decision.kind === 'no_route') {
      return nowhere(deps, { dialect, request, original }, decision.reason)
    }
    const { scheme } = original
    if (scheme !== undefined && !decision.route.origin.startsWith(`${scheme}:`)) {
      return refusals.badQuestion(request, dialect.malformed, 'other_scheme')
    }
    const question = { dialect, request, original }
    if (decision.kind !== 'allow') return refused(deps, question, decision)
    if (dialect.afterRefusal) {
      return refusals.closed(request, kindOf(request, original.method ?? 'GET'), original.host)
    }
    // Without a session a page of another site can do no more than anybody.
    if (decision.signedIn && isAboutSocket(request) && !comesFromOwnPage(request, decision.route)) {
      return refusals.foreignOrigin(request, decision.route)
    }
    const limited = keptOut(question, decision)
    if (limited) return refused(deps, question, limited)
    access.allowed(decision, asked)
    return yes(dialect, decision)
  }

  return {
    answerTo,
    take(message, response, request) {
      const answer = answerTo(request)
      if (answer instanceof Promise) void answerLater(deps, { message, response, request }, answer)
      else sendAnswer(message, response, answer)
    },
  }
}

function nowhere(
  { refusals }: ForwardAuthDoorDeps,
  { dialect, request, original }: Question,
  reason: NoRouteReason,
): Answer {
  const isAmbiguous = reason === 'ambiguous_path' || reason === 'ambiguous_query'
  // Only a proxy that hands answers on would show it to anybody.
  if (!isAmbiguous || !dialect.redirects) {
    return refusals.badQuestion(request, dialect.malformed, reason)
  }
  const kind = kindOf(request, original.method ?? 'GET')
  return refusals.ambiguous({ ...original, address: request.address, kind }, reason)
}

async function answerLater(
  { refusals, log }: Pick<ForwardAuthDoorDeps, 'refusals' | 'log'>,
  to: { message: IncomingMessage; response: ServerResponse; request: GatewayRequest },
  coming: Promise<Answer>,
): Promise<void> {
  try {
    sendAnswer(to.message, to.response, await coming)
  } catch (cause) {
    log.error({ error: String(cause) }, 'gateway: forward-auth failed')
    sendAnswer(to.message, to.response, refusals.failed(to.request, cause))
  }
}

/** What a proxy asks for beyond the rules can only keep people out. */
function keptOut({ dialect, request }: Question, { route, signedIn }: Allowed) {
  const rule = 'the question of the proxy'
  const about = { rule, position: Number.POSITIVE_INFINITY, route, signedIn } as const
  if (!signedIn) {
    if (!dialect.needsSomebody?.(request)) return undefined
    const requirement = { aal: 1, phishingResistant: false } as const
    return { kind: 'authenticate', requirement, ...about } as const
  }
  if (dialect.admits?.(request, signedIn) ?? true) return undefined
  return { kind: 'deny', reason: 'not_a_member', ...about } as const
}

/** What a proxy was last told about somebody. */
interface Told {
  dialect: Dialect
  route: Route
  assertion: string
  answer: Answer
}

/** Says yes, in the same words as long as there is nothing new to say. */
function createYes({ assertions, identityHeaders }: ForwardAuthDoorDeps) {
  const told = new WeakMap<SignedIn, Told>()
  const make = (dialect: Dialect, route: Route, identity: Identity | undefined): Answer => ({
    status: dialect.yes,
    headers: [
      ...identityHeaders.forProxy(route, identity),
      ...(dialect.identityLines?.(identity) ?? []),
      NO_STORE,
    ],
    isKept: identity !== undefined,
  })

  return (dialect: Dialect, decision: Allowed): Answer | Promise<Answer> => {
    const { route } = decision
    const yes = (identity: Identity | undefined): Answer => {
      if (!identity) return make(dialect, route, undefined)
      const { signedIn, assertion } = identity
      const last = told.get(signedIn)
      if (last?.assertion === assertion && last.dialect === dialect && last.route === route) {
        return last.answer
      }
      const answer = make(dialect, route, identity)
      told.set(signedIn, { dialect, route, assertion, answer })
      return answer
    }
    const identity = identityOf(assertions, decision)
    return identity instanceof Promise ? identity.then(yes) : yes(identity)
  }
}

const NO_STORE = ['Cache-Control', 'no-store'] as const

function refused(
  { answers, refusals }: ForwardAuthDoorDeps,
  { dialect, request, original }: Question,
  decision: NotAllowed,
): Answer {
  const { method = 'GET', rawPath, target } = original
  const kind = kindOf(request, method)
  const url = decision.route.origin + target
  if (decision.kind === 'deny') {
    const reference = dialect.reference?.(request)
    const { address } = request
    return refusals.denied({ address, method, rawPath, kind, url, reference }, decision)
  }
  const challenge = answers.challenge(decision.requirement, decision.signedIn)
  if (kind === 'programmatic') return challenge

  const location = answers.loginLink(url, method)
  if (dialect.redirects) {
    return answers.redirect(method === 'GET' || method === 'HEAD' ? 302 : 303, location)
  }
  const names = ['Location', ...(dialect.locationHeader ? [dialect.locationHeader] : [])]
  const lines = names.map((name) => [name, location] as const)
  return { ...challenge, headers: [...challenge.headers, ...lines] }
}
