import type { Brand, Destination, Wait } from './brand.ts'
import { Layout } from './layout.tsx'
import { CodeField } from './parts/code-field.tsx'
import { Purpose } from './parts/purpose.tsx'
import { Who } from './parts/who.tsx'

/** What the page that asks for a code needs to know. */
export interface EnterCodeProps {
  brand: Brand
  action: string
  csrf: string
  digits: number
  /** The name a person goes by. */
  user: string
  /** Where somebody else starts over. */
  notYou: string
  destination?: Destination | undefined
  /** A sentence that says why a code is asked for. */
  reason?: string | undefined
  problem?: string | undefined
  triesLeft?: number | undefined
  wait?: Wait | undefined
}

/** Asks for the code that the authenticator app shows. */
export const EnterCode = (props: EnterCodeProps) => {
  const { brand, action, csrf, digits, user, notYou, destination, reason } = props
  return (
    <Layout brand={brand} title="Enter your code">
      <Who name={user} notYou={notYou} />
      <h1>Enter your code</h1>
      <Purpose destination={destination} reason={reason} />
      <p>
        Open your authenticator app and type the {digits} digits it shows for {brand.name}.
      </p>
      <form method="post" action={action}>
        <input type="hidden" name="csrf" value={csrf} />
        <CodeField
          label="Code from your authenticator app"
          focus
          problem={props.problem}
          triesLeft={props.triesLeft}
          wait={props.wait}
        />
        <button class="primary" type="submit">
          Continue
        </button>
      </form>
      <details>
        <summary>No code, or it does not work?</summary>
        <p>
          Each code works once and for half a minute: wait for the next one. If they are all
          refused, let your phone set its clock by itself.
        </p>
        <p>
          If your phone is gone, ask whoever runs {brand.name} to take the app off your account. You
          set it up again at the next sign-in.
        </p>
      </details>
    </Layout>
  )
}
