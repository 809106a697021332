import type { Medium, Message } from '../../model/message.ts'
import type { Channel, Verification } from '../contract.ts'
import { lazily } from '../lazy.ts'
import { openTwilio, type TwilioLibrary } from './client.ts'
import { type TwilioConfig, twilioMedia } from './config.ts'
import { checked, told } from './outcome.ts'
import { createReports } from './reports.ts'

/** A text that could not be handed over within this time is of no use: codes last no longer. */
const VALIDITY_SECONDS = 300
/** A phone rings so long before the call is given up. */
const RING_SECONDS = 30

export interface TwilioDeps {
  config: TwilioConfig
  /** Where the portal is. */
  home?: URL
}

/** Text messages and calls through Twilio; with a Verify service, codes are made and checked there. */
export function createTwilio({ config, home }: TwilioDeps): Channel {
  // Loaded with the first message: the library takes long to load, and some never send one.
  const library = lazily(() => openTwilio(config))
  const { from, messaging_service, verify_service } = config
  const sender = messaging_service ? { messagingServiceSid: messaging_service } : from && { from }

  const { auth_token } = config
  const reportsTo = auth_token && home && new URL('channels/twilio', home)
  const heard = reportsTo ? { statusCallback: reportsTo.href } : {}

  const send = async (
    { client, spokenTwice }: TwilioLibrary,
    { medium, to, text }: Message,
  ): Promise<{ sid: string }> => {
    if (medium === 'sms' && sender) {
      const message = { to, body: text, validityPeriod: VALIDITY_SECONDS }
      return client.messages.create({ ...message, ...sender, ...heard })
    }
    if (medium === 'voice' && from) {
      const call = { to, from, twiml: spokenTwice(text), timeout: RING_SECONDS }
      return client.calls.create({ ...call, ...heard })
    }
    throw new TypeError(`twilio has no sender for ${medium}`)
  }

  return {
    name: 'twilio',
    carries: twilioMedia(config),
    ...(reportsTo && { reports: createReports(reportsTo, auth_token, library) }),
    ...(verify_service && { verification: verification(config, verify_service, library) }),

    async deliver(message) {
      const ready = await library()
      const answer = await told(() => send(ready, message))
      return answer.ok ? { ok: true, reference: answer.value.sid } : answer
    },
  }
}

/** Verify's names for our media. */
const VERIFY_CHANNELS: Partial<Record<Medium, string>> = { sms: 'sms', voice: 'call' }

function verification(
  config: TwilioConfig,
  serviceSid: string,
  library: () => Promise<TwilioLibrary>,
): Verification {
  const service = async () => (await library()).client.verify.v2.services(serviceSid)

  return {
    media: twilioMedia(config),

    async start(medium, to) {
      const channel = VERIFY_CHANNELS[medium]
      if (!channel) throw new TypeError(`Twilio Verify carries no ${medium}`)
      const { verifications } = await service()
      const answer = await told(() => verifications.create({ to, channel }))
      return answer.ok ? { ok: true, reference: answer.value.sid } : answer
    },

    async check(to, reference, code) {
      const whose = reference === undefined ? { to } : { verificationSid: reference }
      const { verificationChecks } = await service()
      return checked(
        async () => (await verificationChecks.create({ ...whose, code })).status === 'approved',
      )
    },
  }
}
