/** A person of the demo, with everything that is needed to be them. */
export interface DemoPerson {
  name: string
  password: string
  groups: readonly string[]
  /** What their authenticator app would show. */
  codes: readonly { label: string; code: string; secondsLeft: number }[]
  /** What their phone would be notified of. */
  requests: readonly { text: string; href: string }[]
}

/** Something that the gateway has sent to somebody. */
export interface DemoMessage {
  /** What it came as: `mail`, `text message`, `call`, `push`. */
  as: string
  to: string
  /** Time of day, UTC. */
  at: string
  subject?: string | undefined
  text: string
}

/** What the demo's stand-in for everybody's phone shows. */
export interface DemoInboxProps {
  users: readonly DemoPerson[]
  /** Newest first. */
  messages: readonly DemoMessage[]
}

/** Everybody's phone and mailbox, so that every factor can be tried with no account anywhere. */
export const DemoInbox = ({ users, messages }: DemoInboxProps) => (
  <html lang="en">
    <head>
      <meta charset="utf-8" />
      <meta name="viewport" content="width=device-width, initial-scale=1" />
      <title>Phones and mailboxes of the demo</title>
      <link rel="stylesheet" href="/assets/demo.css" />
      <link rel="icon" href="data:," />
      <script src="/assets/demo.js" defer />
    </head>
    <body class="inbox">
      <header>
        <p class="title">Demo inbox</p>
      </header>
      <main data-refresh="5">
        <h1>Phones and mailboxes</h1>
        <p>
          This page stands in for the phones and mailboxes of everybody in the demo: nothing leaves
          this machine. A real gateway has no such page. <a href="?">Show what there is now</a>
        </p>
        <div class="people">
          {users.map((user) => (
            <Person {...user} />
          ))}
        </div>
        <h2>Messages</h2>
        <ol class="messages">
          {messages.map((message) => (
            <Message {...message} />
          ))}
        </ol>
        {messages.length === 0 && (
          <p>
            None yet. Codes by mail, text message and call come here, and so do notices about the
            account.
          </p>
        )}
      </main>
    </body>
  </html>
)

const Message = ({ as, to, at, subject, text }: DemoMessage) => (
  <li>
    <p class="message-head">
      {as} to <strong>{to}</strong>, {at} UTC
    </p>
    {subject !== undefined && <p class="subject">{subject}</p>}
    <p class="message-text">
      {partsOf(text).map((part) => (part.startsWith('http') ? <a href={part}>{part}</a> : part))}
    </p>
  </li>
)

/** Addresses apart from the rest, so that they can be followed. */
const partsOf = (text: string): string[] => text.split(/(https?:\/\/\S+)/)

const Person = ({ name, password, groups, codes, requests }: DemoPerson) => (
  <section class="person">
    <h2>{name}</h2>
    <dl>
      <dt>Password</dt>
      <dd>
        <code>{password}</code>
      </dd>
      <dt>Groups</dt>
      <dd>{groups.length > 0 ? groups.join(', ') : 'none'}</dd>
    </dl>
    {requests.map(({ text, href }) => (
      <p class="request">
        <span>{text}</span> <a href={href}>Answer as their phone</a>
      </p>
    ))}
    {codes.length === 0 && (
      <p>No authenticator app yet. The gateway asks for one where a page needs it.</p>
    )}
    {codes.map(({ label, code, secondsLeft }) => (
      <p class="app-code">
        <span>{label}</span>
        <code>{code}</code>
        <span>
          {secondsLeft} {secondsLeft === 1 ? 'second' : 'seconds'} left
        </span>
      </p>
    ))}
  </section>
)
