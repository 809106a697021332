import { afterAll, beforeAll } from 'vitest'
import type { Channel } from '../../src/channels/contract.ts'
import { createInbox, type Inbox } from '../../src/channels/inbox/index.ts'
import { createChannels } from '../../src/channels/index.ts'
import { twilioConfig } from '../../src/channels/twilio/config.ts'
import { createTwilio } from '../../src/channels/twilio/index.ts'
import { createCode } from '../../src/factors/code/index.ts'
import { byCall, byMail, byText, type Way } from '../../src/factors/code/ways.ts'
import type { User } from '../../src/model/user.ts'
import type { StillClock } from '../support/still-clock.ts'
import {
  ACCOUNT,
  openTwilioServer,
  TOKEN,
  type TwilioServer,
  VERIFY_SERVICE,
} from '../support/twilio-server.ts'
import { describeFactor, type FactorUnderTest } from './factor.ts'

const PHONES = { countries: ['DE'], daily_limit: 1000 }
const key = new Uint8Array(32).fill(3)
const site = { name: 'Gatehouse', url: new URL('https://auth.gw.test/') }

const numberOf = ({ name }: User) => (name === 'alice' ? '+491701234567' : '+491717654321')
const addressOf = ({ email }: User) => email ?? ''

/** A kind of code that arrives in an inbox of this test. */
function received(kind: string, way: Way, targetOf: (user: User) => string): FactorUnderTest {
  let inbox: Inbox | undefined
  const newest = (user: User) => {
    const own = inbox?.messages().find(({ message: { to } }) => to === targetOf(user))
    // A call reads the digits one by one.
    return (own?.message.text.replace(/(\d)\. /g, '$1').match(/\d{6}/) ?? [''])[0]
  }
  return {
    kind,
    wrong: '000000',
    create(clock: StillClock) {
      inbox ??= createInbox({ clock })
      const config = { config: {}, clock, name: site.name, first: [inbox] }
      return createCode({ way, channels: createChannels(config), clock, key, site })
    },
    target: targetOf,
    holder: (user) => ({
      enroll: async () => newest(user),
      answer: async () => newest(user),
    }),
  }
}

describeFactor(received('email', byMail({ daily_limit: 1000 }), addressOf))
describeFactor(received('sms', byText(PHONES), numberOf))
describeFactor(received('voice', byCall(PHONES), numberOf))

let twilio: TwilioServer
beforeAll(async () => {
  twilio = await openTwilioServer()
})
afterAll(() => twilio.close())

/** The same where Twilio makes and checks the codes. */
const checkedByTwilio: FactorUnderTest = {
  kind: 'sms',
  wrong: '000000',
  goneOnceChecked: true,
  create(clock) {
    const config = twilioConfig.parse({
      account: ACCOUNT,
      token: TOKEN,
      verify_service: VERIFY_SERVICE,
      url: twilio.url,
    })
    const first: Channel[] = [createTwilio({ config })]
    const channels = createChannels({ config: {}, clock, name: site.name, first })
    return createCode({ way: byText(PHONES), channels, clock, key, site })
  },
  target: numberOf,
  holder: (user) => ({
    enroll: async () => twilio.codes.get(numberOf(user)) ?? '',
    answer: async () => twilio.codes.get(numberOf(user)) ?? '',
  }),
}
describeFactor(checkedByTwilio)
