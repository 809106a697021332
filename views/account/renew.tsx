import type { Brand, Destination } from '../brand.ts'
import { Layout } from '../layout.tsx'
import { Purpose } from '../parts/purpose.tsx'

/** What the page after a last resort needs to know. */
export interface RenewProps {
  brand: Brand
  /** What was used, and what is left of it. */
  used: readonly string[]
  /** Where something new is set up. */
  add: string
  /** Where what is lost is removed. */
  factors: string
  destination?: Destination | undefined
  /** Where the person was going. */
  onward: string
}

/** Offers to set up something new to somebody who had to fall back on what runs out. */
export const Renew = ({ brand, used, add, factors, destination, onward }: RenewProps) => (
  <Layout brand={brand} title="You used a backup code">
    <h1>You used a backup code</h1>
    <Purpose destination={destination} />
    {used.length > 0 && <p>{used.join(' ')}</p>}
    <p>
      If your phone or key is gone, set up another one now, while this code counts. Then{' '}
      <a href={factors}>remove what you have lost</a>, so that nobody who finds it can use it.
    </p>
    <p class="actions">
      <a class="button primary" href={add}>
        Set up something new
      </a>
      <a class="quiet" href={onward}>
        Go on without
      </a>
    </p>
  </Layout>
)
