import type { Context, Handler } from 'hono'
import type { AccountUse } from '../../login/account/access.ts'
import type { Account } from '../../login/account/account.ts'
import type { Origin } from '../../login/account/origin.ts'
import type { SignedIn } from '../../model/session.ts'
import type { Csrf } from '../../web/csrf.ts'
import type { AppEnv } from '../../web/env.ts'
import { accountLink, loginLink } from '../links.ts'
import type { Pages } from '../page.ts'
import { frozenSentence } from './words.ts'

/**
 * `read` and `change` ask for what the account asks for. `change` is closed while the account is frozen;
 * `end` asks for the same proof and is open then too: whoever ends sessions takes nothing from anybody,
 * nor does who removes what was set aside.
 */
export type DoorUse = AccountUse | 'end'

/** One page of an account, for whoever has been let in. */
export type AccountPage = (c: Context<AppEnv>, at: SignedIn) => Response | Promise<Response>

/** Stands before every page of an account. */
export interface AccountDoor {
  /** Lets in whoever has proved enough, and sends everybody else to prove it and come back. */
  page(use: DoorUse, show: AccountPage): Handler<AppEnv>
  /** The address of a page of the account. */
  link(page: string, query?: Readonly<Record<string, string | undefined>>): string
  /** What stands on every page. */
  frame(c: Context<AppEnv>): { brand: Pages['brand']; csrf: string; back: string }
  /** Says that the account is closed to changes. */
  closed(c: Context<AppEnv>, at: SignedIn): Response | Promise<Response>
  origin(c: Context<AppEnv>, at: SignedIn): Origin & { sessionId: string }
}

export interface AccountDoorDeps {
  account: Account
  csrf: Csrf
  pages: Pages
}

export function createAccountDoor({ account, csrf, pages }: AccountDoorDeps): AccountDoor {
  const { home } = pages.brand

  const link: AccountDoor['link'] = (page, query) => accountLink(home, page, query)

  const closed: AccountDoor['closed'] = (c, at) =>
    pages.trouble(c, 403, {
      title: 'Nothing can be changed right now',
      sentences: [
        frozenSentence(at.user),
        'If you need a change sooner, ask whoever runs this site.',
      ],
      actions: [{ label: 'Your account', href: link(''), primary: true }],
    })

  return {
    link,
    closed,
    page: (use, show) => async (c) => {
      const at = c.get('signedIn')
      const asked = use === 'read' ? 'read' : 'change'
      if (!at || !(await account.access.admits(at, asked))) {
        // Whatever was sent is gone: the form is there again once the proof is given.
        return c.redirect(loginLink(home, hereOf(c, home)), 303)
      }
      if (use === 'change' && account.isFrozen(at.user)) return closed(c, at)
      return show(c, at)
    },
    frame: (c) => ({ brand: pages.brand, csrf: csrf.token(c.get('browser')), back: link('') }),
    origin(c, { session }) {
      const { address, userAgent } = c.env.client
      return { address, userAgent, sessionId: session.id }
    },
  }
}

/** The page's own address, as a place to come back to. What a message says of its host is left out. */
function hereOf(c: Context<AppEnv>, home: string): string {
  const { pathname, search } = new URL(c.req.url)
  return new URL(pathname + search, home).href
}
