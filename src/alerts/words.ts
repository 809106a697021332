import type { UnixSeconds } from '../base/clock.ts'
import { oneLine } from '../base/one-line.ts'
import type { Wording } from './alert.ts'
import { countsBy } from './tally.ts'

/** So many are named; what is beyond is counted. */
const NAMED = 5

/** `2027-01-15 08:00 UTC` */
export const minuteOf = (at: UnixSeconds): string =>
  `${new Date(at * 1000).toISOString().slice(0, 16).replace('T', ' ')} UTC`

/** A moment as the command line takes it. */
export const momentOf = (at: UnixSeconds): string =>
  `${new Date(at * 1000).toISOString().slice(0, 16)}Z`

export const counted = (count: number, noun: string): string =>
  `${count} ${noun}${count === 1 ? '' : 's'}`

/** When it began and when it was last seen. */
export const timesOf = ({ alert: { tally } }: Wording): [string, string] => [
  'When',
  tally.first === tally.last
    ? minuteOf(tally.first)
    : `${minuteOf(tally.first)} to ${minuteOf(tally.last)}`,
]

/** From where, most frequent first; nothing where nobody knows, or addresses are not written down. */
export function sourcesOf(wording: Wording): [string, string][] {
  const sources = countsBy(wording.alert.tally, 'source')
  const shown = new Map<string, number>()
  for (const [source, count] of sources) {
    const address = wording.addressOf(source)
    if (address !== '') shown.set(address, (shown.get(address) ?? 0) + count)
  }
  return shown.size === 0 ? [] : [['From', named([...shown], wording)]]
}

/** Which accounts, most frequent first. */
export function accountsOf(wording: Wording): [string, string][] {
  const users = countsBy(wording.alert.tally, 'userId')
  const names = users.map(([id, count]) => [oneLine(wording.nameOf(id)), count] as const)
  return names.length === 0 ? [] : [['Accounts', named(names, wording)]]
}

/** How many different ones, as far as they are known: `12 addresses`. */
export function howMany(
  { alert: { tally } }: Wording,
  field: 'source' | 'userId',
  [one, several]: readonly [string, string],
): string {
  const { length } = countsBy(tally, field)
  return `${tally.isCut ? 'more than ' : ''}${length} ${length === 1 ? one : several}`
}

/** What was found, a sentence each. */
export const findingsOf = ({ alert: { tally } }: Wording): string[] =>
  countsBy(tally, 'what').map(([what]) => what)

function named(list: readonly (readonly [string, number])[], { alert }: Wording): string {
  const some = list.slice(0, NAMED).map(([name, count]) => `${name} (${count})`)
  const others = list.length - some.length
  const beyond = others === 0 ? [] : [`${alert.tally.isCut ? 'more than ' : ''}${others} others`]
  return [...some, ...beyond].join(', ')
}
