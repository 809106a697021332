import type { Brand, Wait } from '../brand.ts'
import { Layout } from '../layout.tsx'
import { CodeField } from '../parts/code-field.tsx'
import { Field } from '../parts/field.tsx'
import { Problem } from '../parts/problem.tsx'

/** What the page for the mail address needs to know. */
export interface MailProps {
  brand: Brand
  action: string
  csrf: string
  /** The address on file. */
  email?: string | undefined
  /** What was typed before. */
  typed?: string | undefined
  /** Can mail be sent from here? Else no other address can be proved. */
  canConfirm: boolean
  problem?: string | undefined
  wait?: Wait | undefined
  back: string
}

/** Changes the mail address: a code goes to the new one first. */
export const Mail = (props: MailProps) => {
  const { brand, action, csrf, email, typed, canConfirm, problem, wait, back } = props
  return (
    <Layout brand={brand} title="Your mail address" back={{ label: 'Your account', href: back }}>
      <h1>Your mail address</h1>
      <p>
        {email === undefined ? (
          'There is none on file, so that nobody can write to you about your account.'
        ) : (
          <OnFile email={email} />
        )}
      </p>
      {canConfirm ? (
        <form method="post" action={action}>
          <input type="hidden" name="csrf" value={csrf} />
          <Field
            name="email"
            label="New address"
            type="email"
            autocomplete="email"
            hint="It counts once you have typed the code that we mail there. The old address is told."
            value={typed}
            problem={problem}
            focus
            verbatim
          />
          <Problem id="wait" wait={wait} />
          <button class="primary" type="submit">
            Mail me a code
          </button>
        </form>
      ) : (
        <p>
          This site sends no mail, so that a new address cannot be proved. Ask whoever runs{' '}
          {brand.name} to change it for you.
        </p>
      )}
      {email !== undefined && (
        <form class="ways" method="post" action={action}>
          <input type="hidden" name="csrf" value={csrf} />
          <button type="submit" name="remove" value="1">
            Remove the address
          </button>
        </form>
      )}
    </Layout>
  )
}

const OnFile = ({ email }: { email: string }) => (
  <>
    Now it is <strong>{email}</strong>. Notices about your account go there, and applications may
    show it to others.
  </>
)

/** What the page that asks for the code from the new address needs to know. */
export interface ConfirmMailProps {
  brand: Brand
  action: string
  csrf: string
  address: string
  problem?: string | undefined
  wait?: Wait | undefined
  /** Where another address can be given, or another code asked for. */
  again: string
  back: string
}

/** Asks for the code that was mailed to the new address. */
export const ConfirmMail = (props: ConfirmMailProps) => {
  const { brand, action, csrf, address, problem, wait, again, back } = props
  return (
    <Layout
      brand={brand}
      title="Confirm your mail address"
      back={{ label: 'Your account', href: back }}
    >
      <h1>Confirm your mail address</h1>
      <p>
        We mailed a code of eight digits to <strong>{address}</strong>. It is good for a quarter of
        an hour.
      </p>
      <form method="post" action={action}>
        <input type="hidden" name="csrf" value={csrf} />
        <input type="hidden" name="email" value={address} />
        <CodeField label="The code in the mail" focus problem={problem} wait={wait} />
        <button class="primary" type="submit">
          Confirm
        </button>
      </form>
      <p>
        <a class="quiet" href={again}>
          Nothing came, or it is another address
        </a>
      </p>
    </Layout>
  )
}
