import type { AccountUse } from '../../login/account/access.ts'

/** Pages that only show something. All others below the account change something. */
const READING: ReadonlySet<string> = new Set([
  'account',
  'account/factors',
  'account/sessions',
  'account/history',
  'account/data',
  'account/renew',
])

/** The address of the account, with all below it. */
export const accountPage = (home: URL): string => new URL('account', home).href

/** What somebody wants at an address; `undefined` when it is no page of an account. */
export function accountUseOf(home: URL, url: string): AccountUse | undefined {
  const [page = ''] = url.split(/[?#]/)
  const root = accountPage(home)
  if (page !== root && !page.startsWith(`${root}/`)) return undefined
  return READING.has(page.slice(home.href.length)) ? 'read' : 'change'
}
