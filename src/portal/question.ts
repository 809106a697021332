import type { JSX } from 'hono/jsx/jsx-runtime'
import { renderSVG } from 'uqr'
import { ApprovalPrompt } from '../../views/approval-prompt.tsx'
import type { Destination, Wait } from '../../views/brand.ts'
import { ChooseFactor } from '../../views/choose-factor.tsx'
import { EnrollApprover } from '../../views/enroll-approver.tsx'
import { EnrollCodes } from '../../views/enroll-codes.tsx'
import { EnrollPasskey } from '../../views/enroll-passkey.tsx'
import { EnrollSent } from '../../views/enroll-sent.tsx'
import { EnrollTarget } from '../../views/enroll-target.tsx'
import { EnrollTotp } from '../../views/enroll-totp.tsx'
import { EnterCode } from '../../views/enter-code.tsx'
import { EnterPassword } from '../../views/enter-password.tsx'
import { NewPassword } from '../../views/new-password.tsx'
import type { OtherWay } from '../../views/parts/ways.tsx'
import { PrivacyNotice } from '../../views/privacy-notice.tsx'
import { SignIn } from '../../views/sign-in.tsx'
import { UsePasskey } from '../../views/use-passkey.tsx'
import type { Clock } from '../base/clock.ts'
import type { Factor } from '../factors/contract.ts'
import type { Problem, Question, Way } from '../login/outcome.ts'
import type { Challenge } from '../model/challenge.ts'
import type { EnrollmentOffer } from '../model/factor.ts'
import type { User } from '../model/user.ts'
import type { PrivacyNoticeConfig } from './config.ts'
import { loginLink, logoutLink } from './links.ts'
import type { Pages } from './page.ts'
import {
  approvalProblem,
  authenticatorProblem,
  codeProblem,
  numberProblem,
  passkeyProblem,
  passwordProblem,
  reasonFor,
  timeOfDay,
} from './words.ts'

/** What stands around a question, whatever it asks. */
export interface Frame {
  brand: Pages['brand']
  csrf: string
  clock: Clock
  destination: Destination | undefined
  rd: string | undefined
  home: string
  /** What stays in the fields after a wrong answer; passwords and codes never do. */
  typed: { name?: string; remember?: boolean }
  remember: { offered: boolean; seconds: number }
  minimumLength: number
  notice: PrivacyNoticeConfig | undefined
  /** Where a new password is to be had; absent where no mail can be sent. */
  forgotten: string | undefined
}

/** The page for a question, with what was wrong with the last answer. */
export function questionView(
  question: Question,
  problem: Problem | undefined,
  frame: Frame,
): JSX.Element {
  const { brand, csrf, destination, rd, home, typed, remember, clock, minimumLength } = frame
  const shown = { brand, csrf, destination, wait: waitOf(problem, clock) }
  if (question.ask === 'identify') {
    const renew = new URL('login/passkey-options', home).href
    return SignIn({
      ...shown,
      action: loginLink(home, undefined),
      rd,
      userName: typed.name,
      problem: passkeyProblem(problem) ? undefined : passwordProblem(problem),
      offerRemember: remember.offered,
      remembered: typed.remember,
      passkey: question.passkey && {
        options: question.passkey,
        renew,
        problem: passkeyProblem(problem),
        unknown: unknownIn(problem),
      },
      forgotten: frame.forgotten,
    })
  }

  const { attempt, user } = question
  const asked = {
    ...shown,
    action: loginLink(home, rd, attempt.id),
    user: user.displayName,
    notYou: attempt.sessionId === undefined ? loginLink(home, rd) : logoutLink(home, rd),
    triesLeft: problem && 'triesLeft' in problem ? problem.triesLeft : undefined,
  }
  switch (question.ask) {
    case 'password': {
      const { ways, reason } = question
      const text = passwordProblem(problem)
      return EnterPassword({
        ...asked,
        userName: user.name,
        reason: reasonFor(reason, attempt.requirement),
        problem: text,
        ways: ways.map(wayOf),
        forgotten: frame.forgotten,
      })
    }
    case 'prove':
      return proveView(question, problem, { ...asked, clock })
    case 'choose': {
      const reason =
        question.reason === 'lost_factor'
          ? 'Your pass opened this page once. Set up a new way now, so that you can sign in again.'
          : 'With a second step, a stolen or guessed password is not enough.'
      const choices = question.factors.map((factor, index) => choiceOf(factor, index === 0))
      const text =
        problem?.kind === 'unusable' ? problem.message : problem && codeProblem(problem, 'sent')
      return ChooseFactor({ ...asked, choices, reason, problem: text })
    }
    case 'notice': {
      const { text = '', url } = frame.notice ?? {}
      const { version, again } = question
      return PrivacyNotice({ ...asked, version, again, url, paragraphs: paragraphsOf(text) })
    }
    case 'new_password':
      return NewPassword({
        ...asked,
        userName: user.name,
        minimumLength,
        problem: problem?.kind === 'unusable' ? problem.message : undefined,
      })
    case 'target':
      return targetView(question.factor, problem, { ...asked, user, typed: question.typed })
    case 'enroll': {
      const { offer, challenge, orOthers } = question
      const enrollment = { offer, challenge, others: orOthers }
      const events = eventsOf(asked.action)
      return enrollmentView(enrollment, problem, { ...asked, clock, events, userName: user.name })
    }
  }
}

/** An empty line stands between two paragraphs. */
const paragraphsOf = (text: string): string[] =>
  text.split(/\n\s*\n/).flatMap((part) => part.trim() || [])

const unknownIn = (problem: Problem | undefined) =>
  problem && 'unknown' in problem ? problem.unknown : undefined

/** What stands around a question to somebody who is known. */
export interface AskedFrame {
  brand: Pages['brand']
  csrf: string
  action: string
  destination?: Destination | undefined
  user: string
  /** Absent where nobody else can be meant. */
  notYou?: string | undefined
  wait?: Wait | undefined
  triesLeft?: number | undefined
  clock: Clock
  back?: { label: string; href: string } | undefined
  /** Where the page hears of what happens on another device; without, it looks now and then. */
  events?: string | undefined
}

type Proving = Extract<Question, { ask: 'prove' }>

function proveView(
  question: Proving,
  problem: Problem | undefined,
  { clock, ...asked }: AskedFrame & { notYou: string },
): JSX.Element {
  const { prompt, challenge, factor, attempt } = question
  const reason = reasonFor(question.reason, attempt.requirement, factor.title)
  const ways = [...question.ways.map(wayOf), ...(question.orPassword ? [PASSWORD_WAY] : [])]
  const given = { ...asked, reason, ways }
  switch (prompt.ask) {
    case 'code': {
      const sent = prompt.sentTo === undefined ? undefined : sentOf(prompt.sentTo, challenge, clock)
      const { digits, from } = prompt
      const source = sent ? 'sent' : digits === undefined ? 'kept' : 'shown'
      return EnterCode({ ...given, digits, from, sent, problem: codeProblem(problem, source) })
    }
    case 'approval': {
      const { number, where, link } = prompt
      const delivery = challenge?.delivery ?? 'none'
      return ApprovalPrompt({
        ...given,
        number,
        where,
        link,
        standing: question.standing,
        delivery,
        events: eventsOf(asked.action),
        problem: approvalProblem(problem),
      })
    }
    case 'authenticator': {
      const { label } = question.credential
      const text = authenticatorProblem(problem)
      return UsePasskey({ ...given, from: label, options: prompt.options, problem: text })
    }
  }
}

/** An enrollment that was begun, whoever asks for it. */
export interface ShownEnrollment {
  offer: EnrollmentOffer
  challenge: Challenge | undefined
  /** Are there other kinds to choose from? */
  others: boolean
}

/** The page on which an authenticator is bound. */
export function enrollmentView(
  { offer, challenge, others }: ShownEnrollment,
  problem: Problem | undefined,
  { clock, userName, ...asked }: AskedFrame & { userName: string },
): JSX.Element {
  switch (offer.show) {
    case 'secret': {
      const { secret, uri, digits } = offer
      const qrSvg = renderSVG(uri, { ecc: 'M', border: 2 })
      const text = codeProblem(problem, 'shown')
      return EnrollTotp({ ...asked, digits, secret, uri, qrSvg, problem: text, others })
    }
    case 'sent': {
      const sent = sentOf(offer.to, challenge, clock)
      return EnrollSent({
        ...asked,
        digits: offer.digits,
        sent,
        problem: codeProblem(problem, 'sent'),
      })
    }
    case 'codes': {
      const text = [`${asked.brand.name}, ${userName}`, '', ...offer.codes, ''].join('\r\n')
      const download = `data:text/plain;charset=utf-8,${encodeURIComponent(text)}`
      return EnrollCodes({ ...asked, codes: offer.codes, download, userName })
    }
    case 'link': {
      const { url, joined } = offer
      const qrSvg = renderSVG(url, { ecc: 'M', border: 2 })
      const text = numberProblem(problem)
      return EnrollApprover({ ...asked, qrSvg, url, joined, problem: text, others })
    }
    case 'authenticator':
      return EnrollPasskey({
        ...asked,
        options: offer.options,
        problem: authenticatorProblem(problem),
        others,
      })
  }
}

/** Whose target is asked for, and what they typed before. */
interface TargetOf {
  user: User
  typed?: string | undefined
}

/** The page that asks where codes shall go. */
export function targetView(
  { kind, title, about, needs = 'email' }: Factor,
  problem: Problem | undefined,
  { user, typed, ...asked }: Omit<AskedFrame, 'user' | 'clock'> & TargetOf,
): JSX.Element {
  const text = problem?.kind === 'unusable' ? problem.message : undefined
  const value = typed ?? (needs === 'email' ? user.email : undefined)
  const shown = { ...asked, user: user.displayName, kind, title, about, needs, value }
  return EnrollTarget({ ...shown, problem: text })
}

/** A kind of factor, as it is offered for enrollment. */
export const choiceOf = ({ kind, title, about }: Factor, recommended: boolean) => ({
  kind,
  title,
  about,
  recommended,
})

/** Beside the page of an attempt, whatever stands behind its question mark. */
function eventsOf(action: string): string {
  const page = new URL(action)
  return `${page.origin}${page.pathname}/events`
}

const PASSWORD_WAY: OtherWay = { id: 'password', title: 'Your password' }

const wayOf = ({ credential, factor }: Way): OtherWay => ({
  id: credential.id,
  title: credential.label,
  detail: factor.facts(credential)[0],
})

function sentOf(to: string, challenge: Challenge | undefined, clock: Clock) {
  if (!challenge) return { to, state: 'none' as const }
  const { delivery, state, resendAt } = challenge
  return {
    to,
    state: delivery,
    expired: state !== 'pending',
    ...(resendAt > clock.now() ? { againAt: timeOfDay(resendAt) } : {}),
  }
}

/** How long somebody has to wait, as a page says it. */
export function waitOf(problem: Problem | undefined, clock: Clock): Wait | undefined {
  if (problem?.kind !== 'wait') return undefined
  const { seconds } = problem
  return { until: timeOfDay(clock.now() + seconds), seconds }
}
