import type { Brand } from '../brand.ts'
import { Layout } from '../layout.tsx'

/** What is kept about a person, and for how long. */
export interface KeptData {
  what: string
  detail: string
}

/** What the page about data needs to know. */
export interface DataProps {
  brand: Brand
  kept: readonly KeptData[]
  /** What applications are told. */
  told: readonly KeptData[]
  /** Where all of it can be downloaded. */
  download: string
  /** Where people erase their own account; absent where they ask somebody to. */
  erase?: string | undefined
  back: string
}

/** Says what is kept about a person, for how long, and who learns of it. */
export const DataPage = ({ brand, kept, told, download, erase, back }: DataProps) => (
  <Layout brand={brand} title="Data and privacy" wide back={{ label: 'Your account', href: back }}>
    <h1>Data and privacy</h1>
    <h2>What is kept here</h2>
    <List items={kept} />
    <h2>What applications learn</h2>
    <p>Only those that you open, and nothing before you are signed in.</p>
    <List items={told} />
    <p>
      Fingerprints, faces and voices never reach {brand.name}: your own device compares them and
      tells only that they matched.
    </p>
    <h2>What you can do</h2>
    <p>
      <a class="button" href={download}>
        Download your data
      </a>
    </p>
    {erase ? (
      <p>
        Or <a href={erase}>erase your account</a>, with all that is kept.
      </p>
    ) : (
      <p>To have something corrected or erased, ask whoever runs {brand.name}.</p>
    )}
  </Layout>
)

const List = ({ items }: { items: readonly KeptData[] }) => (
  <dl class="facts">
    {items.map(({ what, detail }) => (
      <div>
        <dt>{what}</dt>
        <dd>{detail}</dd>
      </div>
    ))}
  </dl>
)
