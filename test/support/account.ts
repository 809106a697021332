import { type Log, silentLog } from '../../src/base/log.ts'
import { createInbox, type Inbox } from '../../src/channels/inbox/index.ts'
import type { Message } from '../../src/model/message.ts'
import type { User } from '../../src/model/user.ts'
import { aCredential } from './builders.ts'
import { openGateway, PASSWORD, type TestGateway } from './gateway.ts'
import type { Answer, Visitor } from './visitor.ts'

const SECRET = 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ'
export const ACCOUNT = 'https://auth.gw.test/account'
export const WIKI = 'https://wiki.gw.test/page'

/** A gateway whose people have an authenticator app, and whose mail and texts end in an inbox. */
export interface AccountTest extends TestGateway {
  inbox: Inbox
  addPerson(given?: Partial<User> & { password?: string; secret?: string | null }): Promise<User>
  /** Signs in with password and app, and ends at a page. */
  signIn(visitor: Visitor, user: User, rd?: string): Promise<Answer>
  /** Gives the code that is asked for, and goes on. */
  giveCode(visitor: Visitor, user: User): Promise<Answer>
  /** Opens a page of the account, proving anew what is asked for. */
  openFresh(visitor: Visitor, user: User, page: string): Promise<Answer>
  /** Sends a form, and follows it to the page that it leads to. */
  send(visitor: Visitor, fields: Record<string, string>): Promise<Answer>
  addCredential(user: User, kind: string, data: unknown, label?: string): Promise<string>
  /** What somebody was sent, once so many have come; newest first. */
  sent(to: string, count: number): Promise<Message[]>
}

export const ACCOUNT_YAML = `
portal: { url: "https://auth.gw.test", name: Gate }
routes:
  - { host: wiki.gw.test, name: Wiki, rules: [{ require: two_factor }] }
  - { host: one.gw.test, rules: [{ require: one_factor }] }
  - { host: key.gw.test, rules: [{ require: phishing_resistant }] }
  - { host: sms.gw.test, rules: [{ require: two_factor, amr: [sms] }] }
factors:
  totp: {}
  passkey: { rp_id: gw.test }
  push: {}
  email: {}
  sms: { countries: [DE] }
  backup_code: {}
channels:
  smtp: { url: "smtp://127.0.0.1:1", from: gate@gw.test }
  twilio: { account: AC00000000000000000000000000000000, token: unused, from: "+4930123456" }
`

export async function openAccountTest(
  yaml = ACCOUNT_YAML,
  log: Log = silentLog,
): Promise<AccountTest> {
  let inbox: Inbox | undefined
  const gateway = await openGateway(yaml, {
    log,
    ways: (clock) => {
      inbox = createInbox({ clock })
      return [inbox]
    },
  })
  if (!inbox) throw new Error('no inbox')
  const { clock, store } = gateway
  const opened = inbox
  let number = 0

  const giveCode: AccountTest['giveCode'] = async (visitor, user) => {
    // A code that was used already would be refused: time goes on to the next one.
    clock.advance(30)
    return onward(visitor, await visitor.submit({ code: await gateway.code(user.id) }))
  }
  const onward = async (visitor: Visitor, answer: Answer): Promise<Answer> =>
    answer.location?.startsWith('https://auth.gw.test/') ? visitor.open(answer.location) : answer

  return {
    ...gateway,
    inbox: opened,

    addPerson({ secret = SECRET, ...given } = {}) {
      number += 1
      const name = `person${number}`
      const email = `${name}@gw.test`
      return gateway.addUser({ name, email, ...(secret ? { secret } : {}), ...given })
    },

    async signIn(visitor, user, rd = WIKI) {
      await visitor.open(`https://auth.gw.test/login?rd=${encodeURIComponent(rd)}`)
      const answer = await onward(
        visitor,
        await visitor.submit({ username: user.name, password: PASSWORD }),
      )
      return /name="code"/.test(visitor.page.body) ? giveCode(visitor, user) : answer
    },

    giveCode,

    async openFresh(visitor, user, page) {
      const url = page === '' ? ACCOUNT : `${ACCOUNT}/${page}`
      const answer = await visitor.open(url)
      return visitor.url.includes('/login/') ? giveCode(visitor, user) : answer
    },

    send: async (visitor, fields) => onward(visitor, await visitor.submit(fields)),

    async addCredential(user, kind, data, label = kind) {
      const credential = aCredential({
        userId: user.id,
        kind,
        data,
        label,
        createdAt: clock.now(),
      })
      await store.credentials.insert(credential)
      return credential.id
    },

    async sent(to, count) {
      const own = () => opened.messages().filter(({ message }) => message.to === to)
      for (let tries = 0; own().length < count && tries < 100; tries += 1) {
        await new Promise((resolve) => setTimeout(resolve, 20))
      }
      return own().map(({ message }) => message)
    },
  }
}
