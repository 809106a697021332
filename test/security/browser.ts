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

interface Cookie {
  name: string
  value: string
  /** The host that set it, or the domain it named. */
  domain: string
  hostOnly: boolean
}

type Headers = readonly (readonly [name: string, value: string])[]

/**
 * @param port The listener that stands for every host.
 * @param extra Headers that go with every request, as a proxy in front would add them.
 */
export function createBrowser(port: number, extra: Headers = []): Browser {
  let jar: Cookie[] = []

  const cookies = (host: string) =>
    jar
      .filter(
        ({ domain, hostOnly }) => host === domain || (!hostOnly && host.endsWith(`.${domain}`)),
      )
      .map(({ name, value }) => `${name}=${value}`)
      .join('; ')

  const take = (host: string, line: string) => {
    const { cookie, expired } = parseSetCookie(host, line)
    jar = jar.filter(({ name, domain }) => name !== cookie.name || domain !== cookie.domain)
    if (!expired) jar.push(cookie)
  }

  const ask = async (method: string, url: URL, headers: Headers, body?: string): Promise<Page> => {
    const cookie = cookies(url.hostname)
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
    for (const line of answer.all('set-cookie')) take(url.hostname, line)
    return { ...answer, url, location: answer.all('location')[0] }
  }

  return {
    cookies,
    take,
    get: (url) => ask('GET', new URL(url), []),
    submit(page, fields) {
      const form = formOf(page)
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

/** The first form of a page: where it goes, and its hidden fields. */
function formOf({ body, url, status }: Page): { action: URL; fields: Record<string, string> } {
  const form = /<form[^>]*>[\s\S]*?<\/form>/.exec(body)?.[0]
  if (form === undefined) throw new Error(`no form at ${url.href}: ${status} ${body.slice(0, 300)}`)
  const tag = /<form[^>]*>/.exec(form)?.[0] ?? ''
  const hidden = Array.from(form.matchAll(/<input[^>]*type="hidden"[^>]*>/g), ([input]) => [
    attribute(input, 'name'),
    attribute(input, 'value'),
  ])
  return { action: new URL(attribute(tag, 'action'), url), fields: Object.fromEntries(hidden) }
}

function attribute(tag: string, name: string): string {
  const raw = new RegExp(` ${name}="([^"]*)"`).exec(tag)?.[1] ?? ''
  return raw.replace(/&(amp|quot|lt|gt|#39);/g, (_, entity: string) => ENTITIES[entity] ?? '')
}

const ENTITIES: Record<string, string> = { amp: '&', quot: '"', lt: '<', gt: '>', '#39': "'" }

function parseSetCookie(host: string, line: string): { cookie: Cookie; expired: boolean } {
  const [pair = '', ...attributes] = line.split(';').map((part) => part.trim())
  const domain = attributes.find((part) => /^domain=/i.test(part))?.slice('domain='.length)
  return {
    cookie: {
      name: pair.slice(0, pair.indexOf('=')),
      value: pair.slice(pair.indexOf('=') + 1),
      domain: domain ?? host,
      hostOnly: domain === undefined,
    },
    expired: attributes.some((part) => /^max-age=0$/i.test(part)),
  }
}
