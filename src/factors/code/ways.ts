import type { Medium, Message } from '../../model/message.ts'
import type { EmailCodeConfig, PhoneCodeConfig } from './config.ts'
import { asCall, asMail, asText, type CodeNews } from './messages.ts'
import {
  maskedMailAddress,
  maskedNumber,
  type Reading,
  readMailAddress,
  readPhoneNumber,
} from './targets.ts'

const MINUTE = 60

/** One way on which a code can come: what is different about it. */
export interface Way {
  /** The factor's kind, and the medium that carries its codes. */
  kind: 'email' | 'sms' | 'voice'
  medium: Medium
  title: string
  about: string
  rank: number
  /** @see RFC 8176 */
  amr: readonly string[]
  needs: 'email' | 'phone'
  /** What the person calls an authenticator of this kind until they name it. */
  label: string
  /** Where the digits are found. */
  from: string
  lifetimeSeconds: number
  dailyLimit: number
  read(typed: string): Promise<Reading>
  /** May a target of this country be written to? */
  admits(country: string | undefined): boolean
  /** Says that the target is the person's already. */
  taken: string
  masked(target: string): string
  message(news: CodeNews): Message
}

export const byMail = ({ daily_limit }: EmailCodeConfig): Way => ({
  kind: 'email',
  medium: 'email',
  title: 'code by e-mail',
  about:
    'Keeps out whoever has guessed or stolen your password. It does not keep out whoever can read your mail, nor a false page that asks you for the code.',
  rank: 20,
  amr: ['otp'],
  needs: 'email',
  label: 'E-mail',
  from: 'the mail that we sent you',
  lifetimeSeconds: 10 * MINUTE,
  dailyLimit: daily_limit,
  read: async (typed) => readMailAddress(typed),
  admits: () => true,
  taken: 'You get codes at this address already.',
  masked: maskedMailAddress,
  message: asMail,
})

const ABOUT_PHONES =
  'It does not keep out whoever takes over your phone number, nor a false page that asks you for the code.'

export const byText = ({ countries, daily_limit }: PhoneCodeConfig): Way => ({
  ...byPhone,
  kind: 'sms',
  medium: 'sms',
  title: 'code by text message',
  about: `Keeps out whoever has guessed or stolen your password. ${ABOUT_PHONES}`,
  rank: 30,
  amr: ['otp', 'sms'],
  label: 'Text message',
  from: 'the text message that we sent you',
  dailyLimit: daily_limit,
  read: (typed) => readPhoneNumber(typed, { medium: 'sms', countries }),
  admits: (country) => country !== undefined && countries.includes(country),
  message: asText,
})

export const byCall = ({ countries, daily_limit }: PhoneCodeConfig): Way => ({
  ...byPhone,
  kind: 'voice',
  medium: 'voice',
  title: 'code by phone call',
  about: `Keeps out whoever has guessed or stolen your password, also with a phone that gets no messages. ${ABOUT_PHONES}`,
  rank: 10,
  amr: ['otp', 'tel'],
  label: 'Phone call',
  from: 'the call that you get from us',
  dailyLimit: daily_limit,
  read: (typed) => readPhoneNumber(typed, { medium: 'voice', countries }),
  admits: (country) => country !== undefined && countries.includes(country),
  message: asCall,
})

const byPhone = {
  needs: 'phone',
  lifetimeSeconds: 5 * MINUTE,
  taken: 'You get codes on this number already.',
  masked: maskedNumber,
} as const
