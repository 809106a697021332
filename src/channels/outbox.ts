import type { Outbox } from './contract.ts'

/** Sends each message once, at once. */
export function createOutbox(): Outbox {
  return {
    async post({ deliver }) {
      try {
        return (await deliver()).ok ? 'sent' : 'failed'
      } catch {
        return 'failed'
      }
    },
    async close() {},
  }
}
