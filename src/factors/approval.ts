import { randomInt } from 'node:crypto'
import * as z from 'zod'
import type { UnixSeconds } from '../base/clock.ts'
import type { Challenge } from '../model/challenge.ts'
import type { Credential, Verdict, Worth } from '../model/factor.ts'
import type { Asked, Budget, RemoteVerdict } from './contract.ts'

/** Seconds in which an approval must be given, and fetched. */
export const APPROVAL_SECONDS = 60

/** How the number gets from one screen to the other. */
export const entryConfig = z.enum(['choose', 'type']).default('choose').meta({
  description:
    'How the number gets from the sign-in page to the device: chosen out of three, or typed. Either way there is one try.',
})

export type Entry = z.output<typeof entryConfig>

/** What a challenge keeps of a question that another device answers. */
export const approval = z.object({
  /** Two digits, shown where the question was put. */
  number: z.string(),
  /** What the other device offers to choose from; empty when the number is to be typed. */
  numbers: z.array(z.string()),
  /** What people call the devices that may answer. */
  where: z.string(),
  /** What was answered, once it was. */
  answer: z.enum(['approved', 'denied', 'wrong']).optional(),
})

export type Approval = z.output<typeof approval>

/** Makes the number of a new question, and two others beside it. */
export function newApproval(siblings: readonly Credential[], entry: Entry): Approval {
  const numbers = new Set<string>()
  while (numbers.size < 3) numbers.add(twoDigits())
  const [number = '', ...others] = numbers
  // In order of size, the place of a number tells nothing about it.
  const shown = entry === 'choose' ? [number, ...others].sort() : []
  return { number, numbers: shown, where: inWords(siblings.map(({ label }) => label)) }
}

/** Never with a leading zero, which is easily lost on the way. */
export const twoDigits = (): string => String(randomInt(10, 100))

/** Is there a question that this device may still answer? */
export function openApproval<T extends Approval>(
  { credential, challenge }: Asked,
  shape: z.ZodType<T>,
  now: UnixSeconds,
): T | undefined {
  const isOwn =
    challenge?.userId === credential.userId &&
    challenge.kind === credential.kind &&
    credential.state === 'active'
  if (!isOwn || challenge.state !== 'pending' || now >= challenge.expiresAt) return undefined
  const { data, success } = shape.safeParse(challenge.data)
  return success && data.answer === undefined ? data : undefined
}

/**
 * Closes a question for good: a wrong number ends it at once, because one of three is guessed soon.
 *
 * @param given What the device answered: a number, or nothing when it says no.
 */
export function closed<T extends Approval>(open: T, given: string | undefined): RemoteVerdict {
  const state = given === undefined ? 'denied' : given === open.number ? 'approved' : 'wrong'
  return { state, data: { ...open, answer: state } }
}

/** What has become of a question, as the sign-in asks. */
export function verdictOn(
  { credential, challenge }: Asked,
  worth: Worth,
  now: UnixSeconds,
): Verdict {
  if (!challenge) return { ok: false, reason: 'expired' }
  const { data, success } = approval.safeParse(challenge.data)
  if (!success) return { ok: false, reason: 'wrong' }
  if (data.answer === 'denied' || data.answer === 'wrong') return { ok: false, reason: 'denied' }
  if (challenge.state === 'verified') return { ok: false, reason: 'used' }
  if (isOver(challenge, now)) return { ok: false, reason: 'expired' }
  if (data.answer === undefined) return { ok: false, reason: 'pending' }
  return { ok: true, data: credential.data, worth }
}

const isOver = ({ state, expiresAt }: Challenge, now: UnixSeconds) =>
  state !== 'pending' || now >= expiresAt

/** How often a person may be asked in all, so that nobody is worn down by requests. */
export const approvalBudgets = (kind: string, userId: string): Budget[] => [
  { name: `${kind}/${userId}/10m`, most: 5, windowSeconds: 600 },
  { name: `${kind}/${userId}/1d`, most: 30, windowSeconds: 86_400 },
]

/** @returns What was sent, when it is an object in JSON. @param answer May be hostile. */
export function parsed(answer: string): unknown {
  if (answer.length > 16_384) return undefined
  try {
    return JSON.parse(answer)
  } catch {
    return undefined
  }
}

function inWords(labels: readonly string[]): string {
  const [first = 'your device', second, ...more] = labels
  if (second === undefined) return first
  return more.length === 0 ? `${first} or ${second}` : `one of your ${labels.length} devices`
}
