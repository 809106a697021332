import { carriedMedia, type Medium } from '../channels/config.ts'
import type { Config } from './schema.ts'

/** What is sent by name of a way, each with what to do where nothing can carry it. */
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
 * Finds factors and alerts whose messages nothing would carry.
 *
 * @param ways What can be sent beside the channels of the configuration.
 */
export function unsendable(
  { alerts, factors, channels }: Pick<Config, 'alerts' | 'factors' | 'channels'>,
  ways: readonly Medium[],
): { path: string[]; message: string }[] {
  const carried = new Set([...carriedMedia(channels), ...ways])
  const wanted = [
    ...SENDING.filter(([medium]) => factors[medium]).map(([medium]) => ({
      medium,
      path: ['factors', medium],
    })),
    ...(alerts.mail.length > 0 ? [{ medium: 'email', path: ['alerts', 'mail'] } as const] : []),
    ...(alerts.sms.length > 0 ? [{ medium: 'sms', path: ['alerts', 'sms'] } as const] : []),
  ]
  const advice = new Map(SENDING)
  return wanted
    .filter(({ medium }) => !carried.has(medium))
    .map(({ medium, path }) => ({ path: [...path], message: advice.get(medium) ?? '' }))
}
