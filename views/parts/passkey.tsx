import { Warning } from './icons.tsx'

/** What the script behind a page works with. */
export interface PasskeyScript {
  /** Options for `navigator.credentials.get` or `create`, as JSON. */
  options: object
  /** Where fresh ones are to be had; absent where the page itself brings them. */
  renew?: string | undefined
  /** A passkey that was used and that nobody here knows: the browser may forget it. */
  unknown?: string | undefined
}

/** Hands options to the script: pages have no script of their own. */
export const passkeyData = (
  step: 'sign-in' | 'prove' | 'enroll',
  { options, renew, unknown }: PasskeyScript,
) => ({
  'data-passkey': step,
  'data-options': JSON.stringify(options),
  ...(renew === undefined ? {} : { 'data-renew': renew }),
  ...(unknown === undefined ? {} : { 'data-unknown': unknown }),
})

/**
 * Lets the script tell the browser which passkeys are left, so that it offers the others no more. The
 * page has to name the script `passkey`.
 *
 * @param options As the factor writes them.
 */
export const PasskeysLeft = ({ options }: { options: object }) => (
  <span data-passkey="remaining" data-options={JSON.stringify(options)} hidden />
)

/** A sentence that the script shows when it comes to that, and reads aloud. */
export const PasskeyNotice = ({
  when,
  children,
}: {
  when: 'cancelled' | 'known' | 'unsupported'
  children: string
}) => (
  <div class="problem" role="alert" data-passkey={when} hidden>
    <Warning />
    <p>{children}</p>
  </div>
)

/** The button that the script shows where the browser can. */
export const PasskeyButton = ({ label, primary }: { label: string; primary?: boolean }) => (
  <button class={primary ? 'primary' : undefined} type="button" data-passkey="start" hidden>
    {label}
  </button>
)
