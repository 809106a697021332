import type { Context } from 'hono'
import { DownloadData, EraseAccount } from '../../../views/account/personal.tsx'
import type { Account } from '../../login/account/account.ts'
import { type User, userNameKey } from '../../model/user.ts'
import type { Cookies } from '../../session/cookie.ts'
import type { AppEnv } from '../../web/env.ts'
import { securityHeaders } from '../../web/security-headers.ts'
import { readForm } from '../form.ts'
import type { Pages } from '../page.ts'
import type { AccountDoor, AccountPage } from './door.ts'

export interface PersonalPagesDeps {
  account: Account
  cookies: Cookies
  door: AccountDoor
  pages: Pages
}

/** Everything about a person: as a file for them, and how it goes for good. */
export function personalPages({ account, cookies, door, pages }: PersonalPagesDeps) {
  const { personal } = account
  const { brand } = pages
  const secure = brand.home.startsWith('https:')
  const page = (c: Context<AppEnv>, name: string) => ({
    ...door.frame(c),
    action: door.link(`data/${name}`),
    back: door.link('data'),
  })

  const askDownload: AccountPage = (c) => pages.show(c, DownloadData(page(c, 'download')))

  const download: AccountPage = async (c, at) => {
    const data = await personal.download(at.user, door.origin(c, at))
    if (!data) return c.redirect(brand.home, 303)
    return c.body(JSON.stringify(data, null, 2), 200, {
      ...securityHeaders(secure),
      'Content-Type': 'application/json; charset=utf-8',
      'Content-Disposition': `attachment; filename="personal-data.json"`,
    })
  }

  const erasePage = (c: Context<AppEnv>, { name }: User, problem?: string) => {
    const view = EraseAccount({ ...page(c, 'erase'), userName: name, problem })
    return pages.show(c, view, problem === undefined ? {} : { status: 400 })
  }

  const askErase: AccountPage = (c, { user }) =>
    personal.mayErase ? erasePage(c, user) : c.redirect(door.link('data'), 303)

  const erase: AccountPage = async (c, { user }) => {
    if (!personal.mayErase) return c.redirect(door.link('data'), 303)
    const { field } = await readForm(c)
    if (userNameKey(field('username')) !== userNameKey(user.name)) {
      return erasePage(c, user, NOT_THE_NAME)
    }
    const outcome = await personal.erase(user)
    if (outcome === 'last_administrator') return erasePage(c, user, LAST_ADMINISTRATOR)
    c.header('Set-Cookie', cookies.session.clear(), { append: true })
    c.header('Clear-Site-Data', '"cache", "storage"')
    return pages.trouble(c, 200, {
      title: 'Your account is erased',
      sentences: ['Nothing about you is stored here any more.'],
      actions: [],
    })
  }

  return { askDownload, download, askErase, erase }
}

const NOT_THE_NAME = 'That is not your user name. Nothing was erased.'
const LAST_ADMINISTRATOR =
  'You are the last administrator. Make somebody else one first; nothing was erased.'
