import type { Brand } from './brand.ts'
import { Layout } from './layout.tsx'

/** What the page before signing out needs to know. */
export interface SignOutProps {
  brand: Brand
  action: string
  csrf: string
  /** The name a person goes by. */
  user: string
  /** How many browsers they are signed in with, this one included. */
  sessions: number
  home: string
}

/** Asks before signing out, here or everywhere. */
export const SignOut = ({ brand, action, csrf, user, sessions, home }: SignOutProps) => (
  <Layout brand={brand} title="Sign out" back={{ label: 'Stay signed in', href: home }}>
    <h1>Sign out?</h1>
    <p>
      <strong>{user}</strong> is signed in {places(sessions)}.
    </p>
    <form method="post" action={action}>
      <input type="hidden" name="csrf" value={csrf} />
      <button class="primary" type="submit" name="scope" value="here">
        Sign out in this browser
      </button>
      <button type="submit" name="scope" value="everywhere">
        Sign out everywhere
      </button>
    </form>
    <p class="hint">
      “Everywhere” ends every sign-in of this account at once, also on devices that you do not have
      at hand.
    </p>
  </Layout>
)

function places(sessions: number): string {
  if (sessions <= 1) return 'only in this browser'
  if (sessions === 2) return 'here and in one other browser'
  return `here and in ${sessions - 1} other browsers`
}
