import { type Context, Hono } from 'hono'
import { renderSVG } from 'uqr'
import type { Destination, Wait } from '../../views/brand.ts'
import { EnrollTotp } from '../../views/enroll-totp.tsx'
import { EnterCode } from '../../views/enter-code.tsx'
import { EnterPassword } from '../../views/enter-password.tsx'
import { SignIn } from '../../views/sign-in.tsx'
import type { Clock } from '../base/clock.ts'
import type { LoginFlow, Outcome, Problem, Question, Visit } from '../login/flow.ts'
import type { Cookies } from '../session/cookie.ts'
import type { Csrf } from '../web/csrf.ts'
import type { AppEnv } from '../web/env.ts'
import { loginLink, logoutLink } from './links.ts'
import type { Pages } from './page.ts'
import { codeProblem, passwordProblem, reasonFor } from './words.ts'

export interface LoginPagesDeps {
  clock: Clock
  cookies: Cookies
  csrf: Csrf
  flow: LoginFlow
  pages: Pages
  /** What people call the application at an address; `undefined` for the portal itself. */
  destinationOf(url: string): Destination | undefined
  /** Origins to which a form may lead in the end. */
  formTargets(url: string): readonly string[]
  /** Is "keep me signed in" offered, and for how long? */
  remember: { offered: boolean; seconds: number }
}

type Asked = Extract<Outcome, { kind: 'question' }>

/** Reads a form, calls one verb of the flow, renders one view. */
export function loginPages(deps: LoginPagesDeps): Hono<AppEnv> {
  const { cookies, flow, pages } = deps
  const { home } = pages.brand

  const answer = (c: Context<AppEnv>, outcome: Outcome, visit: Visit, typed: Typed): Response => {
    const { rd } = visit
    switch (outcome.kind) {
      case 'question':
        return showQuestion(c, outcome, rd, typed)
      case 'continue':
        return c.redirect(loginLink(home, rd, outcome.attemptId), 303)
      case 'restart':
        return c.redirect(loginLink(home, rd), 303)
      case 'exhausted':
        return pages.trouble(c, 403, {
          title: 'Too many wrong answers',
          sentences: ['For your safety this sign-in has ended. You can begin again at once.'],
          actions: [{ label: 'Sign in again', href: loginLink(home, rd), primary: true }],
        })
      case 'impossible':
        return showImpossible(c, outcome, rd)
      case 'done': {
        if (outcome.token !== undefined) {
          const lasts = outcome.remember ? deps.remember.seconds : undefined
          c.header('Set-Cookie', cookies.session.set(outcome.token, lasts), { append: true })
        }
        c.header('Cache-Control', 'no-store')
        // The address as it came, byte for byte: it has been found to be one of ours.
        return c.redirect(outcome.returnTo, 303)
      }
    }
  }

  const showQuestion = (
    c: Context<AppEnv>,
    { question, returnTo, problem }: Asked,
    rd: string | undefined,
    typed: Typed,
  ): Response => {
    const frame = {
      brand: pages.brand,
      csrf: deps.csrf.token(c.get('browser')),
      destination: deps.destinationOf(returnTo),
      wait: waitOf(problem, deps.clock),
    }
    const status = !problem ? 200 : problem.kind === 'wait' ? 429 : 401
    const view = viewOf(question, problem, { ...frame, rd, home, typed, remember: deps.remember })
    if (problem?.kind === 'wait') c.header('Retry-After', String(problem.seconds))
    return pages.show(c, view, { status, formTargets: deps.formTargets(returnTo) })
  }

  const showImpossible = (
    c: Context<AppEnv>,
    { because }: Extract<Outcome, { kind: 'impossible' }>,
    rd: string | undefined,
  ): Response =>
    pages.trouble(c, 403, {
      title:
        because === 'factor_disabled'
          ? 'Your authenticator is locked'
          : 'You need another way to sign in',
      sentences:
        because === 'factor_disabled'
          ? [
              'There were too many wrong codes in a row, so it no longer counts. Your password is fine.',
              'Ask whoever runs this site to remove it, then you can set up a new one.',
            ]
          : [
              'The page asks for a proof that you have not set up, or that is not offered here.',
              'Ask whoever runs this site what it takes to open it.',
            ],
      actions: [
        { label: 'Back to the start', href: home, primary: true },
        { label: 'Sign in as somebody else', href: logoutLink(home, rd) },
      ],
    })

  const visitOf = (c: Context<AppEnv>, rd: string | undefined): Visit => ({
    browser: c.get('browser'),
    address: c.env.client.address,
    userAgent: c.env.client.userAgent,
    signedIn: c.get('signedIn'),
    rd,
    ...(c.req.query('aal') === '2' ? { atLeastTwo: true } : {}),
  })

  const show = async (c: Context<AppEnv>, attemptId?: string) => {
    const visit = visitOf(c, c.req.query('rd'))
    return answer(c, await flow.begin(visit, attemptId), visit, {})
  }

  const take = async (c: Context<AppEnv>, attemptId?: string) => {
    const form = await c.req.parseBody()
    const field = (name: string) => (typeof form[name] === 'string' ? form[name] : '')
    const visit = visitOf(c, field('rd') || c.req.query('rd'))
    const typed = {
      name: field('username'),
      password: field('password'),
      code: field('code'),
      remember: deps.remember.offered && field('remember') === 'yes',
    }
    return answer(c, await flow.answer(visit, typed, attemptId), visit, typed)
  }

  return new Hono<AppEnv>()
    .get('/login', (c) => show(c))
    .post('/login', (c) => take(c))
    .get('/login/:attempt', (c) => show(c, c.req.param('attempt')))
    .post('/login/:attempt', (c) => take(c, c.req.param('attempt')))
}

/** What stays in the fields after a wrong answer; passwords and codes never do. */
interface Typed {
  name?: string
  remember?: boolean
}

interface Frame {
  brand: Pages['brand']
  csrf: string
  destination: Destination | undefined
  wait: Wait | undefined
  rd: string | undefined
  home: string
  typed: Typed
  remember: LoginPagesDeps['remember']
}

function viewOf(question: Question, problem: Problem | undefined, frame: Frame) {
  const { rd, home, typed, remember, ...shown } = frame
  if (question.ask === 'identify') {
    return SignIn({
      ...shown,
      action: loginLink(home, undefined),
      rd,
      userName: typed.name,
      problem: passwordProblem(problem),
      offerRemember: remember.offered,
      remembered: typed.remember,
    })
  }

  const { attempt, user } = question
  const asked = {
    ...shown,
    action: loginLink(home, rd, attempt.id),
    user: user.displayName,
    notYou: attempt.sessionId === undefined ? loginLink(home, rd) : logoutLink(home, rd),
    triesLeft: problem?.kind === 'wait' ? undefined : problem?.triesLeft,
  }
  if (question.ask === 'password') {
    const reason = reasonFor(question.reason, attempt.requirement)
    return EnterPassword({
      ...asked,
      userName: user.name,
      reason,
      problem: passwordProblem(problem),
    })
  }
  const { digits } = question.factor.prompt
  if (question.ask === 'code') {
    const reason = reasonFor(question.reason, attempt.requirement)
    return EnterCode({ ...asked, digits, reason, problem: codeProblem(problem) })
  }
  const { secret, uri } = question.offer
  const qrSvg = renderSVG(uri, { ecc: 'M', border: 2 })
  return EnrollTotp({ ...asked, digits, secret, uri, qrSvg, problem: codeProblem(problem) })
}

function waitOf(problem: Problem | undefined, clock: Clock): Wait | undefined {
  if (problem?.kind !== 'wait') return undefined
  const { seconds } = problem
  const until = new Date((clock.now() + seconds) * 1000).toISOString().slice(11, 19)
  return { until, seconds }
}
