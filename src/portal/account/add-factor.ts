import type { Context } from 'hono'
import { ChooseFactor } from '../../../views/choose-factor.tsx'
import type { Clock } from '../../base/clock.ts'
import type { Signals } from '../../base/signals.ts'
import type { Factor } from '../../factors/contract.ts'
import type { Account } from '../../login/account/account.ts'
import type { Enrollment, EnrollmentBegun } from '../../login/enrollments.ts'
import type { Problem } from '../../login/outcome.ts'
import { questionsTo } from '../../login/watch.ts'
import type { SignedIn } from '../../model/session.ts'
import type { Cookies } from '../../session/cookie.ts'
import type { AppEnv } from '../../web/env.ts'
import type { EventStreams } from '../../web/event-stream.ts'
import { type Form, readForm } from '../form.ts'
import type { Pages } from '../page.ts'
import { choiceOf, enrollmentView, targetView, waitOf } from '../question.ts'
import type { AccountDoor, AccountPage } from './door.ts'

export interface AddFactorPagesDeps {
  account: Account
  clock: Clock
  cookies: Cookies
  door: AccountDoor
  pages: Pages
  /** Where an address leads that is one of ours; `undefined` for any other. @param given May be hostile. */
  onward(given: string | undefined): string | undefined
  /** How long a remembered session lasts, in seconds. */
  rememberedSeconds: number
  signals: Signals
  streams: EventStreams
}

/** Binds another authenticator: what, where to, and its first answer. */
export function addFactorPages(deps: AddFactorPagesDeps) {
  const { account, clock, cookies, door, pages, signals, streams } = deps
  const { authenticators, enrollments } = account

  /** Both go along from page to page: where the person was going, and what would get them there. */
  const along = (c: Context<AppEnv>) => ({ rd: c.req.query('rd'), only: c.req.query('only') })
  const here = (c: Context<AppEnv>) => door.link('factors/add', along(c))

  const asked = (c: Context<AppEnv>, { user }: SignedIn, action = here(c)) => ({
    ...door.frame(c),
    action,
    user: user.displayName,
    back: { label: 'Ways to sign in', href: door.link('factors') },
  })

  const choose: AccountPage = async (c, at) => {
    const offered = await authenticators.offered(at.user)
    const { only } = along(c)
    const held = new Set((await authenticators.list(at.user)).map(({ factor }) => factor.kind))
    // What there can be one of is made anew on its own page, which says what that means.
    const further = offered.filter(({ kind, most }) => most > 1 || !held.has(kind))
    const suitable = further.filter(
      ({ kind }) => only === undefined || only.split(' ').includes(kind),
    )
    const shown = suitable.length > 0 ? suitable : further
    if (shown.length === 0) {
      const says = held.size === 0 ? NEEDS_PASS : NOTHING_OFFERED
      return pages.trouble(c, held.size === 0 ? 403 : 404, says(door.link('factors')))
    }
    const choices = shown.map((it, index) => choiceOf(it, index === 0 && !held.has(it.kind)))
    return pages.show(c, ChooseFactor({ ...asked(c, at), choices }))
  }

  const begin: AccountPage = async (c, at) => {
    const { field } = await readForm(c)
    const kind = field('enroll')
    const factor = (await authenticators.offered(at.user)).find((it) => it.kind === kind)
    if (!factor) return c.redirect(here(c), 303)
    const target = field('target').trim()
    if (factor.needs && target === '') return showTarget(c, at, { factor })
    const { address, userAgent } = c.env.client
    const begun = await enrollments.begin({
      user: at.user,
      kind,
      about: { address, userAgent },
      ...(factor.needs ? { target } : {}),
    })
    if (!begun.ok) return showRefused(c, at, { factor, typed: target }, begun)
    const page = `factors/add/${begun.credential.id}`
    return c.redirect(door.link(page, along(c)), 303)
  }

  const showTarget = (
    c: Context<AppEnv>,
    at: SignedIn,
    { factor, typed }: WantedTarget,
    problem?: Problem,
  ) => {
    const shown = { ...asked(c, at), user: at.user, typed, wait: waitOf(problem, clock) }
    return pages.show(c, targetView(factor, problem, shown), { status: statusOf(problem) })
  }

  const showRefused = (
    c: Context<AppEnv>,
    at: SignedIn,
    wanted: WantedTarget,
    begun: Exclude<EnrollmentBegun, { ok: true }>,
  ) => {
    if (begun.because === 'target') {
      const { message } = begun
      return showTarget(c, at, wanted, { kind: 'unusable', message })
    }
    if (begun.because !== 'limit') return c.redirect(here(c), 303)
    const { seconds } = begun
    if (wanted.factor.needs) {
      return showTarget(c, at, wanted, { kind: 'wait', seconds, sending: true })
    }
    return pages.trouble(c, 429, TOO_OFTEN(door.link('factors')))
  }

  /** The enrollment that the address names, if it is this person's and still open. */
  const open =
    (
      page: (it: Enrollment, ...given: Parameters<AccountPage>) => ReturnType<AccountPage>,
    ): AccountPage =>
    async (c, at) => {
      const it = await enrollments.find(c.req.param('id') ?? '', at.user)
      return it ? page(it, c, at) : c.redirect(here(c), 303)
    }

  const showEnrollment = async (
    { credential, offer, challenge }: Enrollment,
    c: Context<AppEnv>,
    at: SignedIn,
    problem?: Problem,
  ) => {
    const offered = await authenticators.offered(at.user)
    const factor = offered.find(({ kind }) => kind === credential.kind)
    if (!factor) return c.redirect(here(c), 303)
    const action = door.link(`factors/add/${credential.id}`, along(c))
    const wait = waitOf(problem, clock)
    const events = door.link(`factors/add/${credential.id}/events`)
    const shown = { ...asked(c, at, action), wait, clock, events, userName: at.user.name }
    const enrollment = { factor, offer, challenge, others: offered.length > 1 }
    const view = enrollmentView(enrollment, problem, shown)
    return pages.show(c, view, { status: statusOf(problem), scripts: true })
  }

  const show = open((it, c, at) => showEnrollment(it, c, at))

  /** Tells the page as soon as another device has opened the link that it shows. */
  const events: AccountPage = async (c, at) => {
    const id = c.req.param('id') ?? ''
    const isInvited = async () => {
      const it = await enrollments.find(id, at.user)
      return it?.offer.show === 'link' && !it.offer.joined
    }
    // An EventSource that is told 204 does not come back.
    if (!(await isInvited())) return c.body(null, 204)
    return streams.open({
      who: `enrollment/${id}`,
      async look() {
        const isOver = !(await isInvited())
        return { events: isOver ? [{ name: 'answered', data: '' }] : [], over: isOver }
      },
      listen: (hear) => signals.listen(questionsTo(at.user.id), hear),
    })
  }

  const take = open(async (it, c, at) => {
    const form = await readForm(c)
    if (form.has('enroll')) {
      await enrollments.abandon(it.credential.id, at.user)
      return c.redirect(here(c), 303)
    }
    if (form.has('resend')) {
      const sent = await enrollments.resend(it, at.user)
      if (sent.ok) return c.redirect(door.link(`factors/add/${it.credential.id}`, along(c)), 303)
      return showEnrollment(it, c, at, { kind: 'wait', seconds: sent.seconds, sending: true })
    }
    const from = { ...door.origin(c, at), browser: c.get('browser') }
    const confirmed = await authenticators.confirm(at, it, answerIn(form), from)
    if (!confirmed.ok) return showEnrollment(it, c, at, confirmed.problem)
    if (confirmed.token !== undefined) {
      const lasts = at.session.remembered ? deps.rememberedSeconds : undefined
      c.header('Set-Cookie', cookies.session.set(confirmed.token, lasts), { append: true })
    }
    const onward = deps.onward(along(c).rd) ?? door.link('factors', { done: 'added' })
    return c.redirect(onward, 303)
  })

  return { choose, begin, show, take, events }
}

interface WantedTarget {
  factor: Factor
  /** What could not be used. */
  typed?: string
}

/** What a script has made of an authenticator's answer, or what was typed. */
const answerIn = ({ field }: Form): string => field('answer') || field('code')

function statusOf(problem: Problem | undefined): 200 | 400 | 401 | 429 {
  if (!problem || problem.kind === 'pending') return 200
  if (problem.kind === 'wait') return 429
  return problem.kind === 'unusable' ? 400 : 401
}

const NOTHING_OFFERED = (href: string) => ({
  title: 'There is nothing more to set up',
  sentences: ['You have all that this site offers.'],
  actions: [{ label: 'Ways to sign in', href, primary: true }],
})

const NEEDS_PASS = (href: string) => ({
  title: 'It takes a pass to begin',
  sentences: [
    'The first way to sign in beside your password is set up with a pass from whoever runs this site.',
    'Ask them for one, and sign in at a page that asks for two steps: there you are asked for it.',
  ],
  actions: [{ label: 'Ways to sign in', href, primary: true }],
})

const TOO_OFTEN = (href: string) => ({
  title: 'That was too often',
  sentences: ['Too much has been begun in a short time. Wait a while, and try again.'],
  actions: [{ label: 'Ways to sign in', href, primary: true }],
})
