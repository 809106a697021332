import { type Context, Hono } from 'hono'
import type { Destination } from '../../views/brand.ts'
import type { LoginFlow } from '../login/flow.ts'
import type { HandOffs } from '../login/hand-off.ts'
import type { Answer, Outcome, Visit } from '../login/outcome.ts'
import type { Cookies } from '../session/cookie.ts'
import { idIn } from '../session/sessions.ts'
import type { Csrf } from '../web/csrf.ts'
import type { AppEnv } from '../web/env.ts'
import { accountUseOf } from './account/places.ts'
import { type CirclesDeps, createCircles } from './circles.ts'
import type { PrivacyNoticeConfig } from './config.ts'
import { accountLink, loginLink, logoutLink } from './links.ts'
import { type Frame, questionView } from './question.ts'

export interface LoginPagesDeps extends CirclesDeps {
  cookies: Cookies
  csrf: Csrf
  flow: LoginFlow
  handOffs: Pick<HandOffs, 'depart' | 'pageBehind'>
  /** What people call the application at an address; `undefined` for the portal itself. */
  destinationOf(url: string): Destination | undefined
  /** Origins to which a form may lead in the end. */
  formTargets(url: string): readonly string[]
  minimumLength: number
  notice: PrivacyNoticeConfig | undefined
  /** Where a new password is to be had; absent where no mail can be sent. */
  forgotten: string | undefined
  /** Is "keep me signed in" offered, and for how long? */
  remember: { offered: boolean; seconds: number }
}

type Asked = Extract<Outcome, { kind: 'question' }>
type Typed = Frame['typed']

/** Reads a form, calls one verb of the flow, renders one view. */
export function loginPages(deps: LoginPagesDeps): Hono<AppEnv> {
  const { cookies, flow, handOffs, pages } = deps
  const circles = createCircles(deps)
  const { home } = pages.brand

  const answer = async (
    c: Context<AppEnv>,
    outcome: Outcome,
    visit: Visit,
    typed: Typed,
  ): Promise<Response> => {
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
      case 'changed':
        return pages.trouble(c, 200, {
          title: 'Your password is changed',
          sentences: ['Every sign-in of your account has ended. Sign in with the new password.'],
          actions: [{ label: 'Sign in', href: loginLink(home, rd), primary: true }],
        })
      case 'denied':
        return pages.trouble(c, 403, {
          title: 'Sign-in refused',
          sentences: [
            'On another device somebody said that this was not them, or picked another number. This sign-in has ended.',
          ],
          actions: [{ label: 'Sign in again', href: loginLink(home, rd), primary: true }],
        })
      case 'refused':
        return pages.trouble(c, 403, {
          title: 'Sign-in stopped',
          sentences: [
            'It is not like the sign-ins that this account usually sees, so to be safe nobody was let in. Nothing was changed.',
            'If it is you: sign in as you usually do, in the browser and from the place that you know it from. If that does not help, ask whoever runs this site and tell them the number below.',
          ],
          reference: outcome.reference,
          actions: [{ label: 'Sign in again', href: loginLink(home, rd), primary: true }],
        })
      case 'impossible':
        return showImpossible(c, outcome, rd)
      case 'done': {
        const inCircles = circles.count(c, outcome.returnTo, visit.browser)
        if (outcome.token !== undefined) {
          const lasts = outcome.remember ? deps.remember.seconds : undefined
          c.header('Set-Cookie', cookies.session.set(outcome.token, lasts), { append: true })
        }
        // Only now: a session that has just begun needs its cookie, or nobody could end it.
        if (inCircles) return circles.show(c, outcome.returnTo, visit)
        c.header('Cache-Control', 'no-store')
        const id = outcome.token === undefined ? visit.signedIn?.session.id : idIn(outcome.token)
        // The address as it came, byte for byte: it has been found to be one of ours.
        return c.redirect(await onwardOf(outcome, id ?? ''), 303)
      }
    }
  }

  const showQuestion = (
    c: Context<AppEnv>,
    { question, returnTo, problem }: Asked,
    rd: string | undefined,
    typed: Typed,
  ): Response => {
    const frame: Frame = {
      brand: pages.brand,
      csrf: deps.csrf.token(c.get('browser')),
      clock: deps.clock,
      destination: deps.destinationOf(returnTo),
      rd,
      home,
      typed,
      remember: deps.remember,
      minimumLength: deps.minimumLength,
      notice: deps.notice,
      forgotten: deps.forgotten,
    }
    const view = questionView(question, problem, frame)
    if (problem?.kind === 'wait') c.header('Retry-After', String(problem.seconds))
    const status = statusOf(problem)
    return pages.show(c, view, { status, formTargets: deps.formTargets(returnTo), scripts: true })
  }

  const showImpossible = (
    c: Context<AppEnv>,
    { because, offers, returnTo: onward }: Extract<Outcome, { kind: 'impossible' }>,
    rd: string | undefined,
  ): Response => {
    const { title, sentences } = IMPOSSIBLE[because]
    const add = accountLink(home, 'factors/add', { only: offers.join(' '), rd: onward })
    const canAdd = offers.length > 0
    return pages.trouble(c, 403, {
      title,
      sentences: canAdd ? [...sentences.slice(0, 1), SET_UP_FIRST] : sentences,
      actions: [
        ...(canAdd ? [{ label: 'Set up what it takes', href: add, primary: true }] : []),
        { label: 'Back to the start', href: home, primary: !canAdd },
        { label: 'Sign in as somebody else', href: logoutLink(home, rd) },
      ],
    })
  }

  /** Whoever has used up one of their last resorts is told so on the way, unless they see to it already. */
  const onwardOf = async (
    { returnTo, advice }: Extract<Outcome, { kind: 'done' }>,
    sessionId: string,
  ): Promise<string> =>
    advice === 'enroll_anew' && accountUseOf(new URL(home), returnTo) === undefined
      ? accountLink(home, 'renew', { rd: returnTo })
      : handOffs.depart(returnTo, sessionId)

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
    const remember = deps.remember.offered && field('remember') === 'yes'
    const given = answerOf(field, (name) => name in form, remember)
    return answer(c, await flow.answer(visit, given, attemptId), visit, {
      name: field('username'),
      remember,
    })
  }

  /** Fresh options for a page that has stood open for longer than they last. */
  const passkeyOptions = async (c: Context<AppEnv>) => {
    const outcome = await flow.begin({ ...visitOf(c, undefined), signedIn: undefined })
    const question = outcome.kind === 'question' ? outcome.question : undefined
    c.header('Cache-Control', 'no-store')
    return question?.ask === 'identify' && question.passkey
      ? c.json(question.passkey)
      : c.notFound()
  }

  return new Hono<AppEnv>()
    .get('/login', (c) => show(c))
    .post('/login', (c) => take(c))
    .get('/login/passkey-options', passkeyOptions)
    .get('/login/:attempt', (c) => show(c, c.req.param('attempt')))
    .post('/login/:attempt', (c) => take(c, c.req.param('attempt')))
}

const SET_UP_FIRST =
  'You can set it up now, with what you have. Then it leads you back to the page.'

const IMPOSSIBLE = {
  factor_disabled: {
    title: 'Your authenticator is locked',
    sentences: [
      'There were too many wrong codes in a row, so it no longer counts. Your password is fine.',
      'Ask whoever runs this site for a pass. With it you sign in once and set up a new one.',
    ],
  },
  factor_contested: {
    title: 'It has to be settled what is yours',
    sentences: [
      'Somebody said “this was not me”, so what was added since then does not count, and what was there before is not enough here.',
      'Ask whoever runs this site. They can see what happened, and let it count again or remove it.',
    ],
  },
  needs_pass: {
    title: 'It takes a pass to begin',
    sentences: [
      'The page asks for a second step, and you have none yet.',
      'Ask whoever runs this site for a pass. With it you sign in once and set up a second step.',
    ],
  },
  no_suitable_factor: {
    title: 'You need another way to sign in',
    sentences: [
      'The page asks for a proof that you have not set up, or that is not offered here.',
      'Ask whoever runs this site what it takes to open it.',
    ],
  },
  frozen: {
    title: 'Nothing can be set up right now',
    sentences: [
      'Somebody said that a change to this account was not theirs, so nothing about it changes for a day.',
      'If you need to get in sooner, ask whoever runs this site.',
    ],
  },
} as const

/** What a form says; every part may be hostile. */
function answerOf(
  field: (name: string) => string,
  has: (name: string) => boolean,
  remember: boolean,
): Answer {
  if (has('way')) return { kind: 'way', id: field('way') }
  if (has('enroll')) {
    const target = field('target').trim()
    return { kind: 'enroll', factor: field('enroll'), ...(target === '' ? {} : { target }) }
  }
  if (has('new_password')) return { kind: 'new_password', password: field('new_password') }
  if (has('agree')) return { kind: 'agree', version: field('agree') }
  if (has('resend')) return { kind: 'resend' }
  if (field('answer') !== '') return { kind: 'proof', text: field('answer') }
  if (has('password')) {
    return { kind: 'password', name: field('username'), password: field('password'), remember }
  }
  return { kind: 'proof', text: field('code') }
}

function statusOf(problem: Asked['problem']): 200 | 400 | 401 | 429 {
  if (!problem || problem.kind === 'pending') return 200
  if (problem.kind === 'wait') return 429
  return problem.kind === 'unusable' ? 400 : 401
}
