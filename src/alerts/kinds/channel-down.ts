import type { HeardKind } from '../contract.ts'
import { countsBy } from '../tally.ts'
import { counted, momentOf, timesOf } from '../words.ts'

/** Codes and notices that come to nothing, one after the other. */
export const channelDown: HeardKind = {
  name: 'channel_down',

  sees({ name, details = {} }) {
    if (name !== 'challenge.undelivered' && name !== 'message.undelivered') return undefined
    // A word about one person, and the end of the gateway, say nothing about the channel.
    if (details.reason === 'refused' || details.reason === 'stopped') return undefined
    const what = String(details.medium ?? details.kind ?? 'unknown')
    return { what: /^[a-z_]{1,40}$/.test(what) ? what : 'unknown' }
  },

  withinSeconds: ({ channel_down: { within } }) => within,
  alarming: (recent, { channel_down: { messages } }) =>
    recent.count >= messages ? recent : undefined,

  words(wording) {
    const { tally } = wording.alert
    const by = countsBy(tally, 'what').map(([what, count]) => `${what} (${count})`)
    return {
      title: 'Messages to people do not arrive',
      sentences: [
        `${counted(tally.count, 'message')} came to nothing: whoever needs a code that way cannot sign in. The log says why, in lines that begin with “outbox”.`,
      ],
      facts: [timesOf(wording), ['By', by.join(', ')]],
      command: `gatehouse audit list --event challenge.undelivered --event message.undelivered --since ${momentOf(tally.first)}`,
    }
  },
}
