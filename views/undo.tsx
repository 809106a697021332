import type { Brand } from './brand.ts'
import { Layout } from './layout.tsx'

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
    <p>Then we do three things at once:</p>
    <ul class="bullets">
      <li>everybody is signed out of your account, you too;</li>
      <li>whatever somebody has begun, such as a sign-in or a new password, ends;</li>
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
  signIn: string
  help?: string | undefined
}

/** Says what has been done, and what the person should do now. */
export const Undone = ({ brand, signIn, help }: UndoneProps) => (
  <Layout brand={brand} title="Your account is closed off">
    <h1>Your account is closed off</h1>
    <p>
      Everybody is signed out, and for a day nothing about the account can be changed. What was
      changed before is not taken back.
    </p>
    <p>
      Tell {help ? <a href={help}>whoever runs {brand.name}</a> : `whoever runs ${brand.name}`}:
      they see what happened, and can give you a new password or remove what is not yours. If
      somebody may know your password, do it before you sign in again.
    </p>
    <p class="actions">
      <a class="button primary" href={signIn}>
        Sign in
      </a>
    </p>
  </Layout>
)

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
