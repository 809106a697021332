import { carriedMedia, type Medium } from '../channels/config.ts'
import type { Config } from './schema.ts'

/** Factors that send something, each with what to do where nothing can carry it. */
const SENDING = [
  ['email', 'no channel carries mail: set channels.smtp, or let channels.webhook carry email'],
  [
    'sms',
    'no channel carries text messages: set channels.twilio, or let channels.webhook carry sms',
  ],
  [
    'voice',
    'no channel carries calls: set channels.twilio with a number to call from, or let channels.webhook carry voice',
  ],
] as const

/**
 * Finds factors whose messages nothing would carry.
 *
 * @param ways What can be sent beside the channels of the configuration.
 */
export function unsendable(
  { factors, channels }: Pick<Config, 'factors' | 'channels'>,
  ways: readonly Medium[],
): { path: string[]; message: string }[] {
  const carried = new Set([...carriedMedia(channels), ...ways])
  return SENDING.filter(([medium]) => factors[medium] && !carried.has(medium)).map(
    ([medium, message]) => ({ path: ['factors', medium], message }),
  )
}
