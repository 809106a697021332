import type { Metrics } from '../../base/metrics.ts'
import type { AuditEvent } from '../../model/event.ts'
import type { Sink } from '../record.ts'

/** Counts sign-ins by the factor that they are about and by how they ended. */
export interface SignInCounters {
  signedIn(values: { factor: string; outcome: 'succeeded' | 'refused' }): void
  throttled(values: { factor: string }): void
}

/** They outlive every configuration. */
export function signInCounters(metrics: Metrics): SignInCounters {
  return {
    signedIn: metrics.counter(
      'gatehouse_sign_ins_total',
      'Proofs at sign-in by factor and outcome. One by several factors counts for each of them.',
      ['factor', 'outcome'],
    ),
    throttled: metrics.counter(
      'gatehouse_throttled_total',
      'Guesses that had to wait, by the factor that they were about.',
      ['factor'],
    ),
  }
}

/** Hears of sign-ins and counts them. */
export const signInSink =
  ({ signedIn, throttled }: SignInCounters): Sink =>
  ({ name, details = {} }) => {
    if (name === 'login.succeeded') {
      for (const factor of factorsIn(details)) signedIn({ factor, outcome: 'succeeded' })
    } else if (name === 'login.refused') {
      const factor = details.reason === 'risk' ? 'risk' : word(details.factor)
      signedIn({ factor, outcome: 'refused' })
    } else if (name === 'login.throttled') throttled({ factor: word(details.factor) })
  }

type Details = NonNullable<AuditEvent['details']>

function factorsIn({ amr, factors }: Details): string[] {
  const kinds = String(factors ?? '')
    .split(' ')
    .filter(Boolean)
  const password = String(amr ?? '')
    .split(' ')
    .includes('pwd')
    ? ['password']
    : []
  return [...password, ...kinds].map(word)
}

// Kinds of factors are words of our own; whatever else may come one day must not become a label.
const word = (value: Details[string] | undefined): string =>
  typeof value === 'string' && /^[a-z_]{1,40}$/.test(value) ? value : ''
