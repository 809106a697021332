import type { Brand } from './brand.ts'
import { Layout } from './layout.tsx'
import { At, type Moment } from './parts/moment.tsx'

/** What the page behind "this was not me" needs to know. */
export interface UndoProps {
  brand: Brand
  action: string
  csrf: string
  /** The one-time token of the link that led here. */
  token: string
}

/** Asks once more: opening a link must change nothing. */
export const Undo = ({ brand, action, csrf, token }: UndoProps) => (
  <Layout brand={brand} title="This was not you?">
    <h1>This was not you?</h1>
    <p>Then this happens at once:</p>
    <ul class="bullets">
      <li>everybody is signed out of your account, you too;</li>
      <li>whatever somebody has begun, such as a sign-in or a new password, ends;</li>
      <li>
        what was added since the notice counts for nothing, and a password or mail address that was
        changed since is taken away;
      </li>
      <li>nothing about the account can be changed for a day.</li>
    </ul>
    <form method="post" action={action}>
      <input type="hidden" name="csrf" value={csrf} />
      <input type="hidden" name="token" value={token} />
      <button class="danger" type="submit">
        It was not me: close it off
      </button>
    </form>
    <p class="hint">It was you after all? Then just close this page; nothing has changed.</p>
  </Layout>
)

/** What the page after it needs to know. */
export interface UndoneProps {
  brand: Brand
  /** What the ways to sign in are called that count for nothing now. */
  setAside: readonly string[]
  /** What the devices are called that ask for a passkey again before they approve. */
  confirming: readonly string[]
  /** Was a changed password taken away? */
  password: boolean
  /** Was a changed mail address taken away? */
  email: boolean
  /** Until when nothing can be changed; absent where a link has closed the account in the days before. */
  closedUntil?: Moment | undefined
  /** Where a new password is to be had; absent where there is none to be chosen, or no mail to bring it. */
  newPassword?: string | undefined
  signIn: string
  help?: string | undefined
}

/** Says what has been done, and what the person should do now. */
export const Undone = (props: UndoneProps) => {
  const { brand, setAside, confirming, password, email, closedUntil } = props
  const { newPassword, signIn, help } = props
  const title = closedUntil ? 'Your account is closed off' : 'Everybody is signed out'
  return (
    <Layout brand={brand} title={title}>
      <h1>{title}</h1>
      <ul class="bullets">
        {closedUntil && <li>Everybody is signed out.</li>}
        {setAside.length > 0 && (
          <li>
            {setAside.length === 1 ? 'This way to sign in counts' : 'These ways to sign in count'}{' '}
            for nothing any more: {setAside.join(', ')}. Sign in and remove what is not yours, under
            “Ways to sign in”.
          </li>
        )}
        {confirming.length > 0 && (
          <li>
            {confirming.join(', ')} {confirming.length === 1 ? 'asks' : 'ask'} for your passkey
            again before approving a sign-in.
          </li>
        )}
        {password && (
          <li>
            The changed password is taken away.{' '}
            {newPassword === undefined
              ? 'You need a new one from an administrator.'
              : 'Choose a new one now.'}
          </li>
        )}
        {email && <li>The changed mail address is taken away: no mail goes there any more.</li>}
        {closedUntil ? (
          <li>
            Nothing else can be changed until <At {...closedUntil} />.
          </li>
        ) : (
          <li>
            It stays open to changes: a link like this one has closed it in the last days, and none
            can do so again so soon.
          </li>
        )}
      </ul>
      <p>
        {password
          ? ''
          : 'If somebody may know your password, have it changed before you sign in again. '}
        {help ? <a href={help}>Whoever runs {brand.name}</a> : `Whoever runs ${brand.name}`} can see
        what happened, and set right what you cannot.
      </p>
      <p class="actions">
        {newPassword !== undefined && (
          <a class="button primary" href={newPassword}>
            Choose a new password
          </a>
        )}
        <a class={newPassword === undefined ? 'button primary' : 'button'} href={signIn}>
          Sign in
        </a>
      </p>
    </Layout>
  )
}

/** What the page behind a link that works no more needs to know. */
export interface UndoClosedProps {
  brand: Brand
  history: string
}

/** Says that the link has been used, or is too old. */
export const UndoClosed = ({ brand, history }: UndoClosedProps) => (
  <Layout brand={brand} title="This link works no more">
    <h1>This link works no more</h1>
    <p>
      It works once, and for a week. If it was used, the account was closed off then. Your history
      shows what has happened since.
    </p>
    <p class="actions">
      <a class="button primary" href={history}>
        Look at the history
      </a>
    </p>
  </Layout>
)
