import { request } from 'node:http'
import { type CookieJar, createCookieJar } from './cookie-jar.ts'
import { formOf } from './form.ts'

/** What came back, with its body read. */
export interface Answer {
  status: number
  headers: Record<string, string | string[] | undefined>
  /** Set-Cookie lines. */
  cookies: readonly string[]
  location: string | undefined
  body: string
}

export interface Ask {
  method?: string
  headers?: Record<string, string>
  body?: string
}

/**
 * A browser without a window: keeps cookies by their domain, fills in the forms that it sees, sends
 * what browsers send, and follows redirects only when told to.
 */
export interface Visitor {
  /** Cookies by name, with the host or domain that they belong to. */
  jar: CookieJar
  get(url: string, ask?: Ask): Promise<Answer>
  /** Sends a form of the last page, with its hidden fields, as a browser would. */
  submit(fields: Record<string, string>, ask?: Ask): Promise<Answer>
  /** Opens a page and follows redirects to the end; the last page is the one to fill in. */
  open(url: string): Promise<Answer>
  /** Where the last page stands. */
  url: string
  page: Answer
}

/**
 * @param port Where the gateway listens on loopback; names go into the Host line, not into DNS.
 * @param always Headers of every request.
 */
export function createVisitor(port: number, always: Record<string, string> = {}): Visitor {
  const jar = createCookieJar()

  const send = (url: string, { method = 'GET', headers = {}, body }: Ask): Promise<Answer> => {
    const { host, hostname, pathname, search } = new URL(url)
    const cookie = jar.headerFor(hostname)
    return new Promise((resolve, reject) => {
      const sent = request(
        {
          host: '127.0.0.1',
          port,
          method,
          path: pathname + search,
          agent: false,
          headers: {
            host,
            ...always,
            ...(cookie ? { cookie } : {}),
            ...(body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) }),
            ...headers,
          },
        },
        (message) => {
          const chunks: Buffer[] = []
          message.on('data', (chunk) => chunks.push(chunk))
          message.on('error', reject)
          message.on('end', () => {
            const cookies = message.headers['set-cookie'] ?? []
            for (const line of cookies) jar.take(hostname, line)
            resolve({
              status: message.statusCode ?? 0,
              headers: message.headers,
              cookies,
              location: message.headers.location,
              body: Buffer.concat(chunks).toString('utf8'),
            })
          })
        },
      )
      sent.on('error', reject)
      sent.end(body)
    })
  }

  const visitor: Visitor = {
    jar,
    url: '',
    page: { status: 0, headers: {}, cookies: [], location: undefined, body: '' },

    get: (url, ask = {}) =>
      send(url, {
        ...ask,
        headers: {
          accept: 'text/html',
          'sec-fetch-mode': 'navigate',
          'sec-fetch-dest': 'document',
          ...ask.headers,
        },
      }),

    async submit(fields, ask = {}) {
      const { action: target, fields: hidden } = formOf(visitor.page.body, new URL(visitor.url))
      const answer = await send(target.href, {
        method: 'POST',
        body: new URLSearchParams({ ...hidden, ...fields }).toString(),
        ...ask,
        headers: {
          accept: 'text/html',
          origin: target.origin,
          'sec-fetch-site': 'same-origin',
          'sec-fetch-mode': 'navigate',
          'content-type': 'application/x-www-form-urlencoded',
          ...ask.headers,
        },
      })
      if (!answer.location) Object.assign(visitor, { url: target.href, page: answer })
      return answer
    },

    async open(url) {
      let next = url
      for (let hop = 0; hop < 10; hop += 1) {
        const answer = await visitor.get(next)
        if (!answer.location) {
          Object.assign(visitor, { url: next, page: answer })
          return answer
        }
        next = new URL(answer.location, next).href
      }
      throw new Error(`too many redirects, last to ${next}`)
    },
  }
  return visitor
}
