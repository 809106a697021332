import type { Brand } from './brand.ts'
import { Layout } from './layout.tsx'

/** What the page behind an invitation needs to know. */
export interface ApproverJoinProps {
  brand: Brand
  /** Absent when the invitation is over. */
  open?: OpenInvitation | undefined
  /** Why it is over. */
  closed?: 'used' | 'expired' | undefined
}

export interface OpenInvitation {
  action: string
  csrf: string
  notifications?: Notifications | undefined
  manifest: string
}

/** What a browser needs to be notified. */
export interface Notifications {
  /** Public key of the sender, base64url. */
  publicKey: string
  /** Address of the service worker. */
  worker: string
}

/** What the script takes from the page. */
export const notificationData = (notifications: Notifications | undefined) =>
  notifications ? { 'data-key': notifications.publicKey, 'data-worker': notifications.worker } : {}

/** Asks on the invited device whether it shall answer for sign-ins. */
export const ApproverJoin = ({ brand, open, closed }: ApproverJoinProps) =>
  open ? <Open brand={brand} {...open} /> : <Closed brand={brand} reason={closed ?? 'used'} />

const Open = ({
  brand,
  action,
  csrf,
  notifications,
  manifest,
}: OpenInvitation & { brand: Brand }) => (
  <Layout
    brand={brand}
    title="Approve sign-ins with this device"
    scripts={['approver']}
    manifest={manifest}
  >
    <h1>Approve sign-ins with this device</h1>
    <p>
      When you sign in to {brand.name} elsewhere, this browser will ask whether it was you. Only go
      on if you have just scanned this code from your own screen.
    </p>
    {notifications && (
      <p class="hint">
        Your browser will ask whether it may notify you. Say yes, and requests reach you at once;
        without, they show while this site is open.
      </p>
    )}
    <form method="post" action={action} data-approver="join" {...notificationData(notifications)}>
      <input type="hidden" name="csrf" value={csrf} />
      <input type="hidden" name="subscription" value="" />
      <button class="primary" type="submit">
        Use this device
      </button>
    </form>
    <div class="notice" data-approver="add-to-home-screen" hidden>
      <p>
        iPhone and iPad notify only for pages on the home screen: tap “Share”, then “Add to Home
        Screen”, and open it from there before you go on.
      </p>
    </div>
  </Layout>
)

const Closed = ({ brand, reason }: { brand: Brand; reason: 'used' | 'expired' }) => (
  <Layout brand={brand} title="This link is over">
    <h1>This link is over</h1>
    <p>
      {reason === 'expired'
        ? 'It was good for ten minutes. Begin again on the screen that showed it.'
        : 'It works once. If it was not you who opened it, do not type any number on the screen that showed it: begin again there.'}
    </p>
  </Layout>
)
