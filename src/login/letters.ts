import { Letter, type LetterProps, letterText } from '../../views/mail/letter.tsx'
import { page } from '../../views/page.ts'
import type { UnixSeconds } from '../base/clock.ts'
import { oneLine } from '../base/one-line.ts'
import type { Reach } from '../factors/contract.ts'
import type { Message } from '../model/message.ts'

/** Whose letters they are. */
export interface Site {
  /** The portal's name. */
  name: string
  /** Where people sign in. */
  url: URL
}

/** What people are written, in plain words, for each way on which it can go. */
export interface Letters {
  /** Brings the code that proves a new mail address. */
  mailAddressCode(given: { to: string; code: string; user: string; minutes: number }): Message
  /** Tells of something that happened to an account. */
  notice(reach: Reach, notice: NoticeLetter): Message
}

export interface NoticeLetter {
  /** What the mail is called; the same for all of its kind. */
  subject: string
  /** What happened, as a sentence. */
  sentence: string
  /** The name that the person signs in with. */
  user: string
  at: UnixSeconds
  /** Address and browser, as far as they are known. */
  from: readonly string[]
  /** The secret of the link that says "this was not me"; absent where that was said already. */
  token?: string
}

export function createLetters({ name, url: home }: Site): Letters {
  const site = oneLine(name)
  const linkOf = (token: string) => new URL(`undo?token=${token}`, home).href
  const footnote = `Of several things of one kind within an hour only the first are mailed. All of them stand in your history: sign in at ${home.host} by typing the address, and open your account.`

  const asMail = (to: string, letter: Omit<LetterProps, 'site'>): Message => {
    const whole = { site, ...letter }
    const subject = `${letter.title} (${site})`
    return { medium: 'email', to, subject, text: letterText(whole), html: page(Letter(whole)) }
  }

  return {
    mailAddressCode: ({ to, code, user, minutes }) =>
      asMail(to, {
        title: 'Confirm your mail address',
        sentences: [
          `Type this code on the page that asked for it, within ${minutes} minutes. Then this address is yours at ${site}.`,
        ],
        code: `${code.slice(0, 4)} ${code.slice(4)}`,
        facts: [['Account', oneLine(user)]],
        advice:
          'If you did not ask for it, somebody has typed your address by mistake: do nothing, and tell the code to nobody.',
      }),

    notice({ medium, to }, notice) {
      const href = notice.token === undefined ? undefined : linkOf(notice.token)
      if (medium === 'email') return asMail(to, noticeMail(notice, href, footnote))
      const text = `${site}: ${notice.sentence} (${minuteOf(notice.at)} UTC).${href === undefined ? '' : ` Not you? ${href}`}`
      return { medium, to, text }
    },
  }
}

function noticeMail(
  notice: NoticeLetter,
  href: string | undefined,
  advice: string,
): Omit<LetterProps, 'site'> {
  const { subject: title, sentence, user, at, from } = notice
  return {
    title,
    sentences: [sentence, 'If it was you, there is nothing to do.', href ? UNDO : UNDONE],
    ...(href ? { link: { label: 'This was not me', href } } : {}),
    facts: [
      ['Account', oneLine(user)],
      ['At', `${minuteOf(at)} UTC`],
      ...(from.length > 0 ? [['From', oneLine(from.join(', '))] as const] : []),
    ],
    advice,
  }
}

const UNDO =
  'If it was not you, open the page behind this link and confirm it there: everybody is signed out of your account, what was added or changed since then does not count, and nothing can be changed for a day. The link works once, and for a week.'

const UNDONE =
  'If it was not you, somebody may read your mail. Nothing that you had before is lost: sign in with it, see to what was set aside, and have your notices sent elsewhere.'

const minuteOf = (at: UnixSeconds): string =>
  new Date(at * 1000).toISOString().slice(0, 16).replace('T', ' ')
