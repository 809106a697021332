import type { Brand } from '../brand.ts'

/** The way on for somebody who does not know the password. */
export const Forgotten = ({ brand }: { brand: Brand }) => (
  <details>
    <summary>Forgot your password?</summary>
    <p>Ask whoever runs {brand.name} to set a new one for you.</p>
  </details>
)
