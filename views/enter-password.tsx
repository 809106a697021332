import type { Brand, Destination, Wait } from './brand.ts'
import { Layout } from './layout.tsx'
import { Field } from './parts/field.tsx'
import { Forgotten } from './parts/forgotten.tsx'
import { Problem } from './parts/problem.tsx'
import { Purpose } from './parts/purpose.tsx'
import { type OtherWay, Ways } from './parts/ways.tsx'
import { Who } from './parts/who.tsx'

/** What the page that asks for the password again needs to know. */
export interface EnterPasswordProps {
  brand: Brand
  action: string
  csrf: string
  /** The name a person goes by. */
  user: string
  /** The name they sign in with. */
  userName: string
  /** Where somebody else starts over. */
  notYou: string
  destination?: Destination | undefined
  /** A sentence that says why the password is asked for again. */
  reason?: string | undefined
  problem?: string | undefined
  wait?: Wait | undefined
  ways?: readonly OtherWay[] | undefined
  /** Where a new password is to be had. */
  forgotten?: string | undefined
}

/** Asks a person who is signed in for their password again. */
export const EnterPassword = (props: EnterPasswordProps) => {
  const { brand, action, csrf, user, userName, notYou, destination, reason, problem, wait } = props
  return (
    <Layout brand={brand} title="Enter your password">
      <Who name={user} notYou={notYou} />
      <h1>Enter your password</h1>
      <Purpose destination={destination} reason={reason} />
      <form method="post" action={action}>
        <input type="hidden" name="csrf" value={csrf} />
        {/* Never shown and never trusted: it tells a password manager which entry to fill in. */}
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
          label="Password"
          type="password"
          autocomplete="current-password"
          focus
          describedBy={problem || wait ? 'problem' : undefined}
          invalid={!!problem && !wait}
        />
        <Problem id="problem" message={problem} wait={wait} />
        <button class="primary" type="submit">
          Continue
        </button>
      </form>
      <Ways action={action} csrf={csrf} ways={props.ways ?? []} />
      <Forgotten brand={brand} href={props.forgotten} />
    </Layout>
  )
}
