import type { Brand } from '../brand.ts'
import { Layout } from '../layout.tsx'
import { Field } from '../parts/field.tsx'

/** What the page about a download needs to know. */
export interface DownloadDataProps {
  brand: Brand
  action: string
  csrf: string
  back: string
}

/** Asks before everything about a person leaves the house. */
export const DownloadData = ({ brand, action, csrf, back }: DownloadDataProps) => {
  const title = 'Download your data'
  return (
    <Layout brand={brand} title={title} back={{ label: 'Data and privacy', href: back }}>
      <h1>{title}</h1>
      <p>
        You get one file with everything that is stored about you, in a form that programs can read
        (JSON). What proves that it is you is named in it, but not given: no hash, no secret and no
        key.
      </p>
      <p>Keep it to yourself: it says where you have signed in, and with what.</p>
      <form method="post" action={action}>
        <input type="hidden" name="csrf" value={csrf} />
        <button class="primary" type="submit">
          Download it
        </button>
      </form>
    </Layout>
  )
}

/** What the page about an erasure needs to know. */
export interface EraseAccountProps extends DownloadDataProps {
  /** What is to be typed so that nobody erases by mistake. */
  userName: string
  problem?: string | undefined
}

/** Asks before an account is erased. */
export const EraseAccount = (props: EraseAccountProps) => {
  const { brand, action, csrf, back, userName, problem } = props
  const title = 'Erase your account'
  return (
    <Layout brand={brand} title={title} back={{ label: 'Leave it', href: back }}>
      <h1>{title}?</h1>
      <p>
        Everything that is stored about you goes, at once and for good: your account, your ways to
        sign in and your history. You are signed out everywhere. Nobody can bring it back.
      </p>
      <p>What the applications behind {brand.name} have stored about you stays with them.</p>
      <form method="post" action={action}>
        <input type="hidden" name="csrf" value={csrf} />
        <Field
          name="username"
          label={`Type ${userName} to confirm`}
          problem={problem}
          autocomplete="off"
          verbatim
        />
        <button class="danger" type="submit">
          Erase everything
        </button>
      </form>
    </Layout>
  )
}
