import type { Metrics } from '../../base/metrics.ts'
import type { AuditEvent } from '../../model/event.ts'
import type { Sink } from '../record.ts'

export type EventCounter = (values: { event: string; kind: string; reason: string }) => void

/** The one counter of events; it outlives every configuration. */
export const eventCounter = (metrics: Metrics): EventCounter =>
  metrics.counter(
    'gatehouse_events_total',
    'What happened: sign-ins, refusals, messages that were not delivered, changes of factors.',
    ['event', 'kind', 'reason'],
  )

/** Counts every event by its name, the kind of factor that it is about, and the reason that it gives. */
export const metricsSink =
  (count: EventCounter): Sink =>
  ({ name, details = {} }) =>
    count({ event: name, kind: word(details.kind ?? details.factor), reason: word(details.reason) })

// Kinds and reasons are words of our own; whatever else may come one day must not become a label.
const word = (value: NonNullable<AuditEvent['details']>[string] | undefined): string =>
  typeof value === 'string' && /^[a-z_]{1,40}$/.test(value) ? value : ''
