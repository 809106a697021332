import { sourceOf } from '../../base/net.ts'
import type { HeardKind } from '../contract.ts'
import { countsBy, part, sightingsIn, type Tally } from '../tally.ts'
import { accountsOf, counted, momentOf, sourcesOf, timesOf } from '../words.ts'

/** One address that tries one account after the other: a few passwords for everybody, say. */
export const manyAccounts: HeardKind = {
  name: 'many_accounts_from_one_address',

  sees({ name, userId, address, details = {} }) {
    const isGuess = name === 'login.refused' || name === 'login.throttled'
    // An answer to a second factor comes behind a right password: that is no spraying.
    if (!isGuess || address === undefined || details.factor !== 'password') return undefined
    return { source: sourceOf(address), ...(userId === undefined ? {} : { userId }) }
  },

  withinSeconds: ({ many_accounts_from_one_address: { within } }) => within,

  alarming(recent, { many_accounts_from_one_address: { accounts } }) {
    const tried = accountsBySource(recent)
    return part(recent, ({ source = '' }) => (tried.get(source) ?? 0) >= accounts)
  },

  words(wording) {
    const { tally } = wording.alert
    const sources = countsBy(tally, 'source')
    const [worst] = [...accountsBySource(tally)].toSorted(([, a], [, b]) => b - a)
    const [source = '', accounts = 0] = worst ?? []
    const address = wording.addressOf(source)
    const whence =
      sources.length === 1
        ? `One address${address === '' ? '' : `, ${address},`} has`
        : `${sources.length} addresses have`
    const most = sources.length === 1 ? `${accounts}` : `up to ${accounts} each`
    const only = sources.length === 1 && address === source ? ` --address ${source}` : ''
    return {
      title: 'One address tries many accounts',
      sentences: [
        `${whence} tried the passwords of many accounts (${most}), ${counted(tally.count, 'time')} in all, and was wrong. Somebody may be trying a few passwords on everybody. Names that are nobody’s count each time.`,
      ],
      facts: [timesOf(wording), ...sourcesOf(wording), ...accountsOf(wording)],
      command: `gatehouse audit list --event "login.*" --since ${momentOf(tally.first)}${only}`,
    }
  },
}

/** How many accounts each address has tried. What was typed for a name that is nobody's is not known. */
function accountsBySource(tally: Tally): Map<string, number> {
  const tried = new Map<string, number>()
  for (const [{ source = '', userId }, count] of sightingsIn(tally)) {
    tried.set(source, (tried.get(source) ?? 0) + (userId === undefined ? count : 1))
  }
  return tried
}
