import * as z from 'zod'
import type { Clock } from '../../base/clock.ts'
import type { Channels } from '../../channels/contract.ts'
import { ChannelDown } from '../../channels/errors.ts'
import type { Challenge } from '../../model/challenge.ts'
import type { Credential, Verdict } from '../../model/factor.ts'
import type { Delivery, Message } from '../../model/message.ts'
import type { Asked, ChallengeRequest, ChallengeStart, Factor } from '../contract.ts'
import { budgetsOf } from './budgets.ts'
import type { Site } from './messages.ts'
import { DIGITS, digitsOf, isKept, keep, newCode } from './secret.ts'
import type { Way } from './ways.ts'

/** Where codes go to. */
const bound = z.strictObject({ target: z.string(), country: z.string().optional() })

/** What is kept of a question: a code of ours, or that somebody else made one. */
const question = z.discriminatedUnion('by', [
  z.strictObject({ by: z.literal('us'), salt: z.string(), mac: z.string(), until: z.int() }),
  // Keeps no code, and yet for which target the service made it.
  z.strictObject({
    by: z.literal('service'),
    // A question from before these were kept is answered by no code.
    salt: z.string().default(''),
    mac: z.string().default(''),
    until: z.int(),
  }),
])

export interface CodeDeps {
  way: Way
  channels: Channels
  clock: Clock
  /** Under which codes are kept. */
  key: Uint8Array
  site: Site
}

/**
 * Six digits on their way to a person: by mail, text message or call. One target a credential, proved by
 * a first code before it counts. Each send makes a new code, and the one before it is void.
 *
 * @see NIST SP 800-63B-4, section 3.1.3 (out-of-band authenticators; mail and phones are the weak ones)
 */
export function createCode({ way, channels, clock, key, site }: CodeDeps): Factor {
  const { kind, medium, lifetimeSeconds } = way
  const worth = { amr: way.amr, phishingResistant: false, alone: false }
  const sentTo = ({ data }: Credential) => way.masked(bound.parse(data).target)

  const channel = () => {
    const found = channels.for(medium)
    if (!found) throw new ChannelDown(kind, `no channel carries ${medium}`)
    return found
  }
  /** A service that makes and checks codes of this medium, where the channel has one. */
  const service = () => {
    const { verification } = channel()
    return verification?.media.includes(medium) ? verification : undefined
  }

  /** A code of ours: the message is made once, however often it is tried. */
  const ownCode = ({ credential, user, about }: ChallengeRequest, target: string) => {
    const code = newCode()
    const minutes = lifetimeSeconds / 60
    const message: Message = way.message({
      site,
      to: target,
      code,
      minutes,
      user: user.name,
      about,
      at: clock.now(),
      first: credential.state === 'pending',
    })
    return {
      kept: { by: 'us', ...keep(key, code, { credentialId: credential.id, target }) } as const,
      deliver: () => channel().deliver(message),
    }
  }

  const serviceCode = ({ credential }: ChallengeRequest, target: string) => ({
    kept: {
      by: 'service',
      ...keep(key, NO_CODE, { credentialId: credential.id, target }),
    } as const,
    async deliver(): Promise<Delivery> {
      const started = await service()?.start(medium, target)
      if (!started) throw new ChannelDown(kind, 'no service makes codes')
      return started
    },
  })

  const challenge = async (request: ChallengeRequest): Promise<ChallengeStart> => {
    const { credential, user } = request
    const { application } = user
    const { target, country } = bound.parse(credential.data)
    const { kept, deliver } = service() ? serviceCode(request, target) : ownCode(request, target)
    const { dailyLimit } = way
    return {
      data: { ...kept, until: clock.now() + lifetimeSeconds },
      lifetimeSeconds,
      // The list of countries may have become shorter since the number was bound.
      deliver: way.admits(country) ? deliver : async () => NOT_ADMITTED,
      budgets: budgetsOf({ kind, credential, target, country, application, dailyLimit, key }),
    }
  }

  /** Is it the code of this very question? A late one is not asked about elsewhere. */
  const isRight = async (asked: Question, code: string): Promise<boolean> => {
    const { kept, late, binding, reference } = asked
    if (kept.by === 'us') return isKept(key, code, binding, kept)
    if (late || !asked.isOpen || !isKept(key, NO_CODE, binding, kept)) return false
    return (await service()?.check(binding.target, reference, code)) ?? false
  }

  const verify = async ({ credential, challenge }: Asked, answer: string): Promise<Verdict> => {
    const code = digitsOf(answer)
    const asked = challenge && questionOf(credential, challenge, clock.now())
    if (!asked || code === undefined) return { ok: false, reason: 'wrong' }
    if (!(await isRight(asked, code))) {
      return { ok: false, reason: asked.late && asked.kept.by === 'service' ? 'expired' : 'wrong' }
    }
    if (asked.late) return { ok: false, reason: 'expired' }
    if (!asked.isOpen) return { ok: false, reason: 'used' }
    return { ok: true, data: credential.data, worth }
  }

  return {
    kind,
    title: way.title,
    about: way.about,
    rank: way.rank,
    best: worth,
    guessable: true,
    most: 3,
    enrollable: 'first',
    weak: true,
    sends: true,
    needs: way.needs,
    worthOf: () => worth,
    facts: (credential) => [sentTo(credential)],
    reaches: ({ data }) =>
      medium === 'email' || medium === 'sms' ? { medium, to: bound.parse(data).target } : undefined,

    async enroll(user, { target, others }) {
      const typed = target?.trim() || (way.needs === 'email' ? (user.email ?? '') : '')
      const read = await way.read(typed)
      if (!read.ok) return read
      const { ok: _, ...data } = read
      const isTaken = others.some((other) => bound.parse(other.data).target === data.target)
      if (isTaken) return { ok: false, message: way.taken }
      return { ok: true, data, label: way.label }
    },

    offer: ({ credential }) => ({ show: 'sent', to: sentTo(credential), digits: DIGITS }),
    prompt: ({ credential }) => ({
      ask: 'code',
      from: way.from,
      digits: DIGITS,
      sentTo: sentTo(credential),
    }),
    challenge,
    verify,
  }
}

/** Stands for a code that is made elsewhere; nobody can answer it. */
const NO_CODE = ''
const NOT_ADMITTED: Delivery = { ok: false, refused: 'the country is not listed' }

interface Question {
  kept: z.output<typeof question>
  binding: { credentialId: string; target: string }
  /** Its name at the service that has made the code. */
  reference: string | undefined
  late: boolean
  /** Has nobody answered it yet? */
  isOpen: boolean
}

/** The question that was put about this very credential; `undefined` when it was another. */
function questionOf(
  credential: Credential,
  challenge: Challenge,
  now: number,
): Question | undefined {
  if (challenge.credentialId !== credential.id || challenge.kind !== credential.kind)
    return undefined
  const kept = question.parse(challenge.data)
  return {
    kept,
    binding: { credentialId: credential.id, target: bound.parse(credential.data).target },
    reference: challenge.reference,
    late: now >= Math.min(kept.until, challenge.expiresAt),
    isOpen: challenge.state === 'pending',
  }
}
