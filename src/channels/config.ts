import * as z from 'zod'
import { certificatesFault } from '../base/certificates.ts'
import type { Medium } from '../model/message.ts'
import { smtpConfig } from './smtp/config.ts'
import { twilioConfig, twilioMedia } from './twilio/config.ts'
import { webPushConfig } from './web-push/config.ts'
import { webhookConfig } from './webhook/config.ts'

export const channelsConfig = z.strictObject({
  smtp: smtpConfig.optional().meta({ description: 'Mail, through a mail server.' }),
  twilio: twilioConfig.optional().meta({ description: 'Text messages and calls, through Twilio.' }),
  web_push: webPushConfig.optional().meta({
    description:
      'Notifications for browsers that approve sign-ins, through the push services that browsers come with. Needs no account.',
  }),
  webhook: webhookConfig
    .optional()
    .meta({ description: 'Any other gateway for messages, through a small program of yours.' }),
})

export type { Medium }
export type ChannelsConfig = z.output<typeof channelsConfig>

/** What can be sent with these channels. */
export const carriedMedia = ({
  smtp,
  twilio,
  web_push: webPush,
  webhook,
}: ChannelsConfig): ReadonlySet<Medium> =>
  new Set<Medium>([
    ...(smtp ? (['email'] as const) : []),
    ...(twilio ? twilioMedia(twilio) : []),
    ...(webPush ? (['push'] as const) : []),
    ...(webhook?.media ?? []),
  ])

/** Looks into the files that channels name, as a start would. */
export function faultsInFiles({ smtp }: ChannelsConfig): { path: string[]; message: string }[] {
  const message = smtp?.ca === undefined ? undefined : certificatesFault(smtp.ca)
  return message ? [{ path: ['channels', 'smtp', 'ca'], message }] : []
}
