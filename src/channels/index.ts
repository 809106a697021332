import type { Clock } from '../base/clock.ts'
import type { ChannelsConfig } from './config.ts'
import type { Channel, Channels } from './contract.ts'
import { createSmtp } from './smtp/index.ts'
import { createTwilio } from './twilio/index.ts'
import { createWebhook } from './webhook/index.ts'

export interface ChannelsDeps {
  config: ChannelsConfig
  clock: Clock
  /** The portal's name, as a sender. */
  name: string
  /** Ways that come before those of the configuration, such as the demo's inbox. */
  first?: readonly Channel[]
}

/**
 * The list of all channels; a new one is a line here. The first that carries a medium is the one for it:
 * the webhook stands before the others because its media are chosen one by one.
 */
export function createChannels({ config, clock, name, first = [] }: ChannelsDeps): Channels {
  const { smtp, twilio, webhook } = config
  const channels: Channel[] = [
    ...first,
    webhook && createWebhook({ config: webhook, clock }),
    smtp && createSmtp({ config: smtp, name }),
    twilio && createTwilio({ config: twilio }),
  ].filter((channel) => channel !== undefined)

  return {
    for: (medium) => channels.find(({ carries }) => carries.includes(medium)),
    async close() {
      await Promise.all(channels.map((channel) => channel.close?.()))
    },
  }
}
