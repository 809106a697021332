import type { Child } from 'hono/jsx'

const places = [
  { label: 'Home', href: '/' },
  { label: 'File a paper', href: '/form' },
  { label: 'Clock', href: '/clock' },
  { label: 'Stream', href: '/stream' },
  { label: 'Records office', href: '/admin' },
  { label: 'Notice board', href: '/public' },
]

/** What stands around every page of the demo application. */
export interface DemoLayoutProps {
  title: string
  /** The address of the page, as its menu has it. */
  current: string
  children?: Child
}

/** The frame of Paper Trail, an application with no sign-in of its own. */
export const DemoLayout = ({ title, current, children }: DemoLayoutProps) => (
  <html lang="en">
    <head>
      <meta charset="utf-8" />
      <meta name="viewport" content="width=device-width, initial-scale=1" />
      <title>{title} · Paper Trail</title>
      <link rel="stylesheet" href="/assets/demo.css" />
      <link rel="icon" href="data:," />
      <script src="/assets/demo.js" defer />
    </head>
    <body>
      <header>
        <p class="title">
          <a href="/">Paper Trail</a>
        </p>
        <nav aria-label="Paper Trail">
          {places.map(({ label, href }) => (
            <a href={href} aria-current={href === current ? 'page' : undefined}>
              {label}
            </a>
          ))}
          <a href="/.gatehouse/logout">Sign out</a>
        </nav>
      </header>
      <main>
        <h1>{title}</h1>
        {children}
      </main>
      <footer>
        <p>
          Paper Trail is a demo. It has no sign-in of its own and believes the headers it receives.
        </p>
      </footer>
    </body>
  </html>
)
