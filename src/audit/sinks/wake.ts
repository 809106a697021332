import type { Signals } from '../../base/signals.ts'
import type { Sink } from '../record.ts'

/**
 * Wakes the pages that wait for something about a person whenever their authenticators have changed.
 *
 * @param topicOf What such a page listens to.
 */
export const wakeSink =
  (signals: Signals, topicOf: (userId: string) => string): Sink =>
  ({ name, userId }) => {
    if (userId !== undefined && name.startsWith('factor.')) signals.tell(topicOf(userId))
  }
