import type { Brand } from '../brand.ts'
import { Layout } from '../layout.tsx'
import { Done } from '../parts/done.tsx'
import { At, type Moment } from '../parts/moment.tsx'

/** One browser that is signed in. */
export interface ShownSession {
  /** "Firefox on Windows". */
  device: string
  address: string
  since: Moment
  lastSeen: Moment
  /** "password, authenticator app". */
  provedBy: string
  /** Is it the one that looks at this page? */
  here: boolean
  /** Where it is ended. */
  end: string
}

/** What the list of sessions needs to know. */
export interface SessionsProps {
  brand: Brand
  sessions: readonly ShownSession[]
  /** Where all others are ended. */
  endOthers: string
  done?: string | undefined
  back: string
}

/** The browsers in which a person is signed in. */
export const SessionList = ({ brand, sessions, endOthers, done, back }: SessionsProps) => (
  <Layout
    brand={brand}
    title="Where you are signed in"
    wide
    back={{ label: 'Your account', href: back }}
  >
    <h1>Where you are signed in</h1>
    <Done message={done} />
    {sessions.length > 1 ? (
      <p class="actions">
        <a class="button" href={endOthers}>
          End all others
        </a>
      </p>
    ) : (
      <p>Only here, in this browser.</p>
    )}
    <ul class="rows">
      {sessions.map((session) => (
        <li class="row">
          <OneSession {...session} />
        </li>
      ))}
    </ul>
  </Layout>
)

const OneSession = (session: ShownSession) => {
  const { device, address, since, lastSeen, provedBy, here, end } = session
  return (
    <>
      <span class="row-text">
        <strong class="row-title">
          {device}
          {here && <span class="tag">this browser</span>}
        </strong>
        <span class="hint">
          {address} · {provedBy}
        </span>
        <span class="hint">
          since <At {...since} />, last seen <At {...lastSeen} />
        </span>
      </span>
      {!here && (
        <a class="quiet" href={end} aria-label={`End the session of ${device}, ${address}`}>
          End
        </a>
      )}
    </>
  )
}

/** What the page before a session is ended needs to know. */
export interface EndSessionProps {
  brand: Brand
  action: string
  csrf: string
  /** Absent: all others. */
  session?: Pick<ShownSession, 'device' | 'address' | 'lastSeen'> | undefined
  /** How many others there are. */
  others: number
  back: string
}

/** Asks before sessions are ended. */
export const EndSession = ({ brand, action, csrf, session, others, back }: EndSessionProps) => {
  const title = session ? `End the session of ${session.device}` : 'End all other sessions'
  return (
    <Layout brand={brand} title={title} back={{ label: 'Leave it', href: back }}>
      <h1>{title}?</h1>
      {session ? (
        <p>
          It comes from {session.address} and was last seen <At {...session.lastSeen} />. Whoever
          sits there has to sign in again.
        </p>
      ) : (
        <p>
          {others === 1 ? 'One other browser is' : `${others} other browsers are`} signed out at
          once, open connections included. This one stays.
        </p>
      )}
      <form method="post" action={action}>
        <input type="hidden" name="csrf" value={csrf} />
        <button class="danger" type="submit">
          {session ? 'End it' : 'End them all'}
        </button>
      </form>
    </Layout>
  )
}
