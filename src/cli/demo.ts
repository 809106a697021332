import { randomBytes, randomInt } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import type { DemoMessage } from '../../views/demo/demo-inbox.tsx'
import { randomToken } from '../base/bytes.ts'
import { systemClock } from '../base/clock.ts'
import { createLog } from '../base/log.ts'
import { createPasswordHasher } from '../base/password.ts'
import { createInbox, type InboxMessage } from '../channels/inbox/index.ts'
import { loadConfig } from '../config/load.ts'
import { shownCode } from '../factors/totp/authenticator.ts'
import { ADMIN_GROUP } from '../model/user.ts'
import type { Store } from '../store/contract.ts'
import { type Command, WrongUsage } from './command.ts'
import type { Running } from './run-gateway.ts'
import { untilTold } from './until-told.ts'

const PEOPLE = [
  {
    name: 'alice',
    displayName: 'Alice Adams',
    email: 'alice@example.com',
    groups: [ADMIN_GROUP, 'staff'],
  },
  { name: 'bob', displayName: 'Bob Brown', email: 'bob@example.com', groups: ['staff'] },
] as const

/** The whole thing on one port of localhost, with a database that is gone afterwards. */
export const demo: Command = {
  name: 'demo',
  usage: 'demo [--port PORT]',
  summary: 'Try everything on this machine, with an application to protect',

  async run(args, { print }) {
    const { values } = parseArgs({
      args: [...args],
      options: { port: { type: 'string', default: '9091' } },
    })
    const port = Number(values.port)
    if (!Number.isInteger(port) || port < 1 || port > 65_535)
      throw new WrongUsage('a port is a number up to 65535')

    const folder = mkdtempSync(join(tmpdir(), 'gatehouse-demo-'))
    const passwords = new Map<string, string>()
    let store: Store | undefined
    const inbox = createInbox({ clock: systemClock })
    // Loaded here, so that every other command goes without.
    const { createDemoApp } = await import('./demo-app.ts')
    const { runGateway } = await import('./run-gateway.ts')
    const portal = portalOf(port)
    const application = createDemoApp(async () => ({
      users: store ? await personsOf(store, passwords, portal) : [],
      messages: inbox.messages().map(asShown),
    }))
    try {
      await new Promise<void>((resolve) => application.listen(0, '127.0.0.1', resolve))
      const { port: upstreamPort } = application.address() as AddressInfo
      const file = join(folder, 'config.yaml')
      writeFileSync(file, configText(port, upstreamPort))
      const { config } = loadConfig(file, {}, { ways: inbox.carries })
      const log = createLog('warn')
      const running = await runGateway(config, log, [inbox])
      store = running.store
      for (const [name, password] of await addPeople(running)) passwords.set(name, password)
      for (const line of welcome(port, passwords)) print(line)
      return await untilTold(running, log)
    } finally {
      application.closeAllConnections()
      application.close()
      rmSync(folder, { recursive: true, force: true })
    }
  },
}

const portalOf = (port: number) => new URL(`http://localhost:${port}/.gatehouse/`)

/** What an operator with a single host would write. */
const configText = (port: number, upstreamPort: number) => `\
portal:
  url: ${portalOf(port).href}
listen: 127.0.0.1:${port}
health: { listen: "127.0.0.1:0" }
timeouts: { drain: 1s } # the demo's clock and stream never end by themselves, and nobody waits 30 s

# Everything that is sent comes to the demo's own inbox, which stands before this channel.
channels:
  webhook:
    url: http://127.0.0.1:${upstreamPort}/
    secret: whsec_${randomBytes(32).toString('base64')}
    media: [email, sms, voice]
# Ten wrong guesses are enough for an alert here; it comes to the inbox, too.
alerts:
  mail: [operator@example.com]
  kinds: [burst_of_failures, many_accounts_from_one_address, trail_broken, channel_down]
  burst_of_failures: { failures: 10 }
factors:
  passkey: {}
  totp: {}
  push: {}
  email: {}
  sms: { countries: [US, GB, DE, AT, CH, FR, ES, IT, NL, PL, SE, IN, BR, JP, AU, CA] }
  voice: { countries: [US, GB, DE, AT, CH, FR, ES, IT, NL, PL, SE, IN, BR, JP, AU, CA] }
  backup_code: {}

routes:
  - host: localhost
    name: Paper Trail
    upstream: http://127.0.0.1:${upstreamPort}
    rules:
      - { paths: [/public/**, /inbox/**, /assets/**], require: bypass }
      - { paths: [/admin/**], groups: [admins], require: two_factor, max_age: 2m }
      - { require: two_factor }
`

async function addPeople({ store, keyring }: Running): Promise<Map<string, string>> {
  const cost = { memoryKib: 65_536, passes: 3 }
  const hasher = createPasswordHasher({
    cost,
    pepper: keyring('pepper'),
    concurrency: 2,
    queueLimit: 8,
  })
  const { dictionary } = await import('@zxcvbn-ts/language-common')
  const words = dictionary['diceware-common'].map(String)
  const made = new Map<string, string>()
  for (const person of PEOPLE) {
    const password = Array.from({ length: 4 }, () => words[randomInt(words.length)]).join('-')
    const createdAt = Math.floor(Date.now() / 1000)
    const user = { ...person, id: randomToken(16), status: 'active', createdAt } as const
    await store.users.insert(user, await hasher.hash(password))
    made.set(person.name, password)
  }
  return made
}

const MEDIA = { email: 'Mail', sms: 'Text message', voice: 'Call', push: 'Push' } as const

const asShown = ({ at, message }: InboxMessage): DemoMessage => ({
  as: MEDIA[message.medium],
  to: message.to,
  at: new Date(at * 1000).toISOString().slice(11, 19),
  ...(message.medium === 'email' ? { subject: message.subject } : {}),
  text: message.text,
})

async function personsOf(store: Store, passwords: ReadonlyMap<string, string>, portal: URL) {
  const now = Math.floor(Date.now() / 1000)
  const users = await store.users.list()
  return Promise.all(
    users.map(async ({ id, name, groups }) => {
      const credentials = await store.credentials.listByUser(id)
      // Of several begun, the one begun last is the one that its page asks about.
      const begun = credentials.findLast(({ state }) => state === 'pending')
      const codes = credentials
        .filter((it) => it.kind === 'totp' && (it.state !== 'pending' || it === begun))
        .map(async ({ label, state, data }) => ({
          label: state === 'pending' ? `${label}, being set up` : label,
          ...(await shownCode(data, now)),
        }))
      return {
        name,
        password: passwords.get(name) ?? '',
        groups,
        codes: await Promise.all(codes),
        requests: await requestsTo(store, id, now, portal),
      }
    }),
  )
}

/** What their phone would be notified of. */
async function requestsTo(store: Store, userId: string, now: number, portal: URL) {
  const open = await store.challenges.listOpen(userId, now)
  return open
    .filter(({ kind, boundTo }) => kind === 'push' && boundTo.startsWith('attempt/'))
    .map(({ id, about: { address, destination = portal.host } }) => ({
      text: `Sign-in to ${destination} from ${address}`,
      href: new URL(`approve/${id}`, portal).href,
    }))
}

function* welcome(port: number, passwords: ReadonlyMap<string, string>): Generator<string> {
  const at = `http://localhost:${port}`
  yield ''
  yield `  Gatehouse stands in front of a small application:   ${at}/`
  yield ''
  for (const { name, groups } of PEOPLE) {
    yield `  ${name.padEnd(6)} ${(passwords.get(name) ?? '').padEnd(40)} ${groups.join(', ')}`
  }
  yield ''
  yield `  It asks for a second step too. Their phones and mailboxes are here, so you need none:   ${at}/inbox`
  yield `  Only alice may open   ${at}/admin   and anybody may open   ${at}/public`
  yield ''
  yield '  Ctrl-C ends it, and nothing is left behind.'
  yield ''
}
