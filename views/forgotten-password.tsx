import type { Brand, Wait } from './brand.ts'
import { Layout } from './layout.tsx'
import { Field } from './parts/field.tsx'
import { Problem } from './parts/problem.tsx'

/** What the page for those who forgot their password needs to know. */
export interface ForgottenPasswordProps {
  brand: Brand
  action: string
  csrf: string
  userName?: string | undefined
  wait?: Wait | undefined
  back: string
}

/** Asks whose password it is. */
export const ForgottenPassword = ({
  brand,
  action,
  csrf,
  userName,
  wait,
  back,
}: ForgottenPasswordProps) => (
  <Layout
    brand={brand}
    title="Forgot your password"
    back={{ label: 'Back to sign in', href: back }}
  >
    <h1>Forgot your password?</h1>
    <p>
      We mail a link to the address that belongs to the account. Open it in this browser: in any
      other it does nothing.
    </p>
    <form method="post" action={action}>
      <input type="hidden" name="csrf" value={csrf} />
      <Field
        name="username"
        label="User name"
        autocomplete="username"
        value={userName}
        focus
        verbatim
        describedBy={wait ? 'problem' : undefined}
      />
      <Problem id="problem" wait={wait} />
      <button class="primary" type="submit">
        Mail me a link
      </button>
    </form>
  </Layout>
)

/** Says the same to everybody, whether there is such an account or not. */
export const ForgottenSent = ({ brand, back }: { brand: Brand; back: string }) => (
  <Layout brand={brand} title="Look into your mail" back={{ label: 'Back to sign in', href: back }}>
    <h1>Look into your mail</h1>
    <p>
      If there is such an account, and it has a mail address, a link is on its way to it. It works
      for 15 minutes, once, and in this browser only.
    </p>
    <p class="hint">
      Nothing there after a few minutes? Look among the unwanted mail, check the name for a slip, or
      ask whoever runs {brand.name}.
    </p>
  </Layout>
)
