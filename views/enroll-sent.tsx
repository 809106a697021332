import type { Brand, Destination, Wait } from './brand.ts'
import { Layout } from './layout.tsx'
import { CodeField } from './parts/code-field.tsx'
import { Purpose } from './parts/purpose.tsx'
import { Resend, type ResendProps } from './parts/resend.tsx'
import { Who } from './parts/who.tsx'

/** What the page that proves a mail address or a phone number needs to know. */
export interface EnrollSentProps {
  brand: Brand
  action: string
  csrf: string
  digits: number
  sent: Omit<ResendProps, 'action' | 'csrf'>
  user: string
  notYou?: string | undefined
  destination?: Destination | undefined
  problem?: string | undefined
  triesLeft?: number | undefined
  wait?: Wait | undefined
  back?: { label: string; href: string } | undefined
}

/** Asks for the first code, which proves that codes arrive where they are meant to. */
export const EnrollSent = (props: EnrollSentProps) => {
  const { brand, action, csrf, digits, sent, user, notYou } = props
  return (
    <Layout brand={brand} title="Confirm with a first code" back={props.back}>
      {notYou !== undefined && <Who name={user} notYou={notYou} />}
      <h1>Confirm with a first code</h1>
      <Purpose destination={props.destination} />
      <Resend action={action} csrf={csrf} {...sent} />
      <form method="post" action={action}>
        <input type="hidden" name="csrf" value={csrf} />
        <CodeField
          label={`The ${digits} digits we sent`}
          focus
          problem={props.problem}
          triesLeft={props.triesLeft}
          wait={props.wait}
        />
        <button class="primary" type="submit">
          Finish
        </button>
      </form>
    </Layout>
  )
}
