import type { Brand, Destination } from './brand.ts'
import { Layout } from './layout.tsx'
import { CodeField } from './parts/code-field.tsx'
import { Others } from './parts/others.tsx'
import { Purpose } from './parts/purpose.tsx'
import { Who } from './parts/who.tsx'

/** What the page that sets up an authenticator app needs to know. */
export interface EnrollTotpProps {
  brand: Brand
  action: string
  csrf: string
  /** An `<svg>` of our own making: it is put on the page as it is. */
  qrSvg: string
  /** The key in base32. */
  secret: string
  /** The `otpauth:` address that the QR code holds. */
  uri: string
  digits: number
  /** The name a person goes by. */
  user: string
  /** Where somebody else starts over. */
  notYou?: string | undefined
  destination?: Destination | undefined
  problem?: string | undefined
  triesLeft?: number | undefined
  /** Can something else be set up instead? */
  others?: boolean | undefined
  back?: { label: string; href: string } | undefined
}

/** Hands over the key for an authenticator app and asks for the first code. */
export const EnrollTotp = (props: EnrollTotpProps) => {
  const { brand, action, csrf, digits, user, notYou, destination, problem } = props
  return (
    <Layout brand={brand} title="Set up your authenticator app" wide back={props.back}>
      {notYou !== undefined && <Who name={user} notYou={notYou} />}
      <h1>Set up your authenticator app</h1>
      <Purpose destination={destination} />
      <p>
        An app on your phone will show a new code every half minute. Whoever learns or guesses your
        password still cannot get in without it.
      </p>
      <ol class="steps">
        <li>
          <h2>Add {brand.name} to the app</h2>
          <Key {...props} />
        </li>
        <li>
          <h2>Type the code it shows</h2>
          <form method="post" action={action}>
            <input type="hidden" name="csrf" value={csrf} />
            {/* Not in focus at first: the page is read from the top, and a keyboard would hide it. */}
            <CodeField
              label={`The ${digits} digits from the app`}
              focus={problem !== undefined}
              problem={problem}
              triesLeft={props.triesLeft}
            />
            <button class="primary" type="submit">
              Finish
            </button>
          </form>
        </li>
      </ol>
      <Others action={action} csrf={csrf} shown={props.others ?? false} />
    </Layout>
  )
}

const Key = ({ qrSvg, secret, uri }: EnrollTotpProps) => (
  <>
    <p class="hint">
      Google Authenticator, Microsoft Authenticator, 1Password, Authy, Aegis and most others work.
    </p>
    <div class="key">
      <div
        class="qr"
        role="img"
        aria-label="QR code for your authenticator app. The link and the key beside it do the same."
        dangerouslySetInnerHTML={{ __html: qrSvg }}
      />
      <div class="key-ways">
        <p>Scan this picture with the app.</p>
        <p>
          <a class="button" href={uri}>
            Open in an authenticator app on this device
          </a>
        </p>
        <p>
          Or type this key into the app:
          <code class="secret">
            {inFours(secret).map((group) => (
              <>
                <span>{group}</span>
                <wbr />
              </>
            ))}
          </code>
        </p>
      </div>
    </div>
  </>
)

// Groups are set apart by the style sheet and not by spaces, so that a copy of the key has none.
const inFours = (secret: string): string[] => secret.match(/.{1,4}/gs) ?? []
