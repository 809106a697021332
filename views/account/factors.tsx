import type { Brand } from '../brand.ts'
import { Layout } from '../layout.tsx'
import { Done } from '../parts/done.tsx'
import { Arrow } from '../parts/icons.tsx'
import { At, type Moment } from '../parts/moment.tsx'
import { PasskeysLeft } from '../parts/passkey.tsx'
import { Problem } from '../parts/problem.tsx'

/** One way to sign in, beside the password. */
export interface ShownFactor {
  label: string
  /** What kind of thing it is. */
  title: string
  /** What tells it from others of its kind. */
  facts: readonly string[]
  added: Moment
  lastUsed?: Moment | undefined
  /** Too many wrong answers: it counts for nothing any more. */
  disabled: boolean
  /** Somebody said that it is not theirs. */
  contested?: boolean
  /** What the person should do something about. */
  warning?: string | undefined
  /** Where it is named, removed or made anew. */
  href: string
}

/** What the list of ways to sign in needs to know. */
export interface FactorsProps {
  brand: Brand
  factors: readonly ShownFactor[]
  /** Where one is added; absent where nothing can be. */
  add?: string | undefined
  done?: string | undefined
  /** What the browser is told of all that is left, after something was removed. */
  remaining?: readonly object[] | undefined
  /** Where other sessions are ended, after a change. */
  endOthers?: string | undefined
  back: string
}

/** All that a person can sign in with beside their password. */
export const Factors = (props: FactorsProps) => {
  const { brand, factors, add, done, remaining = [], endOthers, back } = props
  return (
    <Layout
      brand={brand}
      title="Ways to sign in"
      wide
      back={{ label: 'Your account', href: back }}
      scripts={remaining.length > 0 ? ['passkey'] : []}
    >
      <h1>Ways to sign in</h1>
      <Done message={done} />
      {remaining.map((options) => (
        <PasskeysLeft options={options} />
      ))}
      {endOthers !== undefined && (
        <p>
          Other browsers stay signed in. If you made this change because of somebody else,{' '}
          <a href={endOthers}>end all other sessions</a>.
        </p>
      )}
      {factors.length === 0 ? (
        <p>
          Only your password protects this account. With a second way to prove that it is you, a
          stolen password is not enough.
        </p>
      ) : (
        <ul class="rows">
          {factors.map((factor) => (
            <li>
              <OneFactor {...factor} />
            </li>
          ))}
        </ul>
      )}
      {add !== undefined && (
        <p class="actions">
          <a class="button primary" href={add}>
            {factors.length === 0 ? 'Set up a second step' : 'Add another way'}
          </a>
        </p>
      )}
    </Layout>
  )
}

const OneFactor = (factor: ShownFactor) => {
  const { label, title, facts, added, lastUsed, disabled, contested, warning, href } = factor
  return (
    <>
      <a href={href}>
        <span class="row-text">
          <strong class="row-title">{label}</strong>
          <span class="hint">{[title, ...facts].join(' · ')}</span>
          <span class="hint">
            added <At {...added} />
            {lastUsed ? (
              <>
                , last used <At {...lastUsed} />
              </>
            ) : (
              ', never used since'
            )}
          </span>
        </span>
        <Arrow direction="on" />
      </a>
      {disabled && (
        <Problem id={`disabled-${added.iso}`} message={contested ? SET_ASIDE : LOCKED} />
      )}
      {warning !== undefined && <p class="row-warning">{warning}</p>}
    </>
  )
}

const SET_ASIDE =
  'Set aside: somebody said “this was not me”, so it counts for nothing. Open it to see what you can do.'
const LOCKED = 'Locked: there were too many wrong codes in a row. Remove it, and set up a new one.'
