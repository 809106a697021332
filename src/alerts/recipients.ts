import { randomToken } from '../base/bytes.ts'
import type { UnixSeconds } from '../base/clock.ts'
import type { AlertLetter } from '../store/contract.ts'
import type { Alert } from './alert.ts'
import type { AlertsConfig } from './config.ts'

/** The trail and the log are told of every alert, whoever else is. */
export const TRAIL = 'trail'
export const WEBHOOK = 'webhook'

/** Everybody who is told of something, each by a name such as `email:ops@example.com`. */
export const allRecipients = ({ mail, sms, webhook }: AlertsConfig): string[] => [
  ...mail.map((to) => `email:${to}`),
  ...sms.map((to) => `sms:${to}`),
  ...(webhook ? [WEBHOOK] : []),
]

/** One letter for each who is to hear of an alert. */
export function lettersFor(alert: Alert, config: AlertsConfig, now: UnixSeconds): AlertLetter[] {
  const isWanted = config.kinds?.some((kind) => kind === alert.kind) ?? true
  const everybody = isWanted ? allRecipients(config) : []
  // A text message costs money and holds little: digests go where there is room for them.
  const roomy = everybody.filter((it) => !it.startsWith('sms:'))
  const told = alert.stage === 'digest' && roomy.length > 0 ? roomy : everybody
  return [TRAIL, ...told].map((to) => ({
    id: `alert_${randomToken(16)}`,
    to,
    alert,
    createdAt: now,
  }))
}
