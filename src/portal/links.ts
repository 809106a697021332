/** Address of the sign-in page, with the destination that the browser asked for, whatever it is. */
export const loginLink = (home: string, rd: unknown, attemptId?: string): string =>
  withDestination(new URL(attemptId === undefined ? 'login' : `login/${attemptId}`, home), rd)

/** Address of the sign-out page. @param of A farewell: which session of another realm is to end too. */
export const logoutLink = (home: string, rd: unknown, of?: string): string => {
  const link = withDestination(new URL('logout', home), rd)
  if (of === undefined) return link
  return `${link}${link.includes('?') ? '&' : '?'}of=${encodeURIComponent(of)}`
}

/** Address of a page of the account; of the account itself when `page` is empty. */
export const accountLink = (
  home: string,
  page: string,
  query: Readonly<Record<string, string | undefined>> = {},
): string => {
  const url = new URL(page === '' ? 'account' : `account/${page}`, home)
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined) url.searchParams.set(name, value.toWellFormed())
  }
  return url.href
}

function withDestination(url: URL, rd: unknown): string {
  return typeof rd === 'string' && rd !== ''
    ? `${url.href}?rd=${encodeURIComponent(rd.toWellFormed())}`
    : url.href
}
