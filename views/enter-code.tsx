import type { Brand, Destination, Wait } from './brand.ts'
import { Layout } from './layout.tsx'
import { CodeField } from './parts/code-field.tsx'
import { Purpose } from './parts/purpose.tsx'
import { Resend, type ResendProps } from './parts/resend.tsx'
import { type OtherWay, Ways } from './parts/ways.tsx'
import { Who } from './parts/who.tsx'

/** What the page that asks for a code needs to know. */
export interface EnterCodeProps {
  brand: Brand
  action: string
  csrf: string
  /** How many digits it has; absent where it is no plain number. */
  digits?: number | undefined
  /** What the person calls the authenticator that shows the code; without digits, what is typed. */
  from: string
  /** Where the code was sent, masked, and how it gets there; absent where it is shown by something at hand. */
  sent?: Omit<ResendProps, 'action' | 'csrf'> | undefined
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
  ways?: readonly OtherWay[] | undefined
}

/** Asks for a code that an app shows, that was sent, or that was kept. */
export const EnterCode = (props: EnterCodeProps) => {
  const { brand, action, csrf, digits, from, sent, user, notYou, destination, reason } = props
  return (
    <Layout brand={brand} title="Enter your code">
      <Who name={user} notYou={notYou} />
      <h1>Enter your code</h1>
      <Purpose destination={destination} reason={reason} />
      {!sent && (
        <p>
          {digits === undefined
            ? `Type ${from}. Spaces, dashes and small letters are fine.`
            : `Open “${from}” and type the ${digits} digits it shows for ${brand.name}.`}
        </p>
      )}
      {sent && <Resend action={action} csrf={csrf} {...sent} />}
      <form method="post" action={action}>
        <input type="hidden" name="csrf" value={csrf} />
        <CodeField
          label={labelOf(props)}
          focus
          numeric={digits !== undefined}
          problem={props.problem}
          triesLeft={props.triesLeft}
          wait={props.wait}
        />
        <button class="primary" type="submit">
          Continue
        </button>
      </form>
      <Ways action={action} csrf={csrf} ways={props.ways ?? []} />
      {!sent && digits !== undefined && <Hints brand={brand} />}
    </Layout>
  )
}

function labelOf({ digits, sent, from }: EnterCodeProps): string {
  if (sent) return `The ${digits} digits we sent`
  return digits === undefined
    ? 'Code'
    : `Code from ${from === '' ? 'your authenticator app' : from}`
}

const Hints = ({ brand }: { brand: Brand }) => (
  <details>
    <summary>No code, or it does not work?</summary>
    <p>
      Each code works once and for half a minute: wait for the next one. If they are all refused,
      let your phone set its clock by itself.
    </p>
    <p>
      If your phone is gone, ask whoever runs {brand.name} for a pass. With it you sign in once and
      set up a new way.
    </p>
  </details>
)
