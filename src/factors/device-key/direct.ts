import * as z from 'zod'
import { randomToken } from '../../base/bytes.ts'
import type { Clock } from '../../base/clock.ts'
import type { ChallengeAbout } from '../../model/challenge.ts'
import type { Verdict } from '../../model/factor.ts'
import { parsed } from '../approval.ts'
import type { Asked, Factor } from '../contract.ts'
import {
  base64,
  bytesIn,
  createBinding,
  factsOf,
  INTRODUCTION_SECONDS,
  introduction,
  keyOf,
  stored,
  worthOf,
} from './binding.ts'
import type { ApplicationDeviceKeys } from './config.ts'
import { isSignedBy, signedOf } from './statement.ts'

export interface DirectDeviceKeyDeps {
  config: ApplicationDeviceKeys
  clock: Clock
  /** The portal's address, which every signature is about. */
  home: URL
}

/** Seconds in which a challenge must be signed. */
const CHALLENGE_SECONDS = 300

/** What a challenge keeps: all that goes into the signature. */
const asking = z.strictObject({
  issuer: z.string(),
  credential: z.string(),
  nonce: z.string(),
  details: z.string(),
})

const answering = z.strictObject({ signature: base64 })

const WRONG: Verdict = { ok: false, reason: 'wrong' }

/**
 * Keys as `createDeviceKey` has them, for another application whose app gets each challenge from a server
 * of its own and hands the signature back by the same way. There is one screen, so no number is carried
 * to another.
 */
export function createDirectDeviceKey({ config, clock, home }: DirectDeviceKeyDeps): Factor {
  const issuer = home.href
  const binding = createBinding({ attestation: config.android_attestation, clock, issuer })
  const { enroll, offer, introduced } = binding

  const signed = (asked: Asked, answer: string): Verdict => {
    const { credential, challenge } = asked
    const key = keyOf(asked)
    const { data: open } = asking.safeParse(challenge?.data)
    const { data: given } = answering.safeParse(parsed(answer))
    if (!open || open.credential !== credential.id || !given || !key) return WRONG
    if (!isSignedBy(key, signedOf(open), bytesIn(given.signature))) return WRONG
    return { ok: true, data: credential.data, worth: worthOf(stored.parse(credential.data)) }
  }

  return {
    kind: 'device_key',
    title: 'fingerprint or face in an app',
    about:
      'An app on your device signs after it has seen your finger or face, so a stolen password is not enough.',
    rank: 40,
    best: { amr: ['pop', 'hwk', 'user'], phishingResistant: false, alone: false },
    guessable: false,
    most: 20,
    enrollable: 'by_application',

    worthOf: ({ data }) => worthOf(stored.parse(data)),
    facts: ({ data }) => factsOf(stored.parse(data)),

    enroll,
    offer,

    async challenge({ credential, about }) {
      // Its introduction is asked for by what is kept of it already.
      if (stored.parse(credential.data).stage === 'invited') {
        return { data: {}, lifetimeSeconds: INTRODUCTION_SECONDS }
      }
      const details = detailsOf(about, clock)
      const data: z.output<typeof asking> = {
        ...{ issuer, credential: credential.id, nonce: randomToken(32), details },
      }
      return { data, lifetimeSeconds: CHALLENGE_SECONDS }
    },

    prompt: ({ challenge }) => ({
      ask: 'authenticator',
      options: asking.safeParse(challenge?.data).data ?? {},
    }),

    async verify(asked, answer) {
      const it = stored.parse(asked.credential.data)
      if (it.stage === 'bound') return signed(asked, answer)
      return introduced(asked.credential, it, introduction.safeParse(parsed(answer)).data)
    },
  }
}

/** What the app shows, and signs as it was told. */
const detailsOf = ({ destination, details }: ChallengeAbout, clock: Clock): string =>
  JSON.stringify({
    ...(destination === undefined ? {} : { application: destination }),
    ...details,
    at: clock.now(),
  })
