import { hmac, randomToken, sameBytes, sha256 } from '../base/bytes.ts'
import type { Clock } from '../base/clock.ts'
import type { Session, SignedIn } from '../model/session.ts'
import type { Realms } from '../session/realms.ts'
import type { Sessions } from '../session/sessions.ts'
import type { TicketRepository } from '../store/contract.ts'
import { returnTo } from './return-to.ts'

/**
 * Takes a sign-in over to hosts that share no parent domain with the portal, so that one serves all.
 *
 * The host names its browser first, by a secret in a cookie of its own, and sends it to the portal with
 * a digest of that secret. Once somebody is signed in there, the portal gives the browser a code, worth
 * something once, for half a minute, on that host, in that browser. Whoever else gets hold of the code,
 * or plants one of their own on somebody, has nothing.
 *
 * @see RFC 9700, section 4.5 (Authorization Code Injection)
 */
export interface HandOffs {
  /**
   * Where a browser goes that has come to a host of another realm to sign in: the address at which the
   * sign-in is to end. The portal takes it as `rd`.
   *
   * @param origin The host's own.
   * @param rd The page that was wanted; raw and perhaps hostile. Only one of this host counts.
   * @param browser The secret in the host's own cookie.
   */
  arrivalAt(origin: string, rd: string | undefined, browser: string): string
  /**
   * The page that a sign-in is really about.
   *
   * @param url Found to be one of ours; given back as it is when it is no arrival.
   */
  pageBehind(url: string): string
  /**
   * Where the browser goes on from the portal: to the page, or to an arrival, with a code in it.
   *
   * @param url Where the sign-in ends, found to be one of ours.
   */
  depart(url: string, sessionId: string): Promise<string>
  /**
   * Redeems a code: exactly once, and only where and by whom it was meant to be.
   *
   * @returns The session's token in the host's realm.
   */
  arrive(arrival: Arrival): Promise<{ token: string; session: Session } | undefined>
  /** Names a session to the portal, so that it can be ended there. Worth nothing else. */
  farewell(sessionId: string): string
  /** The living session that a farewell names. @param text May be hostile. */
  parting(text: string | undefined): SignedIn | undefined
}

/** A browser that comes back from the portal; all of it may be hostile. */
export interface Arrival {
  host: string
  origin: string
  code: string
  /** The secret in the host's own cookie. */
  browser: string
}

export interface HandOffsDeps {
  realms: Pick<Realms, 'of' | 'home'>
  sessions: Pick<Sessions, 'abroad' | 'living'>
  tickets: Pick<TicketRepository, 'insert' | 'use'>
  clock: Clock
  /** Signs farewells. */
  key: Uint8Array
}

/** Where a browser arrives on a host of another realm. */
export const ARRIVAL_PATH = '/.gatehouse/hand-off'

const CODE_SECONDS = 30
const FAREWELL_SECONDS = 600
const PURPOSE = 'hand-off'
const ARRIVAL =
  /^(?<origin>https?:\/\/[^/?#]+)\/\.gatehouse\/hand-off\?browser=(?<browser>[\w-]{43})&rd=(?<rd>[^&#]*)$/
const CODE = /^(?<id>[\w-]{22})\.[\w-]{43}$/
const FAREWELL = /^(?<id>[\w-]{22})\.(?<until>\d{1,12})\.(?<mac>[\w-]{43})$/

export function createHandOffs({ realms, sessions, tickets, clock, key }: HandOffsDeps): HandOffs {
  const markOf = (id: string, until: number) =>
    hmac(key, `farewell ${id} ${until}`).toString('base64url')

  return {
    arrivalAt: (origin, rd, browser) =>
      `${origin}${ARRIVAL_PATH}?browser=${digestOf(browser)}&rd=${encodeURIComponent(pageOn(origin, rd))}`,

    pageBehind: (url) => readArrival(url)?.page ?? url,

    async depart(url, id) {
      const arrival = readArrival(url)
      if (!arrival) return url
      const { origin, browser, page } = arrival
      // At home the cookie of the portal is enough, and nobody else could redeem a code there.
      if (realms.of(new URL(origin).hostname).name === realms.home.name) return page
      const signedIn = sessions.living(id)
      if (!signedIn) return page
      const code = `${id}.${randomToken(32)}`
      await tickets.insert({
        purpose: PURPOSE,
        hash: boundHash(code, origin, browser),
        userId: signedIn.user.id,
        expiresAt: clock.now() + CODE_SECONDS,
      })
      return `${url}&code=${code}`
    },

    async arrive({ host, origin, code, browser }) {
      const { id } = CODE.exec(code)?.groups ?? {}
      const { name } = realms.of(host)
      if (id === undefined || name === realms.home.name) return undefined
      const hash = boundHash(code, origin, digestOf(browser))
      if (!(await tickets.use(PURPOSE, hash, clock.now()))) return undefined
      return sessions.abroad(id, name)
    },

    farewell(id) {
      const until = clock.now() + FAREWELL_SECONDS
      return `${id}.${until}.${markOf(id, until)}`
    },

    parting(text) {
      const { id, until, mac } = FAREWELL.exec(text ?? '')?.groups ?? {}
      if (id === undefined || mac === undefined || clock.now() >= Number(until)) return undefined
      const expected = markOf(id, Number(until))
      return sameBytes(Buffer.from(mac), Buffer.from(expected)) ? sessions.living(id) : undefined
    },
  }
}

const digestOf = (browser: string): string => sha256(browser).toString('base64url')

/** All that a code is bound to goes into what it is found by: in other hands it is not even there. */
const boundHash = (code: string, origin: string, browserDigest: string): Buffer =>
  sha256(JSON.stringify([code, origin, browserDigest]))

function readArrival(url: string) {
  const { origin, browser, rd } = ARRIVAL.exec(url)?.groups ?? {}
  if (origin === undefined || browser === undefined || rd === undefined) return undefined
  return { origin, browser, page: pageOn(origin, decoded(rd)) }
}

/** A page of exactly this origin, byte for byte as it was asked for; else its first page. */
export const pageOn = (origin: string, rd: string | undefined): string =>
  returnTo(rd, { home: new URL(`${origin}/`), origins: new Set([origin]) })

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text)
  } catch {
    return undefined
  }
}
