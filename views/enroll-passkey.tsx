import type { Brand, Destination, Wait } from './brand.ts'
import { Layout } from './layout.tsx'
import { Others } from './parts/others.tsx'
import { PasskeyButton, PasskeyNotice, passkeyData } from './parts/passkey.tsx'
import { Problem } from './parts/problem.tsx'
import { Purpose } from './parts/purpose.tsx'
import { Who } from './parts/who.tsx'

/** What the page that sets up a passkey needs to know. */
export interface EnrollPasskeyProps {
  brand: Brand
  action: string
  csrf: string
  /** Options for `navigator.credentials.create`, as JSON. */
  options: object
  /** The name a person goes by. */
  user: string
  /** Where somebody else starts over; absent where nobody else can be meant. */
  notYou?: string | undefined
  destination?: Destination | undefined
  problem?: string | undefined
  triesLeft?: number | undefined
  wait?: Wait | undefined
  /** Are there other kinds to choose from? */
  others?: boolean | undefined
  back?: { label: string; href: string } | undefined
}

/** Lets the browser make a passkey. */
export const EnrollPasskey = (props: EnrollPasskeyProps) => {
  const { brand, action, csrf, options, user, notYou, destination, others, back } = props
  return (
    <Layout
      brand={brand}
      title="Set up a passkey"
      scripts={['webauthn', 'passkey']}
      {...(back ? { back } : {})}
    >
      {notYou !== undefined && <Who name={user} notYou={notYou} />}
      <h1>Set up a passkey</h1>
      <Purpose destination={destination} />
      <p>
        From then on, your fingerprint, your face or the PIN of your device is all it takes to sign
        in. They stay on your device, and a forged page cannot make use of them.
      </p>
      <form method="post" action={action} {...passkeyData('enroll', { options })}>
        <input type="hidden" name="csrf" value={csrf} />
        <Problem
          id="passkey-problem"
          message={props.problem}
          triesLeft={props.triesLeft}
          wait={props.wait}
        />
        <PasskeyNotice when="cancelled">
          That did not come to an end, and nothing was set up. You can try again, here or on another
          device.
        </PasskeyNotice>
        <PasskeyNotice when="known">
          This device holds a passkey for your account already. Sign in with that one, or set up
          another device.
        </PasskeyNotice>
        <PasskeyNotice when="unsupported">
          This browser cannot make passkeys on this page. Use another browser, or set up something
          else.
        </PasskeyNotice>
        <PasskeyButton label="Set up a passkey" primary />
        <noscript>
          <p>
            Passkeys need JavaScript, and it is switched off in this browser. Switch it on for this
            page, or set up something else.
          </p>
        </noscript>
      </form>
      <Others action={action} csrf={csrf} shown={others ?? false} />
      <details>
        <summary>Where does it go?</summary>
        <p>
          Your browser lets you choose: the password manager of your device, which brings it to your
          other devices, your phone, or a security key that you carry along.
        </p>
      </details>
    </Layout>
  )
}
