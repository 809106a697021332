import { oneLine } from '../base/one-line.ts'
import type { Factors } from '../factors/contract.ts'
import type { AuditEvent } from '../model/event.ts'
import { riskInWords } from './risk-words.ts'

/** What a person is told about an event. */
export interface NoticeWords {
  /** The same for all of its kind. */
  subject: string
  sentence: string
  /** Under what it is counted with others. */
  kind: string
}

/** @returns Nothing for what nobody has to be told. */
export function noticeWords(
  { name, details = {} }: AuditEvent,
  factors: Factors,
): NoticeWords | undefined {
  const text = (key: string) => oneLine(String(details[key] ?? ''))
  const title = factors.get(text('kind'))?.title ?? text('kind')
  const label = text('label') === '' ? title : `“${text('label')}” (${title})`
  const words = (subject: string, sentence: string, kind: string = name) => ({
    subject,
    sentence,
    kind,
  })

  switch (name) {
    case 'factor.enrolled':
      return words('A way to sign in was added', `A new way to sign in was set up: ${label}.`)
    case 'factor.removed':
      return words(
        'A way to sign in was removed',
        `A way to sign in was removed: ${label}.${details.unconfirmed === true ? UNCONFIRMED : ''}`,
      )
    case 'factor.changed':
      if (details.confirms !== undefined) {
        return words(
          'How a device of yours approves was changed',
          `${label} ${details.confirms === true ? 'asks for your passkey before it approves a sign-in' : 'approves sign-ins without your passkey'} from now on.`,
          'factor.changed confirms',
        )
      }
      return words(
        'A way to sign in has another name',
        `A way to sign in has another name: “${text('before')}” is ${label} now.`,
      )
    case 'factor.restored':
      return words(
        'A way to sign in counts again',
        `A way to sign in that was set aside counts again: ${label}.`,
      )
    case 'factors.frozen':
      return words(
        'Your account was closed off',
        'Somebody followed the link “this was not me” in a notice. Everybody was signed out, and what was added or changed since then does not count.',
      )
    case 'session.revoked':
      // Whoever signs out knows it; so does an operator.
      return details.by === 'user' && details.what !== undefined
        ? words(
            'Sessions of yours were ended',
            'On your account page a session was ended, or all but one: other browsers are signed out.',
          )
        : undefined
    case 'factor.disabled':
      return words(
        'A way to sign in is locked',
        `After too many wrong answers in a row, a way to sign in counts no more: ${title}. Somebody may know your password.`,
      )
    case 'factor.suspect':
      return words(
        'A way to sign in may have been copied',
        `An answer was refused, because it may come from a copy: ${title}.`,
      )
    case 'login.throttled':
      return factors.get(text('factor'))?.lastResort === true
        ? words(
            'Somebody is trying backup codes',
            'There were several wrong backup codes in a short time. If it was not you, somebody may know your password.',
          )
        : undefined
    case 'challenge.denied':
      return words(
        'A sign-in was turned down',
        'A sign-in was turned down on one of your devices. Whoever began it may know your password.',
      )
    case 'user.exported':
      return details.by === 'user'
        ? words(
            'Your data was downloaded',
            'Everything that is stored about you was downloaded from your account page.',
          )
        : undefined
    case 'password.changed':
      return words('Your password was changed', 'The password of your account was changed.')
    case 'user.changed':
      return text('what') === 'mail'
        ? words('Your mail address was changed', MAIL_CHANGED, 'user.changed mail')
        : words('Your name was changed', 'The name that others see was changed.')
    case 'login.succeeded':
      if (details.lastResort === true) {
        return words('A backup code was used', 'Somebody signed in with a backup code.', 'backup')
      }
      if (details.notify === true) {
        return words(
          'An unusual sign-in',
          `Somebody signed in ${riskInWords(text('reasons'))}.`,
          'unusual',
        )
      }
      return details.newDevice === true
        ? words(
            'A sign-in from a new browser',
            'Somebody signed in from a browser that is new here.',
          )
        : undefined
    case 'login.refused':
      return details.reason === 'risk'
        ? words(
            'A sign-in was stopped',
            `Somebody proved to be you, and was stopped all the same: it was ${riskInWords(text('reasons'))}. If it was not you, they know your password.`,
            'stopped',
          )
        : undefined
    default:
      return undefined
  }
}

const UNCONFIRMED =
  ' It was your last passkey: approvals on your other devices ask for none from now on.'

const MAIL_CHANGED =
  'The mail address of your account was changed. Notices about it go to another address from now on.'
