import type { Clock } from '../base/clock.ts'
import type { AuditEvent, WalkStep } from '../model/event.ts'
import type { Forwarder } from './forwarder.ts'
import { createRepeats, LOOK_EVERY_SECONDS } from './repeats.ts'

/** An event, as it is told. */
export type Fact = Omit<AuditEvent, 'at'> & Partial<Pick<AuditEvent, 'at'>>

/** One event said once, heard by several. */
export interface Audit {
  /**
   * Says what happened, just now unless it says when.
   *
   * @param walk How the rules were gone through; asked for only if the event is written down by itself.
   * @returns The number under which it will be found, where the event has one: of many that are alike
   * within a minute, all have the number of the one that stands for them.
   */
  record(event: Fact, walk?: () => readonly WalkStep[]): string | undefined
}

/** The same, as long as it is looked after. */
export interface ClosableAudit extends Audit {
  /** Writes down what has only been counted so far, and takes elsewhere what still waits. */
  close(): Promise<void>
}

/** Hears events. Must not throw, and must not keep a request waiting. */
export type Sink = (event: AuditEvent) => void

export interface AuditDeps {
  clock: Clock
  /** These hear everything. */
  sinks: readonly Sink[]
  /** These write down: of what comes in a flood, they hear a few and a count. */
  writers: readonly Sink[]
  /** These hear what is written down, and take it elsewhere. */
  forwarders?: readonly Forwarder[]
}

export function createAudit({ clock, sinks, writers, forwarders = [] }: AuditDeps): ClosableAudit {
  const repeats = createRepeats({ clock })
  const all = [...writers, ...forwarders.map(({ sink }) => sink)]
  const write = (events: readonly AuditEvent[]) => {
    for (const event of events) for (const writer of all) writer(event)
  }
  let timer: NodeJS.Timeout | undefined
  const look = () => {
    write(repeats.end(clock.now()))
  }

  return {
    record(event, walk) {
      const heard = { ...event, at: event.at ?? clock.now() }
      for (const sink of sinks) sink(heard)
      const { events, isWritten, reference } = repeats.hear(heard)
      timer ??= setInterval(look, LOOK_EVERY_SECONDS * 1000).unref()
      const told = walk && isWritten ? { ...heard, walk: walk() } : heard
      write(events.map((it) => (it === heard ? told : it)))
      return reference
    },

    async close() {
      clearInterval(timer)
      timer = undefined
      write(repeats.end())
      await Promise.all(forwarders.map((it) => it.close()))
    },
  }
}
