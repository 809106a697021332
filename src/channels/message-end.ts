/**
 * How a message ended. `refused` by the other side for good; `late`, still not taken when it became stale;
 * `crowded` out, because too many wait already; `stopped` with the gateway; `unknown`, whether it went out.
 */
export type MessageEnd = 'sent' | 'refused' | 'late' | 'crowded' | 'stopped' | 'unknown'

/** As the person is told: what may have gone out is on its way. */
export const stateAfter = (end: MessageEnd): 'sent' | 'waiting' | 'failed' =>
  end === 'sent' ? 'sent' : end === 'unknown' ? 'waiting' : 'failed'
