import type { Brand } from '../brand.ts'
import { Layout } from '../layout.tsx'
import { Field } from '../parts/field.tsx'

/** What the page for the name that is shown needs to know. */
export interface NameProps {
  brand: Brand
  action: string
  csrf: string
  displayName: string
  /** The name that a person signs in with; it stays. */
  userName: string
  problem?: string | undefined
  back: string
}

/** Changes the name that others see. */
export const Name = ({ brand, action, csrf, displayName, userName, problem, back }: NameProps) => (
  <Layout brand={brand} title="Your name" back={{ label: 'Your account', href: back }}>
    <h1>Your name</h1>
    <p>
      Applications show it to others. You go on signing in as <strong>{userName}</strong>.
    </p>
    <form method="post" action={action}>
      <input type="hidden" name="csrf" value={csrf} />
      <Field
        name="display_name"
        label="Name"
        autocomplete="name"
        value={displayName}
        problem={problem}
        focus
      />
      <button class="primary" type="submit">
        Save
      </button>
    </form>
  </Layout>
)
