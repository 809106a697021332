import * as z from 'zod'
import type { Medium } from '../model/message.ts'
import { smtpConfig } from './smtp/config.ts'
import { twilioConfig, twilioMedia } from './twilio/config.ts'
import { webhookConfig } from './webhook/config.ts'

export const channelsConfig = z.strictObject({
  smtp: smtpConfig.optional().meta({ description: 'Mail, through a mail server.' }),
  twilio: twilioConfig.optional().meta({ description: 'Text messages and calls, through Twilio.' }),
  webhook: webhookConfig
    .optional()
    .meta({ description: 'Any other gateway for messages, through a small program of yours.' }),
})

export type ChannelsConfig = z.output<typeof channelsConfig>

/** What can be sent with these channels. */
export const carriedMedia = ({ smtp, twilio, webhook }: ChannelsConfig): ReadonlySet<Medium> =>
  new Set<Medium>([
    ...(smtp ? (['email'] as const) : []),
    ...(twilio ? twilioMedia(twilio) : []),
    ...(webhook?.media ?? []),
  ])
