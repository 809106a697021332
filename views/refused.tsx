import type { Brand } from './brand.ts'
import { Layout } from './layout.tsx'
import { Reference } from './parts/reference.tsx'

/** Why a person is refused. */
export type RefusedReason = 'not_a_member' | 'rule_denies' | 'too_unusual' | 'no_rule_matched'

/** What the page for a person who may not enter needs to know. */
export interface RefusedProps {
  brand: Brand
  /** Absent when nobody is signed in. */
  user?: { displayName: string; name: string } | undefined
  host: string
  reason: RefusedReason
  reference: string
  /** Where one signs in as somebody else. */
  switchUser: string
  home: string
  /** Where help is to be had. */
  help?: string | undefined
}

/** Says who was refused, why, and whom to ask. */
export const Refused = (props: RefusedProps) => {
  const { brand, user, host, reason, reference, switchUser, home, help } = props
  return (
    <Layout brand={brand} title="Not open to you">
      <h1>This page is not open to you</h1>
      <p>
        {user ? <Account {...user} /> : 'Nobody is signed in here.'} {why[reason](host)}
      </p>
      <p>
        If you should have access, ask{' '}
        {help ? <a href={help}>whoever runs {brand.name}</a> : `whoever runs ${brand.name}`} and
        tell them this number. With it they can see what happened.
      </p>
      <Reference value={reference} />
      <p class="actions">
        <a class="button primary" href={home}>
          {user ? 'Go to your applications' : `Go to ${brand.name}`}
        </a>
        <a class="quiet" href={switchUser}>
          {user ? 'Sign in as somebody else' : 'Sign in'}
        </a>
      </p>
    </Layout>
  )
}

const why: Record<RefusedReason, (host: string) => string> = {
  not_a_member: (host) =>
    `This part of ${host} is kept for certain people or groups, and this account is not among them.`,
  too_unusual: (host) =>
    `Your sign-in was not like the ones that this account usually sees, and this part of ${host} is closed to such. Sign in again in the browser and from the place that you usually do.`,
  rule_denies: (host) => `A rule of ${host} closes this page.`,
  no_rule_matched: (host) => `No rule of ${host} opens this page to anybody, so it stays closed.`,
}

const Account = ({ displayName, name }: { displayName: string; name: string }) => (
  <>
    You are signed in as <strong>{displayName}</strong>
    {displayName !== name && ` (${name})`}.
  </>
)
