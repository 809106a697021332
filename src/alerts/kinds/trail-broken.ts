import type { EventRepository } from '../../store/contract.ts'
import type { AlertKind, Lookout } from '../contract.ts'
import { findingsOf, timesOf } from '../words.ts'

/** The trail of events does not fit together any more. */
export const trailBroken: AlertKind = {
  name: 'trail_broken',

  words(wording) {
    return {
      title: 'The audit trail is not whole',
      sentences: [
        ...findingsOf(wording),
        'Somebody has changed the database by hand, or put an older one in its place. Keep a copy of it as it is, and look into who could write there.',
      ],
      facts: [timesOf(wording)],
      command: 'gatehouse audit verify',
    }
  },
}

/** One bad row often makes others; these say enough. */
const MOST_FAULTS = 5

export const trailLookout = (
  events: Pick<EventRepository, 'verify'>,
  everySeconds: number,
): Lookout => ({
  name: 'trail_broken',
  everySeconds,
  async look() {
    const { faults } = await events.verify()
    return faults.slice(0, MOST_FAULTS).map(({ kind, id, says }) => ({
      // The row behind the end is another one each time.
      name: kind === 'head' ? kind : `${kind} ${id}`,
      sighting: { what: says },
    }))
  },
})
