import type { Brand } from '../brand.ts'
import { Layout } from '../layout.tsx'
import { Field } from '../parts/field.tsx'

/** What the page for a new password needs to know. */
export interface NewPasswordProps {
  brand: Brand
  action: string
  csrf: string
  /** The name that a person signs in with, for their password manager. */
  userName: string
  minimumLength: number
  problem?: { field: 'password' | 'again'; message: string } | undefined
  back: string
}

/** Changes the password. */
export const NewPassword = (props: NewPasswordProps) => {
  const { brand, action, csrf, userName, minimumLength, problem, back } = props
  const about = (field: string) => (problem?.field === field ? problem.message : undefined)
  return (
    <Layout brand={brand} title="Change your password" back={{ label: 'Your account', href: back }}>
      <h1>Change your password</h1>
      <p>This ends all your other sessions: whoever knew the old one may sit in one of them.</p>
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
          name="password"
          label="New password"
          type="password"
          autocomplete="new-password"
          hint={`At least ${minimumLength} characters. A few words in a row are easy to keep and hard to guess.`}
          problem={about('password')}
          focus
        />
        <Field
          name="again"
          label="Once more"
          type="password"
          autocomplete="new-password"
          problem={about('again')}
        />
        <button class="primary" type="submit">
          Change password
        </button>
      </form>
    </Layout>
  )
}
