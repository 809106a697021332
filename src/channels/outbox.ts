import type { Clock } from '../base/clock.ts'
import type { Log } from '../base/log.ts'
import type { Outbox, OutboxJob } from './contract.ts'
import { reasonOf } from './errors.ts'
import { createLane, type Lane } from './lane.ts'
import { type MessageEnd, stateAfter } from './message-end.ts'

export interface OutboxDeps {
  clock: Clock
  log: Log
  /** Between 0 and 1: keeps many that failed together from coming back together. */
  random?: () => number
}

/** An outbox that tells how full it is. */
export interface WatchedOutbox extends Outbox {
  /** Messages that have not come to their end yet. */
  unsent(): number
}

const PATIENCE_MS = 300
const CLOSING_MS = 3000
/** Parcels that may wait in one lane: ten minutes of a sign-in a second. */
const MOST_WAITING = 600

/** Sends messages from memory, and goes on trying behind the scenes: what waits when it closes is lost. */
export function createOutbox({ clock, log, random = Math.random }: OutboxDeps): WatchedOutbox {
  const lanes = new Map<string, Lane>()
  const underWay = new Set<Promise<unknown>>()
  let unsent = 0
  let closed = false

  /** The end of the outbox waits for this. */
  const track = (work: Promise<void>) => {
    const done = work.finally(() => underWay.delete(done))
    underWay.add(done)
  }

  const laneOf = (name: string): Lane => {
    const known = lanes.get(name)
    if (known) return known
    const lane = createLane({ name, most: MOST_WAITING, clock, log, random, track })
    lanes.set(name, lane)
    return lane
  }

  return {
    post(job) {
      if (closed) return tell(job, 'stopped', log).then(() => 'failed')
      return new Promise((answer) => {
        // Whoever has been answered is not answered again.
        const once = (state: 'sent' | 'waiting' | 'failed') => {
          clearTimeout(patience)
          answer(state)
        }
        unsent += 1
        const patience = setTimeout(() => once('waiting'), PATIENCE_MS)
        laneOf(job.lane).add({
          whom: job.whom ?? job,
          deliver: job.deliver,
          until: job.until,
          waits: () => once('waiting'),
          ends: (end) => {
            unsent -= 1
            track(tell(job, end, log).then(() => once(stateAfter(end))))
          },
        })
      })
    },

    unsent: () => unsent,

    async close() {
      closed = true
      for (const lane of lanes.values()) lane.close()
      let timer: NodeJS.Timeout | undefined
      const late = new Promise<void>((resolve) => {
        timer = setTimeout(resolve, CLOSING_MS)
      })
      await Promise.race([settled(underWay), late])
      clearTimeout(timer)
    },
  }
}

/** Also of what began meanwhile: the end of a try is noted after the try. */
async function settled(work: ReadonlySet<Promise<unknown>>): Promise<void> {
  while (work.size > 0) await Promise.all(work)
}

function tell({ lane, told }: OutboxJob, end: MessageEnd, log: Log): Promise<void> {
  return Promise.resolve()
    .then(() => told?.(end))
    .catch((cause) => {
      log.error({ lane, end, error: reasonOf(cause) }, 'outbox: the end of a message not noted')
    })
}
