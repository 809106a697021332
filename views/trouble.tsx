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
    {actions.length > 0 && (
      <p class="actions">
        {actions.map(({ label, href, primary }) => (
          <a class={primary ? 'button primary' : 'quiet'} href={href}>
            {label}
          </a>
        ))}
      </p>
    )}
  </Layout>
)
