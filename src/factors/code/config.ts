import * as z from 'zod'

const COUNTRY = 'write countries in two capitals (ISO 3166): [DE, AT, GB]'

const names = new Intl.DisplayNames('en', { type: 'region', fallback: 'none' })
/** Former and common codes are no others: who writes `UK` would else wonder why nothing goes to `GB`. */
const isCountry = (text: string) =>
  /^[A-Z]{2}$/.test(text) &&
  text !== 'ZZ' &&
  names.of(text) !== undefined &&
  Intl.getCanonicalLocales(`und-${text}`)[0] === `und-${text}`

const dailyLimit = (most: number) =>
  z.int().min(1).max(1_000_000).default(most).meta({
    description:
      'Messages a day in all; then people are asked for another factor. At most half of it goes to numbers and addresses that nobody has confirmed yet.',
  })

const countries = z
  .array(z.string().refine(isCountry, { message: COUNTRY }))
  .min(1, COUNTRY)
  .meta({
    description:
      'Countries whose numbers may get codes. There is no default, because somebody pays for each message: list those where your people are.',
    example: ['DE', 'AT'],
  })

export const emailCodeConfig = z.strictObject({ daily_limit: dailyLimit(5000) })
export const phoneCodeConfig = z.strictObject({ countries, daily_limit: dailyLimit(500) })

export type EmailCodeConfig = z.output<typeof emailCodeConfig>
export type PhoneCodeConfig = z.output<typeof phoneCodeConfig>
