import type { Report, Reports } from '../contract.ts'
import type { TwilioLibrary } from './client.ts'

/** A message, or a call, that has come to nothing. */
const FAILED = new Set(['undelivered', 'failed', 'busy', 'no-answer', 'canceled'])
const ERROR = /^\d{1,6}$/

/**
 * Reads what Twilio tells about messages and calls that it has taken before.
 *
 * @param token The account's auth token, under which Twilio signs.
 *
 * @see https://www.twilio.com/docs/usage/security#validating-requests
 * @see https://www.twilio.com/docs/messaging/guides/track-outbound-message-status
 */
export function createReports(
  url: URL,
  token: string,
  library: () => Promise<TwilioLibrary>,
): Reports {
  return {
    async read({ signature, fields }): Promise<Report | undefined> {
      const { isSigned } = await library()
      if (!isSigned(token, signature, url.href, fields)) return undefined
      const { MessageSid, CallSid, MessageStatus, CallStatus, ErrorCode = '' } = fields
      const reference = MessageSid ?? CallSid
      const status = MessageStatus ?? CallStatus
      if (reference === undefined || status === undefined) return undefined
      if (!FAILED.has(status)) return { reference }
      return { reference, failed: ERROR.test(ErrorCode) ? `${status} ${ErrorCode}` : status }
    },
  }
}
