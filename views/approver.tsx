import { type Notifications, notificationData } from './approver-join.tsx'
import type { Brand } from './brand.ts'
import { Layout } from './layout.tsx'
import { BigNumber } from './parts/big-number.tsx'
import { Arrow, Person } from './parts/icons.tsx'

/** What the page of a device that answers for sign-ins needs to know. */
export interface ApproverHomeProps {
  brand: Brand
  csrf: string
  accounts: readonly ApproverAccount[]
  /** Sign-ins that wait for an answer. */
  requests: readonly WaitingRequest[]
  /** Where new ones are told of. */
  events: string
  notifications?: Notifications | undefined
  manifest: string
  problem?: string | undefined
}

/** A person for whom the device answers. */
export interface ApproverAccount {
  user: string
  /** To be typed on the screen that invited the device; absent once that has been done. */
  number?: string | undefined
  /** SHA-256 of the address that notifications go to, in base64url. */
  notified?: string | undefined
  /** Where the device says what has become of its notifications. */
  tell: string
  holder: HolderCheck
}

/** Whether whoever holds the device proves who they are before each approval. */
export interface HolderCheck {
  /** `lost`: the passkey counts no more, and nothing is approved without it. */
  check: 'none' | 'passkey' | 'lost'
  /** Options for `navigator.credentials.get`, as JSON; absent where the person has no passkey. */
  options?: object | undefined
  action: string
}

export interface WaitingRequest {
  user: string
  /** Where the sign-in leads. */
  place: string
  href: string
}

const LOOK_EVERY = 5

/** The page on a phone that waits for sign-ins. */
export const ApproverHome = (props: ApproverHomeProps) => {
  const { brand, accounts, requests, events, manifest } = props
  if (accounts.length === 0) return <Nobody brand={brand} />
  const joining = accounts.find(({ number }) => number !== undefined)
  const title = joining ? 'Type this number' : requests.length > 0 ? 'A sign-in waits' : 'Ready'
  return (
    <Layout
      brand={brand}
      title={title}
      scripts={['approver']}
      refresh={LOOK_EVERY}
      manifest={manifest}
    >
      <div
        class="stack"
        data-approver="home"
        data-events={events}
        {...notificationData(props.notifications)}
      >
        <h1>{title}</h1>
        {joining?.number !== undefined ? (
          <Joining number={joining.number} user={joining.user} />
        ) : requests.length > 0 ? (
          <Requests requests={requests} />
        ) : (
          <Ready {...props} />
        )}
      </div>
    </Layout>
  )
}

const Nobody = ({ brand }: { brand: Brand }) => (
  <Layout brand={brand} title="Not set up">
    <h1>This device is not set up</h1>
    <p>
      It approves no sign-ins: it was never set up, or it was removed, or its cookies were deleted.
      Set it up from your account page, on the screen on which you sign in.
    </p>
  </Layout>
)

const Joining = ({ number, user }: { number: string; user: string }) => (
  <>
    <p>
      Type it on the screen that showed you the code. Then this device approves sign-ins of{' '}
      <strong>{user}</strong>.
    </p>
    <BigNumber value={number} label="Your number" />
  </>
)

const Requests = ({ requests }: { requests: readonly WaitingRequest[] }) => (
  <ul class="applications">
    {requests.map(({ user, place, href }) => (
      <li>
        <a href={href} data-approver="request">
          <span class="application-text">
            <strong>{place}</strong>
            <span class="hint">{user}</span>
          </span>
          <Arrow direction="on" />
        </a>
      </li>
    ))}
  </ul>
)

const Ready = ({ csrf, accounts, notifications, problem }: ApproverHomeProps) => (
  <>
    <p data-approver="notified" hidden>
      When somebody signs in with your name, this browser notifies you. You may close this page.
    </p>
    <p data-approver="unnotified">
      When somebody signs in with your name, the request shows here while this page is open.
    </p>
    {notifications && (
      <p data-approver="offer-notifications" hidden>
        <button type="button" data-approver="turn-on">
          Notify me when this page is closed
        </button>
      </p>
    )}
    <p class="problem" role="alert" data-approver="problem" hidden={problem === undefined}>
      {problem}
    </p>
    {accounts.map((account) => (
      <Account csrf={csrf} {...account} />
    ))}
  </>
)

const Account = ({ csrf, user, notified, tell, holder }: ApproverAccount & { csrf: string }) => (
  <section class="approver-account">
    <h2 class="with-icon">
      <Person />
      <span>{user}</span>
    </h2>
    <form method="post" action={tell} data-approver="tell" data-notified={notified} hidden>
      <input type="hidden" name="csrf" value={csrf} />
      <input type="hidden" name="subscription" value="" />
    </form>
    {holder.check === 'lost' && (
      <p class="row-warning">
        This device asks for your passkey before it approves, and your passkey counts no more. Set
        up a passkey on your account page, or remove there the one that you have lost.
      </p>
    )}
    {holder.options && (
      <form
        method="post"
        action={holder.action}
        data-approver="holder"
        data-options={JSON.stringify(holder.options)}
      >
        <input type="hidden" name="csrf" value={csrf} />
        <input type="hidden" name="answer" value="" />
        <p class="hint">
          {holder.check === 'passkey'
            ? 'Each approval asks for your passkey: your finger, face or PIN on this device.'
            : 'Let each approval ask for your passkey on this device, so that whoever picks it up cannot approve.'}
        </p>
        <button type="submit" name="confirms" value={holder.check === 'passkey' ? 'no' : 'yes'}>
          {holder.check === 'passkey' ? 'Approve without my passkey' : 'Ask for my passkey'}
        </button>
      </form>
    )}
  </section>
)
