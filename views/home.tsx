import type { Brand } from './brand.ts'
import { Layout } from './layout.tsx'
import { type AccountHint, Hint } from './parts/hint.tsx'
import { Arrow, Person } from './parts/icons.tsx'

/** An application that a person may open. */
export interface HomeApplication {
  name: string
  host: string
  url: string
  /** What it asks for: "password", "password and code"; empty when it is open to everybody. */
  asks: string
}

/** What the page of a signed-in person needs to know. */
export interface HomeProps {
  brand: Brand
  user: { displayName: string; name: string }
  applications: readonly HomeApplication[]
  /** Where signing out is confirmed. */
  signOut: string
  /** Their own account. */
  account: string
  hints: readonly AccountHint[]
}

/** Shows the applications a person may open, and what each asks for. */
export const Home = (props: HomeProps) => {
  const { brand, user, applications, signOut, account, hints } = props
  return (
    <Layout brand={brand} title="Your applications">
      <p class="who">
        <Person />
        <span class="who-name">
          {user.displayName}
          {user.displayName !== user.name && <span class="hint"> {user.name}</span>}
        </span>
        <a href={account}>Your account</a>
        <a href={signOut}>Sign out</a>
      </p>
      <h1>Your applications</h1>
      {hints.map((hint) => (
        <Hint {...hint} />
      ))}
      {applications.length === 0 ? (
        <None brand={brand} />
      ) : (
        <ul class="applications">
          {applications.map((application) => (
            <li>
              <Application {...application} />
            </li>
          ))}
        </ul>
      )}
    </Layout>
  )
}

const Application = ({ name, host, url, asks }: HomeApplication) => (
  <a href={url}>
    <span class="application-text">
      <strong>{name}</strong>
      {host !== name && <span class="application-host">{host}</span>}
      <span class="hint">{asks ? `asks for ${asks}` : 'open to everybody'}</span>
    </span>
    <Arrow direction="on" />
  </a>
)

const None = ({ brand }: { brand: Brand }) => (
  <p>
    There is nothing here for you to open yet. Whoever runs {brand.name} decides who may open what:
    tell them which application you are looking for.
  </p>
)
