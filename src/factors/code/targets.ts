import { domainToASCII } from 'node:url'
import type { parsePhoneNumberFromString } from 'libphonenumber-js/max'

/** What was typed, in the one form in which it is kept; or what to do about it. */
export type Reading =
  | { ok: true; target: string; country?: string }
  | { ok: false; message: string }

const no = (message: string): Reading => ({ ok: false, message })

// One address: no display name, no comment, no second one. Letters beyond ASCII before the `@` are
// refused, because few mail servers carry them.
const LOCAL_PART = /^[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}$/
const DOMAIN =
  /^(?=.{4,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+(?!\d+$)[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/

/**
 * Reads a mail address.
 *
 * @param typed May be hostile.
 */
export function readMailAddress(typed: string): Reading {
  const at = typed.lastIndexOf('@')
  const local = typed.slice(0, Math.max(0, at))
  const domain = domainToASCII(typed.slice(at + 1))
  const isWhole = LOCAL_PART.test(local) && !/^\.|\.\.|\.$/.test(local) && DOMAIN.test(domain)
  if (!isWhole) return no('This is no mail address. Write it like this: alice@example.com')
  return { ok: true, target: `${local}@${domain}` }
}

/** `a•••@example.com` */
export function maskedMailAddress(address: string): string {
  const at = address.lastIndexOf('@')
  return `${address.slice(0, 1)}•••${address.slice(at)}`
}

/** `•••• 42` */
export const maskedNumber = (number: string): string => `•••• ${number.slice(-2)}`

/** Numbers of these kinds are called at an ordinary price, and ring at one person's. */
const REACHED_BY: Record<'sms' | 'voice', readonly string[]> = {
  sms: ['MOBILE', 'FIXED_LINE_OR_MOBILE'],
  voice: ['MOBILE', 'FIXED_LINE_OR_MOBILE', 'FIXED_LINE', 'VOIP'],
}

const REFUSED = {
  sms: 'This number gets no text messages. Use a mobile number.',
  voice: 'This number is not called. Use an ordinary one, at home or on a mobile phone.',
}

const HOW = 'Write it with the code of its country: +49 170 1234567'

// Digits and what people put between them: no letters, no extension, no second number.
const NUMBER = /^\+?[0-9 ()/.-]{3,40}$/

export interface PhoneRules {
  medium: 'sms' | 'voice'
  /** ISO 3166, two capitals. */
  countries: readonly string[]
}

type CountryCode = Extract<Parameters<typeof parsePhoneNumberFromString>[1], string>

/**
 * Reads a phone number. Where one country is allowed alone, a number may be written as it is there;
 * else it must begin with the code of its country, so that nobody else's phone rings.
 *
 * Premium, shared-cost, satellite and all other numbers that are not one ordinary phone are refused.
 *
 * @param typed May be hostile.
 * @returns The number in E.164.
 */
export async function readPhoneNumber(
  typed: string,
  { medium, countries }: PhoneRules,
): Promise<Reading> {
  const home = countries.length === 1 ? (countries[0] as CountryCode) : undefined
  if (!NUMBER.test(typed)) return no(`This is no phone number. ${HOW}`)
  if (home === undefined && !typed.startsWith('+')) return no(`The country is missing. ${HOW}`)

  // Loaded with the first number: the plans of all countries are large.
  const { parsePhoneNumberFromString: parse } = await import('libphonenumber-js/max')
  const number = parse(typed, home)
  if (!number?.isValid()) return no(`There is no such phone number. ${HOW}`)
  if (number.country === undefined || !countries.includes(number.country)) {
    return no('Numbers of this country get no codes here. Use another number, or another way.')
  }
  if (!REACHED_BY[medium].includes(number.getType() ?? '')) return no(REFUSED[medium])
  return { ok: true, target: number.number, country: number.country }
}
