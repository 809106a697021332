import type { Channel, Channels } from './contract.ts'

/** Channels that take every message, and carry none of them anywhere. */
export function createNowhere(): Channels {
  const nowhere: Channel = {
    name: 'nowhere',
    carries: ['email', 'sms', 'voice', 'push'],
    deliver: async () => ({ ok: true }),
  }
  return { for: () => nowhere, reports: () => undefined, close: async () => undefined }
}
