import type { Clock } from '../base/clock.ts'
import type { AuditEvent } from '../model/event.ts'

/** One event said once, heard by several. */
export interface Audit {
  record(event: Omit<AuditEvent, 'at'>): void
}

/** Hears every event. Must not throw, and must not keep a request waiting. */
export type Sink = (event: AuditEvent) => void

export interface AuditDeps {
  clock: Clock
  sinks: readonly Sink[]
}

export function createAudit({ clock, sinks }: AuditDeps): Audit {
  return {
    record(event) {
      const heard = { ...event, at: clock.now() }
      for (const sink of sinks) sink(heard)
    },
  }
}
