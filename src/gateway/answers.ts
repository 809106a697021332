import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Brand } from '../../views/brand.ts'
import { page } from '../../views/page.ts'
import { Refused } from '../../views/refused.tsx'
import { Trouble, type TroubleProps } from '../../views/trouble.tsx'
import type { Requirement } from '../model/decision.ts'
import type { SignedIn } from '../model/session.ts'
import type { Realms } from '../session/realms.ts'
import type { ClearReason } from './authorize.ts'
import { endConnection, isOver, writeHead } from './http2.ts'
import type { HeaderLine } from './request.ts'

/** One answer of the gateway itself. */
export interface Answer {
  status: number
  headers: readonly HeaderLine[]
  body?: string
  /** Is the very same one given again? Then what is made of it is worth keeping. */
  isKept?: boolean
}

/** What a program is told (RFC 9457). */
export interface Problem {
  status: number
  /** Stable, in snake_case. */
  code: string
  title: string
  reference?: string | undefined
}

/** A person or program that may not enter. */
export interface Refusal403 {
  host: string
  /** The page that was asked for, as an address. */
  url: string
  reason: ClearReason
  reference: string
  signedIn: SignedIn | undefined
}

/** Every answer that the gateway gives in the place of an application. None is ever stored. */
export interface Answers {
  redirect(status: 302 | 303, location: string): Answer
  /** Where one signs in to come back to a page; `rm` is the method that was asked with. */
  loginLink(url: string, method: string): string
  /** Where one signs out, and may sign in again to come back to a page. */
  logoutLink(url: string): string
  problem(problem: Problem, headers?: readonly HeaderLine[]): Answer
  trouble(status: number, props: Omit<TroubleProps, 'brand'>): Answer
  refused(refusal: Refusal403): Answer
  /** Asks a program to sign in, or to prove more (RFC 9470). */
  challenge(requirement: Requirement, signedIn: SignedIn | undefined): Answer
}

export interface AnswersDeps {
  brand: Brand
  portal: URL
  /** Where help is to be had. */
  help: string | undefined
  realms: Pick<Realms, 'of' | 'home'>
}

const NO_STORE: HeaderLine = ['Cache-Control', 'no-store']

export function createAnswers({ brand, portal, help, realms }: AnswersDeps): Answers {
  const home = portal.href
  // The page stands on the host of an application and has nothing of its own there.
  const policy = [
    "default-src 'none'",
    `style-src ${portal.origin}`,
    `img-src ${portal.origin}`,
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ')
  const html = (status: number, body: string): Answer => ({
    status,
    headers: [
      ['Content-Type', 'text/html; charset=utf-8'],
      ['Content-Security-Policy', policy],
      ['X-Content-Type-Options', 'nosniff'],
      ['Referrer-Policy', 'same-origin'],
      NO_STORE,
    ],
    body,
  })
  // A host that the portal's cookie does not reach has a door of its own to the portal.
  const doorOf = (url: string): URL => {
    const { hostname } = new URL(url)
    return realms.of(hostname).name === realms.home.name ? portal : new URL('/.gatehouse/', url)
  }
  const withDestination = (name: string, url: string) =>
    `${new URL(name, doorOf(url)).href}?rd=${encodeURIComponent(url)}`

  const problem: Answers['problem'] = ({ status, code, title, reference }, headers = []) => ({
    status,
    headers: [
      ['Content-Type', 'application/problem+json'],
      ['X-Content-Type-Options', 'nosniff'],
      NO_STORE,
      ...headers,
    ],
    body: `${JSON.stringify({ type: 'about:blank', title, status, code, reference })}\n`,
  })

  return {
    problem,
    loginLink: (url, method) => `${withDestination('login', url)}&rm=${method}`,
    logoutLink: (url) => withDestination('logout', url),
    redirect: (status, location) => ({ status, headers: [['Location', location], NO_STORE] }),
    trouble: (status, props) => html(status, page(Trouble({ brand, ...props }))),

    refused: ({ host, url, reason, reference, signedIn }) => {
      const switchUser = withDestination(signedIn ? 'logout' : 'login', url)
      const user = signedIn?.user
      const props = { brand, user, host, reason, reference, switchUser, home, help }
      return html(403, page(Refused(props)))
    },

    challenge: (requirement, signedIn) =>
      signedIn
        ? problem(
            { status: 401, code: 'step_up_required', title: 'A stronger sign-in is needed.' },
            [['WWW-Authenticate', stepUpChallenge(requirement)]],
          )
        : problem({ status: 401, code: 'authentication_required', title: 'Please sign in.' }, [
            ['WWW-Authenticate', `Gatehouse realm="${portal.host}"`],
          ]),
  }
}

/** How much an assertion's `acr` says about the sign-in; the words that we answer and sign with. */
export const acrOf = ({ aal, phishingResistant }: { aal: number; phishingResistant: boolean }) =>
  phishingResistant && aal === 2 ? 'phr' : `aal${aal}`

function stepUpChallenge(requirement: Requirement): string {
  const { maxAgeSeconds, methods } = requirement
  const age = maxAgeSeconds === undefined ? '' : `, max_age="${maxAgeSeconds}"`
  // No parameter of the RFC, but the word of RFC 8176 for what is missing.
  const amr = methods === undefined ? '' : `, amr_values="${methods.join(' ')}"`
  return `Bearer error="insufficient_user_authentication", acr_values="${acrOf(requirement)}"${age}${amr}`
}

/** How long a client may go on sending what nobody reads any more. */
const LINGER_MS = 5_000

/**
 * Sends an answer of our own. What is still to come of the request's body is read and dropped, so that
 * the client gets to see the answer, but not for long.
 */
export function sendAnswer(
  message: IncomingMessage,
  response: ServerResponse,
  { status, headers, body = '' }: Answer,
): void {
  if (response.headersSent || isOver(response)) return
  const lines: string[] = []
  let ends = false
  for (const [name, value] of headers) {
    if (name === 'Connection') ends = true
    lines.push(name, value)
  }
  lines.push('Content-Length', body === '' ? '0' : String(Buffer.byteLength(body)))
  // Whoever waits for a 100 may or may not send the body now: only a new connection is unambiguous.
  if (message.headers.expect !== undefined) {
    ends = true
    lines.push('Connection', 'close')
  }
  writeHead(response, status, undefined, lines)
  response.end(body)
  if (ends) endConnection(response)
  dropRest(message, response)
}

/** Reads the rest of a request after its answer; ends the connection if there is too much of it. */
export function dropRest(message: IncomingMessage, response: ServerResponse): void {
  if (message.complete) return
  message.unpipe()
  message.resume()
  const timer = setTimeout(() => response.socket?.destroy(), LINGER_MS).unref()
  message.once('close', () => clearTimeout(timer))
  message.once('end', () => clearTimeout(timer))
}
