import { History } from '../../../views/account/history.tsx'
import type { Factors } from '../../factors/contract.ts'
import type { Account } from '../../login/account/account.ts'
import type { AuditEvent } from '../../model/event.ts'
import type { Pages } from '../page.ts'
import type { AccountDoor, AccountPage } from './door.ts'
import { eventWords, momentOf } from './words.ts'

export interface HistoryPageDeps {
  account: Account
  door: AccountDoor
  factors: Factors
  pages: Pages
}

const SHOWN = 200

/** What happened to the account. */
export const historyPage =
  ({ account, door, factors, pages }: HistoryPageDeps): AccountPage =>
  async (c, { user }) => {
    const events = await account.history(user, SHOWN + 1)
    const view = History({
      ...door.frame(c),
      events: events.slice(0, SHOWN).map((event) => ({
        at: momentOf(event.at),
        from: fromOf(event),
        ...eventWords(event, factors),
      })),
      more: events.length > SHOWN,
      password: door.link('password'),
    })
    return pages.show(c, view)
  }

const fromOf = ({ address, details }: AuditEvent): string =>
  [address, details?.browser].filter((part) => part !== undefined).join(' · ')
