import type { Brand, Destination } from './brand.ts'
import { Layout } from './layout.tsx'
import { Purpose } from './parts/purpose.tsx'
import { Who } from './parts/who.tsx'

/** What the page that shows backup codes needs to know. */
export interface EnrollCodesProps {
  brand: Brand
  action: string
  csrf: string
  codes: readonly string[]
  /** A text file with the same codes, as a `data:` address. */
  download: string
  /** The name a person signs in with: it stands on the print. */
  userName: string
  user: string
  notYou?: string | undefined
  destination?: Destination | undefined
  back?: { label: string; href: string } | undefined
}

/** Shows codes this once, to be kept on paper or in a password manager. */
export const EnrollCodes = (props: EnrollCodesProps) => {
  const { brand, action, csrf, codes, download, user, userName, notYou } = props
  return (
    <Layout brand={brand} title="Your backup codes" back={props.back}>
      {notYou !== undefined && <Who name={user} notYou={notYou} />}
      <h1>Your backup codes</h1>
      <Purpose destination={props.destination} />
      <p>
        Each of these opens your account once, beside your password, when nothing else is at hand.
        They are shown this once: print them, or keep them in a password manager.
      </p>
      <p class="print-only">
        {brand.name}, {userName}
      </p>
      <ol class="codes">
        {codes.map((code) => (
          <li>
            <code>{code}</code>
          </li>
        ))}
      </ol>
      <p class="actions">
        <a class="button" href={download} download="backup-codes.txt">
          Download as a text file
        </a>
      </p>
      <form method="post" action={action}>
        <input type="hidden" name="csrf" value={csrf} />
        <button class="primary" type="submit" name="code" value="kept">
          I have kept them
        </button>
      </form>
    </Layout>
  )
}
