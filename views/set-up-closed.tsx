import type { Brand } from './brand.ts'
import { Layout } from './layout.tsx'

/** What the page behind a set-up link that is over needs to know. */
export interface SetUpClosedProps {
  brand: Brand
  reason: 'used' | 'expired'
  signIn: string
}

/** Says why a set-up link no longer works, and what does. */
export const SetUpClosed = ({ brand, reason, signIn }: SetUpClosedProps) => (
  <Layout brand={brand} title={title[reason]}>
    <h1>{title[reason]}</h1>
    <p>
      {reason === 'used'
        ? `${brand.name} has its first administrator. If that is you, sign in.`
        : 'Start the gateway again: it prints a new link as long as there is no administrator.'}
    </p>
    {reason === 'used' && (
      <p>If it was not you, stop the gateway and look into what happened before you go on.</p>
    )}
    <p class="actions">
      <a class={reason === 'used' ? 'button primary' : 'button'} href={signIn}>
        Sign in
      </a>
    </p>
  </Layout>
)

const title = {
  used: 'This link has been used',
  expired: 'This link has expired',
}
