import { Name } from '../../../views/account/name.tsx'
import type { Account } from '../../login/account/account.ts'
import { readForm } from '../form.ts'
import type { Pages } from '../page.ts'
import type { AccountDoor, AccountPage } from './door.ts'

export interface NamePageDeps {
  account: Account
  door: AccountDoor
  pages: Pages
}

/** The name that others see. */
export function namePages({ account, door, pages }: NamePageDeps) {
  const show: AccountPage = (c, { user: { name, displayName } }) =>
    pages.show(
      c,
      Name({ ...door.frame(c), action: door.link('name'), displayName, userName: name }),
    )

  const take: AccountPage = async (c, at) => {
    const typed = (await readForm(c)).field('display_name')
    const problem = await account.profiles.setName(at.user, typed, door.origin(c, at))
    if (problem === undefined) return c.redirect(door.link('', { done: 'name' }), 303)
    const action = door.link('name')
    const shown = { ...door.frame(c), action, displayName: typed, userName: at.user.name, problem }
    return pages.show(c, Name(shown), { status: 400 })
  }

  return { show, take }
}
