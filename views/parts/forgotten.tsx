import type { Brand } from '../brand.ts'

/** The way on for somebody who does not know the password. */
export const Forgotten = ({ brand, href }: { brand: Brand; href?: string | undefined }) =>
  href === undefined ? (
    <details>
      <summary>Forgot your password?</summary>
      <p>Ask whoever runs {brand.name} to help you to a new one.</p>
    </details>
  ) : (
    <p>
      <a class="quiet" href={href}>
        Forgot your password?
      </a>
    </p>
  )
