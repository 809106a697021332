import type { Brand } from './brand.ts'
import { Layout } from './layout.tsx'
import { Field } from './parts/field.tsx'
import { Problem } from './parts/problem.tsx'

/** What the page for the first administrator needs to know. */
export interface SetUpProps {
  brand: Brand
  action: string
  csrf: string
  /** The one-time token of the link that led here. */
  token: string
  userName?: string | undefined
  displayName?: string | undefined
  email?: string | undefined
  problem?:
    | {
        field: 'username' | 'display_name' | 'email' | 'password' | 'form'
        message: string
      }
    | undefined
  /** The least number of characters of a password. */
  minimumLength: number
}

/** Asks for the name and the password of the first administrator. */
export const SetUp = (props: SetUpProps) => {
  const { brand, action, csrf, token, problem, minimumLength } = props
  const about = (field: string) => (problem?.field === field ? problem.message : undefined)
  const focus = problem && problem.field !== 'form' ? problem.field : 'username'
  return (
    <Layout brand={brand} title="Create the first administrator">
      <h1>Create the first administrator</h1>
      <p>This account may change everything in {brand.name}. The link that led here works once.</p>
      <form method="post" action={action}>
        <input type="hidden" name="csrf" value={csrf} />
        <input type="hidden" name="token" value={token} />
        <Problem id="form-problem" message={about('form')} />
        <Field
          name="username"
          label="User name"
          autocomplete="username"
          hint="What you sign in with."
          value={props.userName}
          problem={about('username')}
          focus={focus === 'username'}
          verbatim
        />
        <Field
          name="display_name"
          label="Your name"
          autocomplete="name"
          hint="As others see it."
          value={props.displayName}
          problem={about('display_name')}
          focus={focus === 'display_name'}
        />
        <Field
          name="email"
          label="Email address"
          type="email"
          autocomplete="email"
          value={props.email}
          problem={about('email')}
          focus={focus === 'email'}
          optional
          verbatim
        />
        <Field
          name="password"
          label="Password"
          type="password"
          autocomplete="new-password"
          hint={`At least ${minimumLength} characters. A few words in a row are easy to keep and hard to guess.`}
          problem={about('password')}
          focus={focus === 'password'}
        />
        <button class="primary" type="submit">
          Create account
        </button>
      </form>
    </Layout>
  )
}
