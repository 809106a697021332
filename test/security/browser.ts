import { createCookieJar } from '../support/cookie-jar.ts'
import { formOf } from '../support/form.ts'
import { type RawAnswer, send } from '../support/raw.ts'

/**
 * A browser without script, down to the bytes: keeps cookies as browsers do, follows nothing on its
 * own, fills in the forms it is shown. Pages are values, so that one form can be sent twice at once.
 */
export interface Browser {
  get(url: string): Promise<Page>
  /** Sends the first form of a page as its own button would, with these fields filled in. */
  submit(page: Page, fields: Record<string, string>): Promise<Page>
  /** The Cookie header that goes to a host. */
  cookies(host: string): string
  /** Puts a cookie in the jar, as a host's answer would. */
  take(host: string, setCookie: string): void
}

/** An answer, and the address it came from. */
export interface Page extends RawAnswer {
  url: URL
  /** Where the answer sends the browser; `undefined` when it stays. */
  location: string | undefined
}

/** Header lines. */
export type Headers = readonly (readonly [name: string, value: string])[]

/**
 * @param port The listener that stands for every host.
 * @param extra Headers that go with every request, as a proxy in front would add them.
 */
export function createBrowser(port: number, extra: Headers = []): Browser {
  const jar = createCookieJar()

  const ask = async (method: string, url: URL, headers: Headers, body?: string): Promise<Page> => {
    const cookie = jar.headerFor(url.hostname)
    const answer = await send(port, {
      method,
      host: url.host,
      path: url.pathname + url.search,
      headers: [
        ['Accept', 'text/html'],
        ...headers,
        ...extra,
        ...(cookie ? [['Cookie', cookie] as const] : []),
      ],
      ...(body === undefined ? {} : { body }),
    })
    for (const line of answer.all('set-cookie')) jar.take(url.hostname, line)
    return { ...answer, url, location: answer.all('location')[0] }
  }

  return {
    cookies: jar.headerFor,
    take: jar.take,
    get: (url) => ask('GET', new URL(url), []),
    submit(page, fields) {
      const form = formOf(page.body, page.url)
      const headers = [
        ['Origin', page.url.origin],
        ['Sec-Fetch-Site', 'same-origin'],
        ['Content-Type', 'application/x-www-form-urlencoded'],
      ] as const
      const body = new URLSearchParams({ ...form.fields, ...fields }).toString()
      return ask('POST', form.action, headers, body)
    },
  }
}
