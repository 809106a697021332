import * as z from 'zod'
import { randomToken } from '../../base/bytes.ts'
import type { Clock, UnixSeconds } from '../../base/clock.ts'
import { browserInWords } from '../../base/user-agent.ts'
import type { Channels } from '../../channels/contract.ts'
import type { Credential, Worth } from '../../model/factor.ts'
import {
  APPROVAL_SECONDS,
  approval,
  approvalBudgets,
  closed,
  newApproval,
  openApproval,
  parsed,
  twoDigits,
  verdictOn,
} from '../approval.ts'
import type { Asked, Factor } from '../contract.ts'
import { type Approver, approver, type BoundApprover, endpointOf, handleOf } from './approver.ts'
import type { PushConfig } from './config.ts'
import { greeting, notifier, type Subscribed } from './notify.ts'

export interface PushDeps {
  config: PushConfig
  channels: Pick<Channels, 'for'>
  clock: Clock
  /** The portal's address. */
  home: URL
  /** The portal's name. */
  name: string
}

/** Seconds in which a link must be opened, and in which the number behind it must be typed. */
const INVITATION_SECONDS = 600

// RFC 8176: a second channel was used. The key of the browser's notifications proves nothing to us.
const WORTH: Worth = { amr: ['mca'], phishingResistant: false, alone: false }

const joining = z.object({
  /** SHA-256 of the secret that the browser keeps, in base64url. */
  handle: z.string().regex(/^[A-Za-z0-9_-]{43}$/),
  user_agent: z.string(),
  subscription: z.string().optional(),
})

const answering = z.union([
  z.strictObject({ deny: z.literal(true) }),
  z.strictObject({ number: z.string().regex(/^\d{2}$/), confirmed: z.boolean().optional() }),
])

const telling = z.union([
  z.strictObject({ subscription: z.string() }),
  z.strictObject({ confirms: z.boolean() }),
])

/**
 * Approval in another browser, on a phone or a desk. A number travels from the one screen to the other,
 * so that nobody approves what they did not begin. Notifications make it quick; without them the page
 * of the approver does it, and no vendor is asked for anything.
 *
 * @see NIST SP 800-63B-4, section 3.1.3 (Out-of-Band Devices)
 */
export function createPush({ config, channels, clock, home, name }: PushDeps): Factor {
  const approverPage = new URL('approver', home).href
  const bareApproverPage = approverPage.replace(/^https?:\/\//, '')
  const notify = notifier({ channels, clock, name })

  return {
    kind: 'push',
    title: 'approval on your phone',
    about:
      'Signing in shows a number, and you pick the same number on your phone: a stolen password is not enough. It does not protect you on a copy of this site that passes everything on.',
    rank: 50,
    sends: true,
    best: WORTH,
    // The number that binds a device is typed where it was invited.
    guessable: true,
    most: 5,
    enrollable: 'first',

    worthOf: () => WORTH,
    facts({ data }) {
      const it = approver.parse(data)
      if (it.stage !== 'bound') return ['not set up yet']
      return [notificationsOf(it), ...(it.confirms ? [] : ['asks for no passkey'])]
    },
    warning({ data }) {
      const it = approver.parse(data)
      if (it.stage !== 'bound' || it.stopped === undefined) return undefined
      return `Notifications on ${it.browser} stopped on ${dayOf(it.stopped)}. Open ${bareApproverPage} there, in that browser, to turn them on again.`
    },
    unreached({ data }) {
      const it = approver.parse(data)
      if (it.stage !== 'bound') return { data }
      const { subscription: _, ...rest } = it
      return { data: { ...rest, stopped: clock.now() } }
    },

    disowned({ data }, since) {
      const it = approver.parse(data)
      const isTheirs = it.stage === 'bound' && it.relaxed !== undefined && it.relaxed >= since
      return isTheirs ? { data: confirming(it, true, clock.now()) } : undefined
    },

    async enroll() {
      const invitation = randomToken(32)
      const until = clock.now() + INVITATION_SECONDS
      const data: Approver = { stage: 'invited', invitation, until }
      return { ok: true, data, label: 'Phone', handle: handleOf(invitation) }
    },

    offer({ credential }) {
      const it = approver.parse(credential.data)
      return it.stage === 'invited'
        ? { show: 'link', url: `${approverPage}/${it.invitation}`, joined: false }
        : { show: 'link', url: approverPage, joined: true }
    },

    async challenge({ credential, user, about, siblings }) {
      const own = approver.parse(credential.data)
      // Nothing to ask of one that is being enrolled: its answer is the number that it shows.
      if (own.stage !== 'bound') return { data: {}, lifetimeSeconds: INVITATION_SECONDS }
      const data = newApproval(siblings, config.entry)
      const deliver = notify(siblings.flatMap(subscribed), about)
      return {
        data,
        lifetimeSeconds: APPROVAL_SECONDS,
        budgets: approvalBudgets('push', user.id),
        onePerUser: true,
        ...(deliver ? { deliver } : {}),
      }
    },

    prompt({ credential, challenge }) {
      const { data } = approval.safeParse(challenge?.data)
      return {
        ask: 'approval',
        number: data?.number ?? '',
        where: data?.where ?? credential.label,
        link: approverPage,
      }
    },

    async verify(asked, answer) {
      const { credential } = asked
      const it = approver.parse(credential.data)
      if (it.stage === 'bound') return verdictOn(asked, WORTH, clock.now())
      if (clock.now() >= it.until) return { ok: false, reason: 'expired' }
      if (it.stage === 'invited') return { ok: false, reason: 'pending' }
      if (answer.trim() !== it.number) return { ok: false, reason: 'wrong' }
      const { browser, subscription } = it
      const data: BoundApprover = {
        stage: 'bound',
        browser,
        confirms: true,
        ...(subscription === undefined ? {} : { subscription }),
      }
      return { ok: true, data, worth: WORTH, label: capitalized(browser) }
    },

    remote: {
      question(asked) {
        const open = openApproval(asked, approval, clock.now())
        return open && { numbers: open.numbers }
      },

      async respond(asked, answer) {
        const it = boundIn(asked)
        const open = openApproval(asked, approval, clock.now())
        const { data: given } = answering.safeParse(parsed(answer))
        if (!it || !open || !given) return undefined
        if ('deny' in given) return closed(open, undefined)
        return it.confirms && given.confirmed !== true ? undefined : closed(open, given.number)
      },

      async join({ data }, answer) {
        const it = approver.parse(data)
        const { data: given } = joining.safeParse(parsed(answer))
        if (it.stage !== 'invited' || clock.now() >= it.until || !given) return undefined
        const subscription = await reached(given.subscription)
        const joined: Approver = {
          stage: 'joined',
          number: twoDigits(),
          until: clock.now() + INVITATION_SECONDS,
          browser: browserInWords(given.user_agent),
          ...(subscription === undefined ? {} : { subscription }),
        }
        return { data: joined, handle: given.handle }
      },

      device({ data }) {
        const it = approver.parse(data)
        if (it.stage === 'invited') return { signs: false, confirms: false }
        const endpoint = endpointOf(it.subscription ?? '')
        return {
          signs: false,
          confirms: it.stage === 'bound' && it.confirms,
          ...(it.stage === 'joined' ? { number: it.number } : {}),
          ...(endpoint === undefined ? {} : { notified: handleOf(endpoint) }),
        }
      },

      async hear({ data }, message) {
        const it = approver.parse(data)
        const { data: told } = telling.safeParse(parsed(message))
        if (it.stage !== 'bound' || !told) return undefined
        if ('confirms' in told) return { data: confirming(it, told.confirms, clock.now()) }
        const { subscription: _, stopped, ...rest } = it
        const subscription = await reached(told.subscription)
        if (subscription !== undefined) return { data: { ...rest, subscription } }
        return { data: stopped === undefined ? rest : { ...rest, stopped } }
      },
    },
  }

  /** A first notification shows whether they arrive: one that is refused would only be waited for. */
  async function reached(given: string | undefined): Promise<string | undefined> {
    if (given === undefined || endpointOf(given) === undefined) return undefined
    const channel = channels.for('push')
    if (!channel) return undefined
    try {
      const message = { medium: 'push', to: given, text: greeting(name), ttlSeconds: 60 } as const
      return (await channel.deliver(message)).ok ? given : undefined
    } catch {
      // Out of order for the moment, and no word against the address.
      return given
    }
  }
}

function boundIn({ credential }: Asked): BoundApprover | undefined {
  const it = approver.parse(credential.data)
  return it.stage === 'bound' ? it : undefined
}

function confirming(it: BoundApprover, confirms: boolean, now: UnixSeconds): BoundApprover {
  const { relaxed: _, ...rest } = it
  return { ...rest, confirms, ...(confirms ? {} : { relaxed: now }) }
}

function subscribed(credential: Credential): Subscribed[] {
  const it = approver.parse(credential.data)
  if (it.stage !== 'bound' || it.subscription === undefined) return []
  return [{ credential, subscription: it.subscription }]
}

function notificationsOf({ subscription, stopped }: BoundApprover): string {
  if (subscription !== undefined) return 'with notifications'
  return stopped === undefined ? 'without notifications' : 'notifications stopped'
}

const dayOf = (at: UnixSeconds): string =>
  new Intl.DateTimeFormat('en-GB', { dateStyle: 'long', timeZone: 'UTC' }).format(at * 1000)

const capitalized = (text: string) => text.charAt(0).toUpperCase() + text.slice(1)
