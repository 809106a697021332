import type { Brand, Destination, Wait } from './brand.ts'
import { Layout } from './layout.tsx'
import { Field } from './parts/field.tsx'
import { Forgotten } from './parts/forgotten.tsx'
import { PasskeyButton, PasskeyNotice, type PasskeyScript, passkeyData } from './parts/passkey.tsx'
import { Problem } from './parts/problem.tsx'
import { Purpose } from './parts/purpose.tsx'

/** What the sign-in page needs to know. */
export interface SignInProps {
  brand: Brand
  action: string
  csrf: string
  /** Where to go afterwards, as the browser sent it. */
  rd?: string | undefined
  userName?: string | undefined
  problem?: string | undefined
  wait?: Wait | undefined
  destination?: Destination | undefined
  offerRemember: boolean
  remembered?: boolean | undefined
  /** Lets the browser offer the passkeys that it has. */
  passkey?: (PasskeyScript & { problem?: string | undefined }) | undefined
  /** Where a new password is to be had. */
  forgotten?: string | undefined
}

/** Asks for user name and password. */
export const SignIn = (props: SignInProps) => {
  const { brand, action, csrf, rd, userName, problem, wait, destination } = props
  // Who has to wait has typed nothing wrong.
  const tied = { describedBy: problem || wait ? 'problem' : undefined, invalid: !!problem && !wait }
  return (
    <Layout brand={brand} title="Sign in" scripts={props.passkey && ['webauthn', 'passkey']}>
      <h1>Sign in</h1>
      <Purpose destination={destination} />
      <form
        method="post"
        action={action}
        {...(props.passkey ? passkeyData('sign-in', props.passkey) : {})}
      >
        <input type="hidden" name="csrf" value={csrf} />
        {rd !== undefined && <input type="hidden" name="rd" value={rd} />}
        <Field
          name="username"
          label="User name"
          autocomplete={props.passkey ? 'username webauthn' : 'username'}
          value={userName}
          focus={!userName}
          verbatim
          {...tied}
        />
        <Field
          name="password"
          label="Password"
          type="password"
          autocomplete="current-password"
          focus={!!userName}
          {...tied}
        />
        <Problem id="problem" message={problem} wait={wait} />
        {props.offerRemember && (
          <label class="check">
            <input type="checkbox" name="remember" value="yes" checked={!!props.remembered} />
            <span>Keep me signed in on this device</span>
          </label>
        )}
        <button class="primary" type="submit">
          Sign in
        </button>
        {props.passkey && (
          <>
            <PasskeyButton label="Sign in with a passkey" />
            <Problem id="passkey-problem" message={props.passkey.problem} />
            <PasskeyNotice when="cancelled">
              No passkey was used. You can try again, or sign in with your password.
            </PasskeyNotice>
          </>
        )}
      </form>
      <Forgotten brand={brand} href={props.forgotten} />
    </Layout>
  )
}
