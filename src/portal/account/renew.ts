import { Renew } from '../../../views/account/renew.tsx'
import type { Destination } from '../../../views/brand.ts'
import type { Account } from '../../login/account/account.ts'
import type { Pages } from '../page.ts'
import type { AccountDoor, AccountPage } from './door.ts'

export interface RenewPageDeps {
  account: Account
  destinationOf(url: string): Destination | undefined
  door: AccountDoor
  onward(given: string | undefined): string | undefined
  pages: Pages
}

/** Comes between a sign-in by something that runs out and the page that was asked for. */
export const renewPage =
  ({ account, destinationOf, door, onward, pages }: RenewPageDeps): AccountPage =>
  async (c, { user }) => {
    const rd = onward(c.req.query('rd'))
    const own = await account.authenticators.list(user)
    const used = own
      .filter(({ factor }) => factor.lastResort)
      .map(
        ({ credential, factor }) => `${credential.label}: ${factor.facts(credential).join(', ')}.`,
      )
    const view = Renew({
      brand: pages.brand,
      used,
      add: door.link('factors/add', { rd }),
      factors: door.link('factors'),
      destination: rd === undefined ? undefined : destinationOf(rd),
      onward: rd ?? pages.brand.home,
    })
    return pages.show(c, view)
  }
