import { type Context, Hono } from 'hono'
import { type ApproverAccount, ApproverHome } from '../../views/approver.tsx'
import { ApproverJoin, type Notifications } from '../../views/approver-join.tsx'
import { randomToken } from '../base/bytes.ts'
import type { Signals } from '../base/signals.ts'
import type { Approver, Approvers } from '../login/approvers.ts'
import { questionsTo } from '../login/watch.ts'
import type { Cookies } from '../session/cookie.ts'
import type { Csrf } from '../web/csrf.ts'
import type { AppEnv } from '../web/env.ts'
import type { EventStreams } from '../web/event-stream.ts'
import { frozenSentence } from './account/words.ts'
import { approverCookie, requestsTo } from './approver-requests.ts'
import { readForm } from './form.ts'
import type { Pages } from './page.ts'
import { pushWorker } from './push-worker.ts'

export interface ApproverPagesDeps {
  approvers: Approvers
  cookies: Cookies
  csrf: Csrf
  pages: Pages
  /** What browsers subscribe with; absent where there are no notifications. */
  pushKey?: string | undefined
  signals: Signals
  streams: EventStreams
}

/** Bytes of the secret by which a browser is known again. */
const SECRET_BYTES = 32

/** The pages of a device that answers for sign-ins: taking up an invitation, and waiting. */
export function approverPages(deps: ApproverPagesDeps): Hono<AppEnv> {
  const { approvers, csrf, pages, streams, signals } = deps
  const { brand } = pages
  const cookie = approverCookie(approvers, deps.cookies)
  const at = (page: string) => new URL(page, brand.home).href
  const manifest = at('approver/manifest.webmanifest')
  const notifications: Notifications | undefined =
    deps.pushKey === undefined
      ? undefined
      : { publicKey: deps.pushKey, worker: at('push-worker.js') }
  const rights = { scripts: true, worker: true }

  const accountOf = async (c: Context<AppEnv>, approver: Approver): Promise<ApproverAccount> => {
    const { credential, device, user } = approver
    const { address, userAgent } = c.env.client
    const options =
      device.number === undefined
        ? await approvers.askHolder(approver, {
            about: { address, userAgent },
            browser: c.get('browser'),
          })
        : undefined
    return {
      user: user.displayName,
      number: device.number,
      notified: device.notified,
      tell: at(`approver/${credential.id}/notifications`),
      holder: {
        check: await approvers.holderOf(approver),
        options,
        action: at(`approver/${credential.id}/holder`),
      },
    }
  }

  const home = async (c: Context<AppEnv>, problem?: string) => {
    const devices = await cookie.read(c)
    cookie.keep(c)
    const requests = await requestsTo(approvers, devices)
    const view = ApproverHome({
      brand,
      csrf: csrf.token(c.get('browser')),
      accounts: await Promise.all(devices.map((device) => accountOf(c, device))),
      requests: requests.map(({ approver, challenge: { id, about } }) => ({
        user: approver.user.displayName,
        place: about.destination ?? brand.name,
        href: at(`approve/${id}`),
      })),
      events: at('approver/events'),
      notifications,
      manifest,
      problem,
    })
    const status = devices.length === 0 ? 403 : problem === undefined ? 200 : 401
    return pages.show(c, view, { ...rights, status })
  }

  const invited = async (c: Context<AppEnv>) => {
    const invitation = c.req.param('invitation') ?? ''
    const standing = await approvers.invitation(invitation)
    if (standing === 'open') {
      const action = at(`approver/${encodeURIComponent(invitation)}`)
      const token = csrf.token(c.get('browser'))
      const open = { action, csrf: token, notifications, manifest }
      return pages.show(c, ApproverJoin({ brand, open }), rights)
    }
    // A page on a home screen begins where it was put there, long after it was invited.
    if ((await cookie.read(c)).length > 0) return c.redirect(at('approver'), 303)
    return pages.show(c, ApproverJoin({ brand, closed: standing }), { status: 403 })
  }

  const join = async (c: Context<AppEnv>) => {
    const { subscription } = await c.req.parseBody()
    const secret = randomToken(SECRET_BYTES)
    const joined = await approvers.join(c.req.param('invitation') ?? '', {
      secret,
      userAgent: c.env.client.userAgent,
      ...(typeof subscription === 'string' && subscription !== '' ? { subscription } : {}),
    })
    if (!joined) return pages.show(c, ApproverJoin({ brand, closed: 'used' }), { status: 403 })
    cookie.add(c, secret)
    return c.redirect(at('approver'), 303)
  }

  const ownDevice = async (c: Context<AppEnv>): Promise<Approver | undefined> =>
    (await cookie.read(c)).find(({ credential: { id } }) => id === c.req.param('device'))

  /** Asked by the script alone, which shows the answer. */
  const setNotifications = async (c: Context<AppEnv>) => {
    const device = await ownDevice(c)
    const { subscription } = await c.req.parseBody()
    c.header('Cache-Control', 'no-store')
    if (!device || typeof subscription !== 'string') return c.json({ notified: false }, 403)
    await approvers.hear(device, JSON.stringify({ subscription }))
    const now = (await cookie.read(c)).find(({ credential: { id } }) => id === device.credential.id)
    return c.json({ notified: now?.device.notified !== undefined })
  }

  const setHolder = async (c: Context<AppEnv>) => {
    const device = await ownDevice(c)
    const { field } = await readForm(c)
    const { address, userAgent } = c.env.client
    const change = { confirms: field('confirms') === 'yes', answer: field('answer') }
    const from = { browser: c.get('browser'), address, userAgent }
    const changed = device ? await approvers.setConfirms(device, change, from) : 'unproved'
    if (changed === 'changed') return c.redirect(at('approver'), 303)
    const problem =
      changed === 'frozen' && device
        ? frozenSentence(device.user)
        : 'That passkey was not accepted. Nothing was changed.'
    return home(c, problem)
  }

  const events = async (c: Context<AppEnv>) => {
    const devices = await cookie.read(c)
    const [first] = devices
    // An EventSource that is told 204 does not come back.
    if (!first) return c.body(null, 204)
    const before = standingOf(devices)
    const told = new Set<string>()
    return streams.open({
      who: `approver/${first.credential.id}`,
      async look() {
        const now = await cookie.read(c)
        if (standingOf(now) !== before)
          return { events: [{ name: 'changed', data: '' }], over: true }
        const requests = await requestsTo(approvers, now)
        const fresh = requests.filter(({ challenge: { id } }) => !told.has(id))
        for (const { challenge } of fresh) told.add(challenge.id)
        return {
          events: fresh.map(({ challenge: { id } }) => ({
            name: 'request',
            data: at(`approve/${id}`),
          })),
        }
      },
      listen(hear) {
        const people = new Set(devices.map(({ user }) => user.id))
        const stops = [...people].map((id) => signals.listen(questionsTo(id), hear))
        return () => {
          for (const stop of stops) stop()
        }
      },
    })
  }

  return new Hono<AppEnv>()
    .get('/approver', (c) => home(c))
    .get('/approver/events', events)
    .get('/approver/manifest.webmanifest', (c) =>
      c.json(manifestOf(brand), 200, { 'Content-Type': 'application/manifest+json' }),
    )
    .get('/approver/:invitation', invited)
    .post('/approver/:invitation', join)
    .post('/approver/:device/notifications', setNotifications)
    .post('/approver/:device/holder', setHolder)
}

/** What a waiting page shows of its devices, as far as it may change under it. */
const standingOf = (devices: readonly Approver[]): string =>
  JSON.stringify(devices.map(({ credential: { id, state }, device }) => [id, state, device.number]))

/** Lets a phone keep the page among its applications; iPhones notify only then. It begins where it was kept. */
const manifestOf = ({ name, home }: Pages['brand']): object => ({
  name,
  short_name: name.slice(0, 12),
  id: new URL('approver', home).href,
  scope: home,
  display: 'standalone',
})

/** The script that wakes up for notifications. It has to lie where its pages do, and is no page itself. */
export function pushWorkerScript(): Hono<AppEnv> {
  const { body, headers } = pushWorker()
  return new Hono<AppEnv>().get('/push-worker.js', (c) => c.body(body, 200, headers))
}
