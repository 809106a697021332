import { CodeMail } from '../../../views/mail/code-mail.tsx'
import { page } from '../../../views/page.ts'
import type { UnixSeconds } from '../../base/clock.ts'
import { oneLine } from '../../base/one-line.ts'
import { browserInWords } from '../../base/user-agent.ts'
import type { ChallengeAbout } from '../../model/challenge.ts'
import type { Message } from '../../model/message.ts'

/** Whose code it is. */
export interface Site {
  /** The portal's name. */
  name: string
  /** Where people sign in. */
  url: URL
}

/** One code on its way to one person. */
export interface CodeNews {
  site: Site
  to: string
  code: string
  minutes: number
  /** What the person is called at sign-in. */
  user: string
  about: ChallengeAbout
  at: UnixSeconds
  /** Is it the code that proves the target? Until then the target may be a stranger's, by a slip of the hand. */
  first: boolean
}

/** A text message. Its last line is for the phone, which then offers the code on this page and no other. */
export function asText({ site, to, code, minutes }: CodeNews): Message {
  // The form of the last line is fixed: https://wicg.github.io/sms-one-time-codes/
  const bound = `@${site.url.hostname} #${code}`
  const text = `${code} is your code for ${oneLine(site.name)}. It is good for ${minutes} minutes. Tell it to nobody.`
  return { medium: 'sms', to, text: `${text}\n\n${bound}` }
}

/** A call. Digits stand apart, so that each is read out by itself. */
export function asCall({ site, to, code }: CodeNews): Message {
  const digits = [...code].join('. ')
  const text = `Your code for ${oneLine(site.name)} is: ${digits}. Tell it to nobody.`
  return { medium: 'voice', to, text }
}

/** A mail. The subject never changes, and all that strangers can choose is escaped or in our own words. */
export function asMail(news: CodeNews): Message {
  const { to, code, minutes, site, first } = news
  const name = oneLine(site.name)
  const facts = factsOf(news)
  const advice = first
    ? 'If you know nothing of this, somebody has mistyped their address. You need do nothing.'
    : `If this was not you, somebody may know your password: sign in at ${site.url.host} by typing the address, and change it.`
  const text = [
    `Your code for ${name}:`,
    code,
    `It is good for ${minutes} minutes and works once. Tell it to nobody: whoever asks you for it wants to sign in as you.`,
    facts.map(([heading, fact]) => `${heading}: ${fact}`).join('\n'),
    advice,
  ].join('\n\n')
  const html = page(CodeMail({ site: name, code, minutes, facts, advice }))
  return { medium: 'email', to, subject: `Your code for ${name}`, text, html }
}

function factsOf({ user, about, at, first }: CodeNews): (readonly [string, string])[] {
  const { address, userAgent, destination } = about
  const time = [
    'At',
    `${new Date(at * 1000).toISOString().slice(0, 16).replace('T', ' ')} UTC`,
  ] as const
  // A stranger need not learn from where somebody signs in, and to what.
  if (first) return [['Set up for', withoutLink(user)], time]
  return [
    ['Signing in as', oneLine(user)],
    ['From', `${oneLine(address)}, ${browserInWords(userAgent)}`],
    ...(destination === undefined ? [] : [['On the way to', oneLine(destination)] as const]),
    time,
  ]
}

/** Long enough for a name, and too short to sell anything. */
const MOST_OF_A_NAME = 40
const MAIL_ADDRESS = /^[^\s@:/]+@[^\s@:/]+$/

/**
 * A name as a stranger is shown it. Mail programs make links of whatever looks like an address of the
 * web, so nothing does: else we would carry anybody's advertisement to anybody's mailbox.
 */
function withoutLink(user: string): string {
  const name = oneLine(user)
  const shown = MAIL_ADDRESS.test(name) ? name : name.replace(/[.:/\\@。．｡]+/g, ' ').trim()
  return shown.length > MOST_OF_A_NAME ? `${shown.slice(0, MOST_OF_A_NAME)}…` : shown
}
