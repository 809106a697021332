import type { Clock } from '../base/clock.ts'
import type { ChannelsConfig } from './config.ts'
import type { Channel, Channels } from './contract.ts'
import { createSmtp } from './smtp/index.ts'
import { createTwilio } from './twilio/index.ts'
import { createWebPush } from './web-push/index.ts'
import type { VapidKeys } from './web-push/vapid.ts'
import { createWebhook } from './webhook/index.ts'

export interface ChannelsDeps {
  config: ChannelsConfig
  clock: Clock
  /** The portal's name, as a sender. */
  name: string
  /** By which push services know us, and where the portal is. */
  push?: { keys: VapidKeys; home: URL }
  /** Where the portal is, for channels that are told afterwards what became of messages. */
  home?: URL
  /** Ways that come before those of the configuration, such as the demo's inbox. */
  first?: readonly Channel[]
}

/**
 * The list of all channels; a new one is a line here. The first that carries a medium is the one for it:
 * the webhook stands before the others because its media are chosen one by one.
 */
export function createChannels({
  config,
  clock,
  name,
  push,
  home,
  first = [],
}: ChannelsDeps): Channels {
  const { smtp, twilio, web_push: webPush, webhook } = config
  const channels: Channel[] = [
    ...first,
    webhook && createWebhook({ config: webhook, clock }),
    smtp && createSmtp({ config: smtp, name }),
    twilio && createTwilio({ config: twilio, ...(home ? { home } : {}) }),
    webPush && push && createWebPush({ config: webPush, ...push }),
  ].filter((channel) => channel !== undefined)

  return {
    for: (medium) => channels.find(({ carries }) => carries.includes(medium)),
    reports: (name) => channels.find((channel) => channel.name === name)?.reports,
    async close() {
      await Promise.all(channels.map((channel) => channel.close?.()))
    },
  }
}
