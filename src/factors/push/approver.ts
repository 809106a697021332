import * as z from 'zod'
import { sha256 } from '../../base/bytes.ts'

/** What is kept of an approver: invited by a link, joined by a browser, bound by the number it showed. */
export const approver = z.discriminatedUnion('stage', [
  z.strictObject({
    stage: z.literal('invited'),
    /** Stands in the link, and opens it once. */
    invitation: z.string(),
    until: z.int(),
  }),
  z.strictObject({
    stage: z.literal('joined'),
    number: z.string(),
    until: z.int(),
    browser: z.string(),
    subscription: z.string().optional(),
  }),
  z.strictObject({
    stage: z.literal('bound'),
    browser: z.string(),
    /** Where its notifications go, as the browser wrote it. */
    subscription: z.string().optional(),
    /** Since when they do not arrive any more, though they did. */
    stopped: z.int().optional(),
    /** Does it ask for a passkey before each approval? It does unless a passkey has said that it shall not. */
    confirms: z.boolean().default(true),
    /** Since when it does not. */
    relaxed: z.int().optional(),
  }),
])

export type Approver = z.output<typeof approver>
export type BoundApprover = Extract<Approver, { stage: 'bound' }>

/** Only its digest is kept of what a browser or a link knows: this is how it is found again. */
export const handleOf = (secret: string): string => sha256(secret).toString('base64url')

/** The address in a subscription; the channel looks at the rest when it sends. */
const subscription = z.object({ endpoint: z.url({ protocol: /^https?$/ }).max(1024) })
const MAX_SUBSCRIPTION_CHARACTERS = 2048

/** @param given As a browser sent it; may be hostile. @returns Its address, if it has one. */
export function endpointOf(given: string): string | undefined {
  if (given.length > MAX_SUBSCRIPTION_CHARACTERS) return undefined
  try {
    return subscription.parse(JSON.parse(given)).endpoint
  } catch {
    return undefined
  }
}
