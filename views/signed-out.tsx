import type { Brand } from './brand.ts'
import { Layout } from './layout.tsx'

/** What the page after signing out needs to know. */
export interface SignedOutProps {
  brand: Brand
  everywhere: boolean
  signIn: string
}

/** Says that a person is signed out, and how far that reaches. */
export const SignedOut = ({ brand, everywhere, signIn }: SignedOutProps) => (
  <Layout brand={brand} title={everywhere ? 'Signed out everywhere' : 'Signed out'}>
    <h1>{everywhere ? 'You are signed out everywhere' : 'You are signed out'}</h1>
    <p>
      {everywhere
        ? 'Every sign-in of your account has ended, on all devices.'
        : 'The sign-in in this browser has ended. On other devices you may still be signed in.'}
    </p>
    <p class="actions">
      <a class="button primary" href={signIn}>
        Sign in again
      </a>
    </p>
  </Layout>
)
