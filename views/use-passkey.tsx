import type { Brand, Destination, Wait } from './brand.ts'
import { Layout } from './layout.tsx'
import { PasskeyButton, PasskeyNotice, passkeyData } from './parts/passkey.tsx'
import { Problem } from './parts/problem.tsx'
import { Purpose } from './parts/purpose.tsx'
import { type OtherWay, Ways } from './parts/ways.tsx'
import { Who } from './parts/who.tsx'

/** What the page that asks for a passkey needs to know. */
export interface UsePasskeyProps {
  brand: Brand
  action: string
  csrf: string
  /** What the person calls it. */
  from: string
  /** Options for `navigator.credentials.get`, as JSON. */
  options: object
  /** The name a person goes by. */
  user: string
  /** Where somebody else starts over. */
  notYou: string
  destination?: Destination | undefined
  /** A sentence that says why it is asked for. */
  reason?: string | undefined
  problem?: string | undefined
  triesLeft?: number | undefined
  wait?: Wait | undefined
  ways?: readonly OtherWay[] | undefined
}

/** Asks for a passkey or security key that the person has. */
export const UsePasskey = (props: UsePasskeyProps) => {
  const { brand, action, csrf, from, options, user, notYou, destination, reason } = props
  const ways = props.ways ?? []
  return (
    <Layout brand={brand} title="Use your passkey" scripts={['webauthn', 'passkey']}>
      <Who name={user} notYou={notYou} />
      <h1>Use your passkey</h1>
      <Purpose destination={destination} reason={reason} />
      <p>
        Have “{from}” at hand. Your browser asks for it, and then for your fingerprint, your face or
        your PIN.
      </p>
      <form method="post" action={action} {...passkeyData('prove', { options })}>
        <input type="hidden" name="csrf" value={csrf} />
        <Problem
          id="passkey-problem"
          message={props.problem}
          triesLeft={props.triesLeft}
          wait={props.wait}
        />
        <PasskeyNotice when="cancelled">
          That did not come to an end. If you have the passkey on another device, try again and
          choose that device.
        </PasskeyNotice>
        <PasskeyNotice when="unsupported">
          This browser cannot use passkeys on this page. Use another browser, or another way.
        </PasskeyNotice>
        <PasskeyButton label="Use your passkey" primary />
        <NoScript />
      </form>
      <Ways action={action} csrf={csrf} ways={ways} />
      <details>
        <summary>Your passkey is not at hand?</summary>
        <p>
          A passkey on your phone works here, too: when your browser asks, choose the phone and scan
          the picture that it shows.
        </p>
        <p>
          If it is gone for good, {ways.length > 0 ? 'use another way, or ' : ''}ask whoever runs{' '}
          {brand.name} for a pass. With it you sign in once and set up a new one.
        </p>
      </details>
    </Layout>
  )
}

const NoScript = () => (
  <noscript>
    <p>
      Passkeys need JavaScript, and it is switched off in this browser. Switch it on for this page,
      or use another way.
    </p>
  </noscript>
)
