import type { Brand } from './brand.ts'
import { Layout } from './layout.tsx'
import { CodeField } from './parts/code-field.tsx'
import { Problem } from './parts/problem.tsx'

/** What the page that asks a device about a sign-in needs to know. */
export interface ApproveProps {
  brand: Brand
  action: string
  csrf: string
  user: string
  /** Where the sign-in leads. */
  place: string
  address: string
  /** `Firefox on Windows`. */
  browser: string
  /** Time of day in UTC, and how long ago that is. */
  at: string
  secondsAgo: number
  /** Numbers to choose from; none when it is to be typed. */
  numbers: readonly string[]
  /** Options for `navigator.credentials.get`, as JSON: the holder proves who they are, too. */
  holder?: object | undefined
  /** The device asks for a passkey, and there is none that could answer: it can only refuse. */
  blocked?: boolean
  problem?: string | undefined
  home: string
}

/** Asks on a phone whether a sign-in elsewhere is the person's own. */
export const Approve = (props: ApproveProps) => {
  const { brand, action, csrf, holder, blocked, home } = props
  return (
    <Layout
      brand={brand}
      title="Is this you signing in?"
      scripts={['approver']}
      back={{ label: 'Not now', href: home }}
    >
      <h1>Is this you signing in?</h1>
      <Facts {...props} />
      {blocked ? (
        <Blocked />
      ) : (
        <form
          class="stack"
          method="post"
          action={action}
          data-approver="answer"
          data-options={holder && JSON.stringify(holder)}
        >
          <input type="hidden" name="csrf" value={csrf} />
          <input type="hidden" name="holder" value="" />
          {holder && (
            <noscript>
              <p>To use your passkey, let this page run scripts.</p>
            </noscript>
          )}
          <Numbers {...props} />
          <p class="problem" role="alert" data-approver="problem" hidden />
        </form>
      )}
      <form method="post" action={action}>
        <input type="hidden" name="csrf" value={csrf} />
        <button class="danger" type="submit" name="deny" value="1">
          No, this was not me
        </button>
      </form>
    </Layout>
  )
}

const Blocked = () => (
  <div class="notice">
    <p>
      This device approves with your passkey, and your passkey counts no more. If it is you who
      signs in, take another way on the other screen. Then set up a passkey on your account page, or
      remove there the one that you have lost.
    </p>
  </div>
)

const Facts = ({ user, place, address, browser, at, secondsAgo }: ApproveProps) => (
  <dl class="facts">
    <dt>To</dt>
    <dd>
      <strong>{place}</strong>
    </dd>
    <dt>As</dt>
    <dd>{user}</dd>
    <dt>With</dt>
    <dd>{browser}</dd>
    <dt>From</dt>
    <dd>{address}</dd>
    <dt>When</dt>
    <dd>
      {ago(secondsAgo)}, at <time datetime={at}>{at}</time> UTC
    </dd>
  </dl>
)

const Numbers = ({ numbers, problem, holder }: ApproveProps) =>
  numbers.length > 0 ? (
    <fieldset class="numbers">
      <legend>{`Which number does the other screen show?${holder ? ' Your passkey is asked for next.' : ''}`}</legend>
      <Problem id="problem" message={problem} />
      <div class="number-choices">
        {numbers.map((number) => (
          <button type="submit" name="number" value={number}>
            {number}
          </button>
        ))}
      </div>
    </fieldset>
  ) : (
    <>
      <CodeField label="The number on the other screen" focus problem={problem} />
      <button class="primary" type="submit">
        Approve
      </button>
    </>
  )

function ago(seconds: number): string {
  if (seconds < 10) return 'just now'
  return `${seconds} seconds ago`
}

/** What came of an answer. */
export interface ApprovedProps {
  brand: Brand
  outcome: 'approved' | 'denied' | 'wrong' | 'over' | 'unknown'
  home: string
}

/** Says what came of an answer, and what to do now. */
export const Approved = ({ brand, outcome, home }: ApprovedProps) => {
  const { title, sentences } = OUTCOMES[outcome]
  return (
    <Layout brand={brand} title={title} scripts={outcome === 'unknown' ? [] : ['approver']}>
      <h1>{title}</h1>
      {sentences.map((sentence) => (
        <p>{sentence}</p>
      ))}
      <p class="actions">
        <a
          class="button"
          href={home}
          {...(outcome === 'approved' ? { 'data-approver': 'back' } : {})}
        >
          Wait for the next one
        </a>
      </p>
    </Layout>
  )
}

const OUTCOMES: Record<ApprovedProps['outcome'], { title: string; sentences: readonly string[] }> =
  {
    approved: { title: 'Approved', sentences: ['The other screen goes on by itself.'] },
    denied: {
      title: 'Refused',
      sentences: [
        'That sign-in has ended.',
        'Whoever it was knows your password: change it now, and wherever else you use the same.',
      ],
    },
    wrong: {
      title: 'That was another number',
      sentences: [
        'That sign-in has ended, for your safety. If it was you, begin again on the other screen.',
        'If it was not, somebody knows your password: change it now.',
      ],
    },
    over: {
      title: 'Too late',
      sentences: [
        'This request has been answered, or its minute is over. Nothing was approved now.',
      ],
    },
    unknown: {
      title: 'There is no such request',
      sentences: ['It is not for this device, or this device is not set up any more.'],
    },
  }
