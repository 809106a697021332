/** A person of the demo, with everything that is needed to be them. */
export interface DemoPerson {
  name: string
  password: string
  groups: readonly string[]
  /** What their authenticator app would show. */
  codes: readonly { label: string; code: string; secondsLeft: number }[]
}

/** The demo's authenticator app: the codes of everybody, so that no phone is needed. */
export const DemoInbox = ({ users }: { users: readonly DemoPerson[] }) => (
  <html lang="en">
    <head>
      <meta charset="utf-8" />
      <meta name="viewport" content="width=device-width, initial-scale=1" />
      <title>The demo’s authenticator app</title>
      <link rel="stylesheet" href="/assets/demo.css" />
      <link rel="icon" href="data:," />
      <script src="/assets/demo.js" defer />
    </head>
    <body class="inbox">
      <header>
        <p class="title">Demo inbox</p>
      </header>
      <main data-refresh="5">
        <h1>The demo’s authenticator app</h1>
        <p>
          This page stands in for the phones of everybody in the demo. A real gateway has none.{' '}
          <a href="?">Show the codes of this moment</a>
        </p>
        <div class="people">
          {users.map((user) => (
            <Person {...user} />
          ))}
        </div>
      </main>
    </body>
  </html>
)

const Person = ({ name, password, groups, codes }: DemoPerson) => (
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
