import type { Log } from '../../base/log.ts'
import type { AuditEvent } from '../../model/event.ts'
import type { Sink } from '../record.ts'

/** Some of what is written down comes from strangers. */
const LONGEST = 500

const cut = (value: string | number | boolean) =>
  typeof value === 'string' && value.length > LONGEST ? `${value.slice(0, LONGEST)}…` : value

const shortened = (details: NonNullable<AuditEvent['details']>) =>
  Object.fromEntries(Object.entries(details).map(([name, value]) => [name, cut(value)]))

/** Writes every event to the operator's log, as one line with the event's name as its message. */
export const logSink =
  (log: Log): Sink =>
  ({ name, at, details = {}, walk: _, ...who }) =>
    log.info({ event: name, ...who, ...shortened(details) }, name)
