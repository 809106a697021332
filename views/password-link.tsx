import type { Brand } from './brand.ts'
import { Layout } from './layout.tsx'

/** What the page behind a link from a mail needs to know. */
export interface PasswordLinkProps {
  brand: Brand
  action: string
  csrf: string
  /** Is the account new, and its first password to be chosen? */
  invited: boolean
}

/** The page behind the link: looking at it changes nothing, its button does. */
export const PasswordLink = ({ brand, action, csrf, invited }: PasswordLinkProps) => (
  <Layout brand={brand} title={invited ? 'Welcome' : 'A new password'}>
    <h1>{invited ? `Welcome to ${brand.name}` : 'A new password'}</h1>
    <p>
      {invited
        ? 'An account has been made for you. Choose its password to go on.'
        : 'You asked for a new password. If you have a second step, such as an app or a key, it comes first.'}
    </p>
    <form method="post" action={action}>
      <input type="hidden" name="csrf" value={csrf} />
      <button class="primary" type="submit">
        Go on
      </button>
    </form>
    {!invited && <p class="hint">If it was not you, close this page: nothing has changed.</p>}
  </Layout>
)

/** Why a link opens nothing. */
export type LinkOver = 'over' | 'other_browser'

/** Says why a link opens nothing, and what to do. */
export const PasswordLinkOver = ({
  brand,
  because,
  again,
}: {
  brand: Brand
  because: LinkOver
  /** Where another one is to be had. */
  again: string
}) => (
  <Layout brand={brand} title="This link opens nothing">
    <h1>This link opens nothing</h1>
    <p>
      {because === 'over'
        ? 'It was used already, or it is too old. You can have another one.'
        : 'It belongs to the browser in which it was asked for. Open it there, or ask for another one in this browser.'}
    </p>
    <p class="actions">
      <a class="button primary" href={again}>
        Have another one
      </a>
    </p>
  </Layout>
)
