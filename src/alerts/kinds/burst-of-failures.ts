import { sourceOf } from '../../base/net.ts'
import type { HeardKind } from '../contract.ts'
import { accountsOf, counted, howMany, momentOf, sourcesOf, timesOf } from '../words.ts'

/** Many wrong answers at sign-in, from wherever and about whomever. */
export const burstOfFailures: HeardKind = {
  name: 'burst_of_failures',

  sees({ name, userId, address }) {
    // A guess that had to wait was made all the same.
    if (name !== 'login.refused' && name !== 'login.throttled') return undefined
    return {
      ...(address === undefined ? {} : { source: sourceOf(address) }),
      ...(userId === undefined ? {} : { userId }),
    }
  },

  withinSeconds: ({ burst_of_failures: { within } }) => within,
  alarming: (recent, { burst_of_failures: { failures } }) =>
    recent.count >= failures ? recent : undefined,

  words(wording) {
    const { tally } = wording.alert
    return {
      title: 'Many wrong answers at sign-in',
      sentences: [
        `There were ${counted(tally.count, 'wrong answer')} at sign-in, from ${howMany(wording, 'source', ADDRESSES)} and against ${howMany(wording, 'userId', ACCOUNTS)} that there are. Guesses are slowed down by themselves, and people whose browser is known get in all the same.`,
      ],
      facts: [timesOf(wording), ...sourcesOf(wording), ...accountsOf(wording)],
      command: `gatehouse audit list --event "login.*" --since ${momentOf(tally.first)}`,
    }
  },
}

const ADDRESSES = ['address', 'addresses'] as const
const ACCOUNTS = ['account', 'accounts'] as const
