import type { User } from '../../model/user.ts'
import { headerList, headerValue } from '../header-value.ts'
import type { GatewayRequest, HeaderLine } from '../request.ts'
import type { Dialect } from './contract.ts'
import { forwardedRequest, hostedRequest, originalRequest } from './original-request.ts'

/** Which proxy asks: each tells about the request in headers of its own. */
export const ASKING_PROXIES = ['nginx', 'ingress_nginx', 'traefik'] as const
export type AskingProxy = (typeof ASKING_PROXIES)[number]

const READERS: Readonly<Record<AskingProxy, Dialect['read']>> = {
  nginx: hostedRequest,
  ingress_nginx: originalRequest,
  traefik: forwardedRequest,
}

/** As oauth2-proxy is asked at `/oauth2/auth`, which answers 202, 401 or 403. */
export const oauth2Proxy = (proxy: AskingProxy): Dialect => ({
  read: READERS[proxy],
  yes: 202,
  malformed: 403,
  redirects: false,

  identityLines(identity): HeaderLine[] {
    const user = identity?.signedIn.user
    return [
      ['X-Auth-Request-User', headerValue(user?.name ?? '')],
      ['X-Auth-Request-Preferred-Username', headerValue(user?.name ?? '')],
      ['X-Auth-Request-Email', headerValue(user?.email ?? '')],
      ['X-Auth-Request-Groups', headerList(user?.groups ?? [])],
    ]
  },

  admits: (request, { user }) => LIMITS.every((limit) => limit(wordsIn(request), user)),
  needsSomebody: (request) => LIMITED.some((name) => wordsIn(request)(name).length > 0),
})

const LIMITED = ['allowed_groups', 'allowed_emails', 'allowed_email_domains'] as const

type Words = (name: (typeof LIMITED)[number]) => readonly string[]

/** Each list in the question keeps out whoever is not on it. */
const LIMITS: readonly ((words: Words, user: User) => boolean)[] = [
  (words, { groups }) => isOpen(words('allowed_groups'), (name) => groups.includes(name)),
  (words, { email = '' }) =>
    isOpen(words('allowed_emails'), (name) => name.toLowerCase() === email.toLowerCase()),
  (words, { email = '' }) =>
    isOpen(words('allowed_email_domains'), (name) => isAt(email.toLowerCase(), name.toLowerCase())),
]

const isOpen = (list: readonly string[], fits: (name: string) => boolean) =>
  list.length === 0 || list.some(fits)

// `.example.com` and `*.example.com` stand for all names below, `*` for all there are.
function isAt(email: string, domain: string): boolean {
  const own = email.slice(email.lastIndexOf('@') + 1)
  if (!email.includes('@')) return false
  const below = domain.replace(/^\*(?=\.)/, '')
  return domain === '*' || own === domain || (below.startsWith('.') && own.endsWith(below))
}

/** The query of the question is the operator's own. A list that is there and empty is an empty list. */
const wordsIn =
  ({ target, rawPath }: GatewayRequest): Words =>
  (name) => {
    const lists = new URLSearchParams(target.slice(rawPath.length)).getAll(name)
    return lists.flatMap((list) => list.split(','))
  }
