import type { Child } from 'hono/jsx'
import type { Brand } from './brand.ts'
import { Arrow, GateMark } from './parts/icons.tsx'

export type { Destination } from './brand.ts'

/** What stands around every page. */
export interface LayoutProps {
  brand: Brand
  /** Unique among all pages; the brand's name is added. */
  title: string
  children?: Child
  /** Room for two columns. */
  wide?: boolean | undefined
  /** A quiet way back, below the card. */
  back?: { label: string; href: string } | undefined
  /** Scripts of ours that the page gains by, by name, in order. */
  scripts?: readonly string[] | undefined
  /** Seconds after which the page asks anew by itself, in browsers that run no scripts. */
  refresh?: number | undefined
  /** Address of what makes the page an application on a phone. */
  manifest?: string | undefined
}

/** The frame of every page: the operator's name above, one card, the operator's links below. */
export const Layout = ({ brand, title, children, wide, back, ...head }: LayoutProps) => (
  <html lang="en">
    <head>
      <meta charset="utf-8" />
      <meta name="viewport" content="width=device-width, initial-scale=1" />
      <meta name="color-scheme" content="light dark" />
      <meta name="robots" content="noindex" />
      <title>
        {title} · {brand.name}
      </title>
      {brand.css.map((href) => (
        <link rel="stylesheet" href={href} />
      ))}
      <Extras brand={brand} {...head} />
      <link rel="icon" href={brand.icon} />
    </head>
    <body>
      <header class="brand">
        <a href={brand.home}>
          {brand.logo ? <img src={brand.logo} alt="" height="32" /> : <GateMark />}
          <span>{brand.name}</span>
        </a>
      </header>
      <main class={wide ? 'card wide' : 'card'}>{children}</main>
      <footer class="foot">
        {back && (
          <p>
            <a class="quiet" href={back.href}>
              <Arrow direction="back" />
              {back.label}
            </a>
          </p>
        )}
        {brand.links.length > 0 && (
          <ul class="legal">
            {brand.links.map(({ label, href }) => (
              <li>
                <a href={href}>{label}</a>
              </li>
            ))}
          </ul>
        )}
      </footer>
    </body>
  </html>
)

/** What some pages have in their heads. */
const Extras = ({
  brand,
  scripts = [],
  refresh,
  manifest,
}: Pick<LayoutProps, 'brand' | 'scripts' | 'refresh' | 'manifest'>) => (
  <>
    {scripts
      .flatMap((name) => brand.scripts?.[name] ?? [])
      .map((src) => (
        <script src={src} defer />
      ))}
    {refresh !== undefined && (
      <noscript>
        <meta http-equiv="refresh" content={String(refresh)} />
      </noscript>
    )}
    {manifest !== undefined && <link rel="manifest" href={manifest} />}
  </>
)
