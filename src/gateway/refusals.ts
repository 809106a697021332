import type { Audit } from '../audit/record.ts'
import type { AppError } from '../base/errors.ts'
import { newReference } from '../base/reference.ts'
import type { SignedIn } from '../model/session.ts'
import type { Answer, Answers } from './answers.ts'
import type { Decision } from './authorize.ts'
import { walkOf } from './explain.ts'
import { kindOf, type RequestKind } from './kind.ts'
import type { GatewayMeters } from './meters.ts'
import { REFERENCE_HEADER } from './reference.ts'
import type { GatewayRequest } from './request.ts'
import type { Route } from './routes.ts'

type Denied = Extract<Decision, { kind: 'deny' }>
type NoRoute = Extract<Decision, { kind: 'no_route' }>

/** What was asked for and denied; of a proxy's question, the request that it is about. */
export interface DeniedVisit {
  address: string
  method: string
  rawPath: string
  kind: RequestKind
  /** As an address to come back to. */
  url: string
  /** The number of the refusal, where it has been written down already. */
  reference?: string | undefined
}

/** The same, where nobody can say for sure what was asked for. */
export type AmbiguousVisit = Pick<DeniedVisit, 'address' | 'rawPath' | 'kind'> & { host: string }

/** Every no: written down once, and said so that a person or a program can do something with it. */
export interface Refusals {
  /** Access denied by a rule. */
  denied(visit: DeniedVisit, decision: Denied): Answer
  noRoute(request: GatewayRequest, kind: RequestKind, reason: NoRoute['reason']): Answer
  /** What is asked for can be read in two ways, and a rule depends on which. */
  ambiguous(visit: AmbiguousVisit, reason: 'ambiguous_path' | 'ambiguous_query'): Answer
  /** Nothing is served at this address. */
  notServed(request: GatewayRequest): Answer
  /** The application begins further down than this. */
  notFound(request: GatewayRequest): Answer
  upstreamFailed(request: GatewayRequest, route: Route, error: AppError): Answer
  /** Counts and writes down that an application has failed. @returns The number under which that is found. */
  noteUpstream(route: Route, error: Pick<AppError, 'code' | 'detail'>): string
  /** Somebody asks by forward-auth who is no trusted proxy. */
  untrustedProxy(request: GatewayRequest): Answer
  /** A proxy asks about no request, or about one for nobody here. */
  badQuestion(request: GatewayRequest, status: 400 | 401 | 403, why: string): Answer
  /** A proxy asks about a page of ours, on the host of an application, that it has to send to us. */
  notSentHere(request: GatewayRequest, kind: RequestKind, host: string): Answer
  /** A page of another site asks for a WebSocket, with the cookies of whoever looks at it. */
  foreignOrigin(request: GatewayRequest, route: Route): Answer
  /** The proxy in front has said no by itself, and asks what to show. */
  closed(request: GatewayRequest, kind: RequestKind, host: string): Answer
  /** Something broke on our side: nothing is let through. @param cause For whoever looks the number up. */
  failed(request: GatewayRequest, cause: unknown): Answer
  /** Writes down that a message was not taken. @returns The number under which that is found. */
  note(reason: string, address: string, details?: Readonly<Record<string, string>>): string
  /** The answer to a message that was not taken. */
  malformed(refusal: { status: number; reason: string }, address: string): Answer
}

export interface RefusalsDeps {
  answers: Answers
  audit: Audit
  meters: Pick<GatewayMeters, 'failed'>
}

export function createRefusals({ answers, audit, meters }: RefusalsDeps): Refusals {
  const note: Refusals['note'] = (reason, address, details) => {
    const reference = newReference()
    const event = { name: 'access.refused', address, reference } as const
    return audit.record({ ...event, details: { reason, ...details } }) ?? reference
  }

  const noteUpstream: Refusals['noteUpstream'] = (route, { code, detail }) => {
    const { pattern, host } = route
    meters.failed(route, code)
    const reference = newReference()
    const fault = detail === undefined ? {} : { fault: shortened(detail) }
    const details = { route: pattern, host, reason: code, ...fault }
    return audit.record({ name: 'upstream.failed', reference, details }) ?? reference
  }

  const notServed: Refusals['notServed'] = (request) => {
    const reference = note('unknown_host', request.address, { host: request.host })
    return kindOf(request, request.method) === 'programmatic'
      ? answers.problem({ status: 421, code: 'unknown_host', title: 'Not served here.', reference })
      : answers.trouble(421, {
          title: 'This address is not served here',
          reference,
          sentences: [
            'The request came to the right machine, but no application with this name is set up on it. Check the address for a slip.',
            'If you run this site: add the host name under routes in the configuration.',
          ],
          actions: [],
        })
  }

  const ambiguous: Refusals['ambiguous'] = ({ address, host, rawPath, kind }, reason) => {
    const reference = note(reason, address, { host, path: rawPath })
    const part = reason === 'ambiguous_path' ? 'path' : 'query'
    return kind === 'navigation'
      ? answers.trouble(400, {
          title: 'This address can be read in two ways',
          reference,
          sentences: [
            'It holds characters that different programs understand differently, and a rule depends on which. To be safe, it is not opened.',
            'Go back and follow a link, or type the plain address.',
          ],
          actions: [],
        })
      : answers.problem({
          status: 400,
          code: reason,
          title: `The ${part} can be read in two ways.`,
          reference,
        })
  }

  return {
    note,
    noteUpstream,
    notServed,

    denied(visit, { route, rule, reason, signedIn }) {
      const { address, method, rawPath, kind, url } = visit
      const target = url.slice(route.origin.length)
      const asked = { target, rawPath, method, address }
      const walk = () => walkOf(route, asked, reason)
      const event = {
        name: 'access.denied',
        address,
        reference: newReference(),
        ...who(signedIn),
        details: { host: route.host, path: rawPath, method, rule, reason },
      } as const
      // Of many that are alike, each is told the number of the one that stands for them.
      const reference = visit.reference ?? audit.record(event, walk) ?? event.reference
      const answer =
        kind === 'navigation'
          ? answers.refused({ host: route.host, url, reason, reference, signedIn })
          : answers.problem({
              status: 403,
              code: 'access_denied',
              title: 'Access is denied.',
              reference,
            })
      return { ...answer, headers: [...answer.headers, [REFERENCE_HEADER, reference]] }
    },

    ambiguous,

    noRoute: (request, kind, reason) =>
      reason === 'ambiguous_path' || reason === 'ambiguous_query'
        ? ambiguous({ ...request, kind }, reason)
        : notServed(request),

    notFound(request) {
      const { address, host, rawPath: path } = request
      const reference = note('outside_prefix', address, { host, path })
      const title = 'There is nothing here.'
      return kindOf(request, request.method) === 'programmatic'
        ? answers.problem({ status: 404, code: 'not_found', title, reference })
        : answers.trouble(404, {
            title: 'There is nothing at this address',
            reference,
            sentences: ['Check the address for a slip, or go back and follow a link.'],
            actions: [],
          })
    },

    untrustedProxy({ address }) {
      const reference = note('untrusted_proxy', address)
      return answers.problem({
        status: 403,
        code: 'untrusted_proxy',
        title: 'This address is not among the trusted proxies.',
        reference,
      })
    },

    badQuestion({ address, rawPath }, status, why) {
      const reference = note('bad_question', address, { why, asked: rawPath })
      return answers.problem({
        status,
        code: 'bad_question',
        title: 'The question names no request to an application that is set up here.',
        reference,
      })
    },

    notSentHere({ address }, kind, host) {
      const reference = note('not_sent_here', address, { host })
      return kind === 'programmatic'
        ? answers.problem({
            status: 403,
            code: 'not_sent_here',
            title: 'This address belongs to the gateway, and the proxy does not send it there.',
            reference,
          })
        : answers.trouble(403, {
            title: 'The way to the sign-in is closed',
            reference,
            sentences: [
              'The proxy in front of this site asks about an address that it has to pass on itself.',
              `If you run this site: let the proxy send everything below ${host}/.gatehouse/ to Gatehouse, without asking first.`,
            ],
            actions: [],
          })
    },

    foreignOrigin({ address }, { host }) {
      const reference = note('foreign_origin', address, { host })
      return answers.problem({
        status: 403,
        code: 'foreign_origin',
        title: 'WebSockets are open to pages of the application itself.',
        reference,
      })
    },

    closed({ address }, kind, host) {
      const reference = note('closed_by_proxy', address, { host })
      const title = 'Access is denied.'
      return kind === 'programmatic'
        ? answers.problem({ status: 403, code: 'access_denied', title, reference })
        : answers.trouble(403, {
            title: 'This page is not open',
            reference,
            sentences: [
              'The server in front of this site does not open it. If you have just been let in, load the page again.',
            ],
            actions: [],
          })
    },

    upstreamFailed(request, route, error) {
      const { name, origin } = route
      const { status, code, message } = error
      const reference = noteUpstream(route, error)
      if (kindOf(request, request.method) === 'programmatic') {
        return answers.problem({ status, code, title: message, reference })
      }
      return answers.trouble(status, {
        title: `${name} is not answering`,
        reference,
        sentences: [
          message,
          'You are signed in and may open it; the fault is not yours. Please try again in a moment. If it stays like this, tell whoever runs this site.',
        ],
        actions: [{ label: 'Try again', href: `${origin}${request.target}`, primary: true }],
      })
    },

    failed(request, cause) {
      const { address, host } = request
      const reference = note('unavailable', address, { host, fault: shortened(String(cause)) })
      const title = 'Access cannot be checked at this moment'
      const answer =
        kindOf(request, request.method) === 'programmatic'
          ? answers.problem({ status: 503, code: 'unavailable', title, reference })
          : answers.trouble(503, {
              title,
              reference,
              sentences: ['To be safe, nothing is opened meanwhile. Please try again in a moment.'],
              actions: [],
            })
      return { ...answer, headers: [...answer.headers, ['Retry-After', '5']] }
    },

    malformed({ status, reason }, address) {
      const reference = note(reason, address)
      return answers.problem(
        {
          status,
          code: 'malformed_request',
          title: 'The request cannot be understood.',
          reference,
        },
        [['Connection', 'close']],
      )
    },
  }
}

/** Some of it comes from an application. */
const shortened = (text: string): string => (text.length > 200 ? `${text.slice(0, 200)}…` : text)

const who = (signedIn: SignedIn | undefined) =>
  signedIn ? { userId: signedIn.user.id, sessionId: signedIn.session.id } : {}
