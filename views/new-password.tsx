import type { Brand } from './brand.ts'
import { Layout } from './layout.tsx'
import { Field } from './parts/field.tsx'
import { Who } from './parts/who.tsx'

/** What the page on which a new password is chosen needs to know. */
export interface NewPasswordProps {
  brand: Brand
  action: string
  csrf: string
  minimumLength: number
  /** The name a person goes by. */
  user: string
  /** The name they sign in with. */
  userName: string
  /** Where somebody else starts over. */
  notYou?: string | undefined
  problem?: string | undefined
}

/** Asks for a new password, once it is clear whose it is. */
export const NewPassword = (props: NewPasswordProps) => {
  const { brand, action, csrf, minimumLength, user, userName, notYou, problem } = props
  return (
    <Layout brand={brand} title="Choose a new password">
      {notYou !== undefined && <Who name={user} notYou={notYou} />}
      <h1>Choose a new password</h1>
      <form method="post" action={action}>
        <input type="hidden" name="csrf" value={csrf} />
        {/* Never shown and never trusted: it tells a password manager which entry to change. */}
        <input
          type="text"
          name="username"
          value={userName}
          autocomplete="username"
          readonly
          hidden
        />
        <Field
          name="new_password"
          label="New password"
          type="password"
          autocomplete="new-password"
          hint={`At least ${minimumLength} characters. A few words in a row do well.`}
          focus
          problem={problem}
        />
        <button class="primary" type="submit">
          Change my password
        </button>
      </form>
      <p class="hint">Every sign-in of your account ends, on all devices.</p>
    </Layout>
  )
}
