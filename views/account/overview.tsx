import type { Brand } from '../brand.ts'
import { Layout } from '../layout.tsx'
import { Done } from '../parts/done.tsx'
import { type AccountHint, Hint } from '../parts/hint.tsx'
import { Arrow, Person } from '../parts/icons.tsx'
import { Problem } from '../parts/problem.tsx'

/** One part of an account, with the page that is about it. */
export interface AccountPart {
  title: string
  /** What stands there at this moment. */
  detail: string
  href: string
}

/** What the overview of an account needs to know. */
export interface OverviewProps {
  brand: Brand
  user: { displayName: string; name: string }
  parts: readonly AccountPart[]
  hints: readonly AccountHint[]
  /** Until when nothing may be changed, and why. */
  frozen?: string | undefined
  done?: string | undefined
  signOut: string
}

/** Everything about one's own account, a line each. */
export const Overview = (props: OverviewProps) => {
  const { brand, user, parts, hints, frozen, done, signOut } = props
  return (
    <Layout
      brand={brand}
      title="Your account"
      back={{ label: 'Your applications', href: brand.home }}
    >
      <p class="who">
        <Person />
        <span class="who-name">
          {user.displayName}
          {user.displayName !== user.name && <span class="hint"> {user.name}</span>}
        </span>
        <a href={signOut}>Sign out</a>
      </p>
      <h1>Your account</h1>
      <Done message={done} />
      <Problem id="frozen" message={frozen} />
      {hints.map((hint) => (
        <Hint {...hint} />
      ))}
      <ul class="rows">
        {parts.map((part) => (
          <li>
            <Part {...part} />
          </li>
        ))}
      </ul>
    </Layout>
  )
}

const Part = ({ title, detail, href }: AccountPart) => (
  <a href={href}>
    <span class="row-text">
      <strong class="row-title">{title}</strong>
      <span class="hint">{detail}</span>
    </span>
    <Arrow direction="on" />
  </a>
)
