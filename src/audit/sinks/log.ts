import type { Log } from '../../base/log.ts'
import type { Sink } from '../record.ts'

/** Writes every event to the operator's log, as one line with the event's name as its message. */
export const logSink =
  (log: Log): Sink =>
  ({ name, at, details, ...who }) =>
    log.info({ event: name, ...who, ...details }, name)
