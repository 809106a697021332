import type { Brand } from './brand.ts'
import { Layout } from './layout.tsx'
import { Reference } from './parts/reference.tsx'

/** A way on. */
export interface TroubleAction {
  label: string
  href: string
  primary?: boolean | undefined
}

/** What the page about a failure needs to know. */
export interface TroubleProps {
  brand: Brand
  title: string
  /** What happened, and what to do; a paragraph each. */
  sentences: readonly string[]
  /** The number to quote. */
  reference?: string | undefined
  /** Where none leads on, the way to the portal is shown: no page is a dead end. */
  actions: readonly TroubleAction[]
}

/** Says what went wrong and what to do about it. */
export const Trouble = ({ brand, title, sentences, reference, actions }: TroubleProps) => (
  <Layout brand={brand} title={title}>
    <h1>{title}</h1>
    {sentences.map((sentence) => (
      <p>{sentence}</p>
    ))}
    {reference !== undefined && <Reference value={reference} />}
    <p class="actions">
      {(actions.length > 0 ? actions : [wayHome(brand)]).map(({ label, href, primary }) => (
        <a class={primary ? 'button primary' : 'quiet'} href={href}>
          {label}
        </a>
      ))}
    </p>
  </Layout>
)

const wayHome = ({ name, home }: Brand): TroubleAction => ({ label: `Go to ${name}`, href: home })
