import type { Brand } from './brand.ts'
import { Layout } from './layout.tsx'
import { Reference } from './parts/reference.tsx'

/** Why an application does not see who is signed in. */
export type CircleCause = 'out_of_reach' | 'plain_http' | 'clock' | 'no_cookie'

/** What the page that ends a circle of redirects needs to know. */
export interface GoingInCirclesProps {
  brand: Brand
  /** Where the application lives. */
  host: string
  cause: CircleCause
  /** The name of the cookie that does not arrive. */
  cookie: string
  reference: string
  /** Sends the browser to the page once more. */
  again: string
  home: string
  /** Where help is to be had. */
  help?: string | undefined
}

/** Says why a sign-in does not arrive, and what to do about it. */
export const GoingInCircles = (props: GoingInCirclesProps) => {
  const { brand, host, cause, reference, again, home, help } = props
  const { what, person, operator } = CAUSES[cause](props)
  return (
    <Layout brand={brand} title="Going in circles">
      <h1>This sign-in goes in circles</h1>
      <p>
        You are signed in, but <strong>{host}</strong> has sent you back three times within half a
        minute, so we have stopped here. {what}
      </p>
      <p>{person}</p>
      <p>
        If it stays like this, tell{' '}
        {help ? <a href={help}>whoever runs {brand.name}</a> : `whoever runs ${brand.name}`} this
        number.
      </p>
      <Reference value={reference} />
      <p class="actions">
        <a class="button primary" href={again}>
          Try again
        </a>
        <a class="quiet" href={home}>
          Go to your applications
        </a>
      </p>
      <details>
        <summary>If you run this site</summary>
        <p>{operator}</p>
      </details>
    </Layout>
  )
}

interface Words {
  what: string
  person: string
  operator: string
}

const CAUSES: Record<CircleCause, (about: { host: string; cookie: string }) => Words> = {
  out_of_reach: ({ host }) => ({
    what: 'The cookie that says so is not made for this address.',
    person: 'You cannot change that from here: the site has to be set up differently.',
    operator: `${host} lies outside the domain of the sign-in cookie. Give its route a rule that asks for a sign-in, or set session.cookie_domain to a domain that holds both ${host} and the portal.`,
  }),
  plain_http: ({ host }) => ({
    what: 'Part of the way is http, and the cookie that says so travels by https alone.',
    person: `Open https://${host}/ by typing it with https at the front.`,
    operator: `The proxy in front says that browsers come by http. Let it send them to https, and let whatever ends TLS say so: X-Forwarded-Proto: https.`,
  }),
  clock: () => ({
    what: 'What you proved just now counts as too old, or as not yet given, by the time you arrive.',
    person: 'Trying again in a minute may help.',
    operator:
      'Either a rule has a max_age of a few seconds, or the clocks of the machines that run Gatehouse differ: compare them.',
  }),
  no_cookie: ({ host, cookie }) => ({
    what: 'The cookie that says so does not come back from your browser.',
    person: `Allow cookies for ${host}, and remove those that it has now; an extension may keep them away too.`,
    operator: `The proxy in front has to hand the Cookie header on when it asks. If it does, another application has set a second cookie named ${cookie}: of two, none is believed.`,
  }),
}
