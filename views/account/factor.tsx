import type { Brand } from '../brand.ts'
import { Layout } from '../layout.tsx'
import { Done } from '../parts/done.tsx'
import { Field } from '../parts/field.tsx'
import { At, type Moment } from '../parts/moment.tsx'

/** What the page about one way to sign in needs to know. */
export interface FactorPageProps {
  brand: Brand
  action: string
  csrf: string
  label: string
  title: string
  facts: readonly string[]
  added: Moment
  lastUsed?: Moment | undefined
  problem?: string | undefined
  done?: string | undefined
  /** Where it is removed. */
  remove: string
  /** Somebody said that it is not theirs: when, and where it is let count again, or from when on. */
  contested?: { at: Moment; restore?: string; closedUntil?: Moment } | undefined
  /** Where an approver that approves without a passkey is let ask for one. */
  confirm?: string
  /** For things that are made anew as a whole: where, and what the form sends. */
  anew?: { action: string; kind: string } | undefined
  back: string
}

/** Names one way to sign in, and leads to where it is removed. */
export const FactorPage = (props: FactorPageProps) => {
  const { brand, action, csrf, label, title, facts, added, lastUsed, remove, anew, contested } =
    props
  return (
    <Layout
      brand={brand}
      title={`${label}: a way to sign in`}
      back={{ label: 'Ways to sign in', href: props.back }}
    >
      <h1>{label}</h1>
      <p class="purpose">{[title, ...facts].join(' · ')}</p>
      <Done message={props.done} />
      <p>
        Added <At {...added} />
        {lastUsed ? (
          <>
            , last used <At {...lastUsed} />.
          </>
        ) : (
          '.'
        )}
      </p>
      {contested && <Contested {...contested} csrf={csrf} />}
      {anew && !contested && (
        <form method="post" action={anew.action}>
          <input type="hidden" name="csrf" value={csrf} />
          <button class="primary" type="submit" name="enroll" value={anew.kind}>
            Make new ones
          </button>
          <p class="hint">Those that you have now stop working once you have kept the new ones.</p>
        </form>
      )}
      {!contested && (
        <form method="post" action={action}>
          <input type="hidden" name="csrf" value={csrf} />
          <Field
            name="label"
            label="What you call it"
            autocomplete="off"
            value={label}
            problem={props.problem}
          />
          <button class={anew ? undefined : 'primary'} type="submit">
            Save the name
          </button>
        </form>
      )}
      {props.confirm !== undefined && !contested && (
        <form method="post" action={props.confirm}>
          <input type="hidden" name="csrf" value={csrf} />
          <p class="hint">
            It approves without your passkey: whoever picks it up unlocked can approve. Once it asks
            for your passkey, only the passkey itself can change that, on the page of that device.
          </p>
          <button type="submit">Ask for my passkey there</button>
        </form>
      )}
      <p class="actions">
        <a class={contested ? 'button danger' : 'quiet'} href={remove}>
          Remove it
        </a>
      </p>
    </Layout>
  )
}

type ContestedProps = NonNullable<FactorPageProps['contested']> & { csrf: string }

const Contested = ({ at, restore, closedUntil, csrf }: ContestedProps) => (
  <div class="notice stack">
    <p>
      Somebody said “this was not me” on <At {...at} />, and this was added after what they meant.
      It counts for nothing. If you do not know it, remove it.
    </p>
    {closedUntil && (
      <p>
        Is it yours? From <At {...closedUntil} /> on you can let it count again here.
      </p>
    )}
    {restore !== undefined && (
      <form method="post" action={restore}>
        <input type="hidden" name="csrf" value={csrf} />
        <button type="submit">It is mine: let it count again</button>
      </form>
    )}
  </div>
)

/** What the page before something is removed needs to know. */
export interface RemoveFactorProps {
  brand: Brand
  action: string
  csrf: string
  label: string
  title: string
  /** What becomes of the account. */
  loss: 'none' | 'last_resort' | 'nothing'
  /** Do approvals on other devices ask for no passkey any more? */
  unconfirms?: boolean
  back: string
}

/** Says what follows before one way to sign in is removed. */
export const RemoveFactor = (props: RemoveFactorProps) => {
  const { brand, action, csrf, label, title, loss, unconfirms, back } = props
  return (
    <Layout brand={brand} title={`Remove ${label}`} back={{ label: 'Keep it', href: back }}>
      <h1>Remove {label}?</h1>
      <p>
        You cannot sign in with this {title} any more, and other browsers in which you used it are
        signed out.
      </p>
      {unconfirms && (
        <p>
          It is your last passkey. Approvals on your other devices ask for none from then on:
          whoever picks one of them up unlocked can approve.
        </p>
      )}
      {loss !== 'none' && (
        <div class="notice">
          <p>{follows[loss]}</p>
        </div>
      )}
      <form method="post" action={action}>
        <input type="hidden" name="csrf" value={csrf} />
        <button class="danger" type="submit" name="remove" value={loss}>
          {loss === 'none' ? 'Remove' : 'Remove all the same'}
        </button>
      </form>
    </Layout>
  )
}

const follows = {
  last_resort:
    'It is the last one that does not run out. After it you have only your password and your backup codes; when those are used up, somebody else has to let you in.',
  nothing:
    'It is the last one. After it only your password protects this account, and applications that ask for more make you set up something new before they open.',
} as const
