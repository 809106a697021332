import { Overview } from '../../../views/account/overview.tsx'
import type { AccountHint } from '../../../views/parts/hint.tsx'
import type { Account } from '../../login/account/account.ts'
import { logoutLink } from '../links.ts'
import type { Pages } from '../page.ts'
import type { AccountDoor, AccountPage } from './door.ts'
import { doneSentence, frozenSentence } from './words.ts'

export interface OverviewDeps {
  account: Account
  door: AccountDoor
  /** Is there anything that could be set up here? */
  hints(at: Parameters<AccountPage>[1]): Promise<AccountHint[]>
  pages: Pages
}

/** Everything about the account, a line each. */
export function overviewPage({ account, door, hints, pages }: OverviewDeps): AccountPage {
  const { link } = door
  const { brand } = pages

  return async (c, at) => {
    const { user } = at
    const [own, places] = await Promise.all([
      account.authenticators.list(user),
      account.places.list(user),
    ])
    const parts = [
      { title: 'Name', detail: user.displayName, href: link('name') },
      { title: 'Mail address', detail: user.email ?? 'none on file', href: link('mail') },
      { title: 'Password', detail: 'Change it here', href: link('password') },
      {
        title: 'Ways to sign in',
        detail: own.map(({ credential }) => credential.label).join(', ') || 'only your password',
        href: link('factors'),
      },
      {
        title: 'Where you are signed in',
        detail: places.length === 1 ? 'only here' : `here and in ${othersIn(places.length - 1)}`,
        href: link('sessions'),
      },
      { title: 'History', detail: 'Who signed in, and what was changed', href: link('history') },
      { title: 'Data and privacy', detail: 'What is kept about you', href: link('data') },
    ]
    const view = Overview({
      brand,
      user,
      parts,
      hints: await hints(at),
      frozen: account.isFrozen(user) ? frozenSentence(user) : undefined,
      done: doneSentence(c.req.query('done')),
      signOut: logoutLink(brand.home, undefined),
    })
    return pages.show(c, view)
  }
}

const othersIn = (count: number) => (count === 1 ? 'one other browser' : `${count} other browsers`)
