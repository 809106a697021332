import type { Log } from '../base/log.ts'
import type { Store, StoreTrouble } from './contract.ts'

/** Why a store may be in trouble; a figure has a row for each. */
export const TROUBLES = ['busy', 'full', 'damaged', 'failing'] as const

/** Trouble seldom comes alone: of one kind, one line in this time. */
const QUIET_MS = 60_000

const SENTENCES: Readonly<Record<StoreTrouble['kind'], string>> = {
  busy: 'store: held by another program for too long; nobody can sign in until it lets go',
  full: 'store: no room on the disk; nobody can sign in until there is some',
  damaged:
    'store: the database is damaged, nothing is read from it or written to it any more; stop, restore it from a backup made with "gatehouse backup", and start again',
  failing: 'store: the disk or the file system fails',
}

export interface TellTroubleDeps {
  store: Pick<Store, 'onTrouble'>
  log: Log
  count(kind: StoreTrouble['kind']): void
  /** Only ever forward, in milliseconds. */
  now?: () => number
}

/** Tells an operator what the store cannot do: counts everything, and says it once a minute. */
export function tellTrouble({ store, log, count, now = () => performance.now() }: TellTroubleDeps) {
  const said = new Map<StoreTrouble['kind'], number>()
  return store.onTrouble(({ kind, detail }) => {
    count(kind)
    if (now() - (said.get(kind) ?? Number.NEGATIVE_INFINITY) < QUIET_MS) return
    said.set(kind, now())
    log.error({ event: 'store.trouble', kind, detail }, SENTENCES[kind])
  })
}
