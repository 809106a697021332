import { createWebPush } from '../../src/channels/web-push/index.ts'
import { vapidKeys } from '../../src/channels/web-push/vapid.ts'
import type { User } from '../../src/model/user.ts'
import { PASSWORD, type TestGateway } from './gateway.ts'
import type { PushService, Subscriber } from './push-service.ts'
import type { Answer, Visitor } from './visitor.ts'

const PHONE =
  'Mozilla/5.0 (Linux; Android 15; K) AppleWebKit/537.36 Chrome/150.0 Mobile Safari/537.36'
const DESK = 'Mozilla/5.0 (X11; Linux x86_64; rv:152.0) Gecko/20100101 Firefox/152.0'

/** A channel to a push service on loopback. */
export const pushTo = (portal: string) =>
  createWebPush({
    config: { hosts: ['127.0.0.1'] },
    keys: vapidKeys(new Uint8Array(32)),
    home: new URL(portal),
    options: { loopback: true },
  })

/** One person at a desk, with a phone that is asked. */
export interface TwoScreens {
  user: User
  desk: Visitor
  phone: Visitor
  /** The phone as the push service knows it. */
  browser: Subscriber
  /** As far as the page that comes after the password. */
  withPassword(who?: Visitor): Promise<Answer>
  /** The link that the desk shows. */
  invitation(): string
  /** Takes that invitation, or another one. @returns The number that the phone shows. */
  join(subscription?: string, invitation?: string): Promise<string>
  /** Signs in for the first time, and has an approver afterwards. */
  enroll(): Promise<Answer>
  /** Begins a sign-in in a browser of its own. @returns The number that it shows; empty when nobody was asked. */
  begin(): Promise<{ desk: Visitor; shown: string }>
  /** Where the notification that came last leads. */
  request(): string
}

export interface TwoScreensDeps {
  gateway: TestGateway
  service: PushService
  name: string
  /** Where sign-ins lead. */
  rd: string
}

export async function openTwoScreens(deps: TwoScreensDeps): Promise<TwoScreens> {
  const { gateway, service, name, rd } = deps
  const at = (path: string) => new URL(path, gateway.portal).href
  const desk = gateway.visitor()
  const phone = gateway.visitor()
  const browser = service.subscribe()

  const screens: TwoScreens = {
    user: await gateway.addUser({ name, displayName: `The one called ${name}` }),
    desk,
    phone,
    browser,

    async withPassword(who = desk) {
      await who.open(at(`login?rd=${encodeURIComponent(rd)}`))
      const fields = { username: name, password: PASSWORD }
      const answer = await who.submit(fields, { headers: { 'user-agent': DESK } })
      return answer.location === undefined ? answer : who.open(answer.location)
    },

    invitation: () => /https:\/\/[\w.]+\/approver\/[\w-]{43}/.exec(desk.page.body)?.[0] ?? '',

    async join(subscription = browser.subscription, invitation = screens.invitation()) {
      await phone.open(invitation)
      await phone.submit({ subscription }, { headers: { 'user-agent': PHONE } })
      return bigNumber(await phone.open(at('approver')))
    },

    async enroll() {
      await screens.withPassword()
      const code = await screens.join()
      await desk.open(desk.url)
      const answer = await desk.submit({ code })
      browser.received.length = 0
      return answer
    },

    async begin() {
      const other = gateway.visitor()
      return { desk: other, shown: bigNumber(await screens.withPassword(other)) }
    },

    request: () => at(`approve/${JSON.parse(browser.received.at(-1)?.text ?? '{}').id}`),
  }
  return screens
}

/** The two digits that a page shows in large. */
export const bigNumber = (page: Answer): string =>
  /class="big-digits">(\d\d)</.exec(page.body)?.[1] ?? ''

/** The numbers that a page offers. */
export const choices = (page: Answer): string[] =>
  Array.from(page.body.matchAll(/name="number" value="(\d\d)"/g), ([, value = '']) => value)
