import type { Brand } from '../brand.ts'
import { Layout } from '../layout.tsx'
import { At, type Moment } from '../parts/moment.tsx'

/** One thing that happened to an account. */
export interface ShownEvent {
  at: Moment
  /** What happened, as a sentence without its full stop. */
  what: string
  /** Address, browser: whatever is known. */
  from: string
  /** Is it worth a second look? */
  odd: boolean
}

/** What the history of an account needs to know. */
export interface HistoryProps {
  brand: Brand
  events: readonly ShownEvent[]
  /** Are there older ones that are not shown? */
  more: boolean
  /** Where the password is changed. */
  password: string
  back: string
}

/** Who signed in, tried to, or changed something, newest first. */
export const History = ({ brand, events, more, password, back }: HistoryProps) => (
  <Layout brand={brand} title="History" wide back={{ label: 'Your account', href: back }}>
    <h1>History</h1>
    {events.length === 0 ? (
      <p>Nothing has happened yet.</p>
    ) : (
      <>
        <p>
          Something that was not you? <a href={password}>Change your password</a>, which ends all
          other sessions.
        </p>
        <ol class="rows">
          {events.map((event) => (
            <li class="row">
              <OneEvent {...event} />
            </li>
          ))}
        </ol>
      </>
    )}
    {more && <p class="hint">Only the newest are shown.</p>}
  </Layout>
)

const OneEvent = ({ at, what, from, odd }: ShownEvent) => (
  <span class="row-text">
    {odd ? <strong class="odd">{what}</strong> : <span>{what}</span>}
    <span class="hint">
      <At {...at} />
      {from !== '' && ` · ${from}`}
    </span>
  </span>
)
