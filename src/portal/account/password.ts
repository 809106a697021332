import type { Context } from 'hono'
import { NewPassword, type NewPasswordProps } from '../../../views/account/password.tsx'
import type { Account } from '../../login/account/account.ts'
import type { AppEnv } from '../../web/env.ts'
import { readForm } from '../form.ts'
import type { Pages } from '../page.ts'
import type { AccountDoor, AccountPage } from './door.ts'

export interface PasswordPagesDeps {
  account: Account
  door: AccountDoor
  /** Of passwords. */
  minimumLength: number
  pages: Pages
}

/** Another password. The proof that the page asks for stands in the place of the old one. */
export function passwordPages({
  account: { passwords },
  door,
  minimumLength,
  pages,
}: PasswordPagesDeps) {
  const view = (c: Context<AppEnv>, userName: string, problem?: NewPasswordProps['problem']) => {
    const action = door.link('password')
    return NewPassword({ ...door.frame(c), action, userName, minimumLength, problem })
  }

  const show: AccountPage = (c, { user }) => pages.show(c, view(c, user.name))

  const take: AccountPage = async (c, at) => {
    const { field } = await readForm(c)
    const password = field('password')
    const { user, session } = at
    const refuse = (problem: NewPasswordProps['problem']) =>
      pages.show(c, view(c, user.name, problem), { status: 400 })
    const message = await passwords.fault(user, password)
    if (message !== undefined) return refuse({ field: 'password', message })
    if (password !== field('again')) return refuse({ field: 'again', message: NOT_THE_SAME })
    const { address, userAgent } = door.origin(c, at)
    const how = { address, userAgent, by: 'user', except: session.id } as const
    await passwords.change(user, password, how)
    return c.redirect(door.link('', { done: 'password' }), 303)
  }

  return { show, take }
}

const NOT_THE_SAME = 'The two are not the same. Type the new password once more.'
