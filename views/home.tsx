import type { Brand } from './brand.ts'
import { Layout } from './layout.tsx'
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
  hasSecondFactor: boolean
  /** Where an authenticator app is set up. */
  addFactor?: string | undefined
}

/** Shows the applications a person may open, and what each asks for. */
export const Home = (props: HomeProps) => {
  const { brand, user, applications, signOut, hasSecondFactor, addFactor } = props
  return (
    <Layout brand={brand} title="Your applications">
      <p class="who">
        <Person />
        <span class="who-name">
          {user.displayName}
          {user.displayName !== user.name && <span class="hint"> {user.name}</span>}
        </span>
        <a href={signOut}>Sign out</a>
      </p>
      <h1>Your applications</h1>
      {!hasSecondFactor && addFactor && (
        <div class="notice">
          <p>
            Only your password protects this account. With an authenticator app, a stolen password
            is not enough.
          </p>
          <p>
            <a href={addFactor}>Set up an authenticator app</a>
          </p>
        </div>
      )}
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
