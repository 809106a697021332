import * as z from 'zod'
import { randomToken } from '../../base/bytes.ts'
import type { Clock } from '../../base/clock.ts'
import type { ChallengeAbout } from '../../model/challenge.ts'
import {
  APPROVAL_SECONDS,
  approval,
  approvalBudgets,
  closed,
  newApproval,
  openApproval,
  parsed,
  verdictOn,
} from '../approval.ts'
import type { Factor } from '../contract.ts'
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
import type { DeviceKeyConfig } from './config.ts'
import { approvalOf, isSignedBy } from './statement.ts'

export interface DeviceKeyDeps {
  config: DeviceKeyConfig
  clock: Clock
  /** The portal's address, which every signature is about. */
  home: URL
}

/** What a challenge keeps: the question, and what goes into the signature beside the number. */
const asking = approval.extend({ nonce: z.string(), details: z.string() })

const introducing = introduction.extend({ secret_hash: z.string().regex(/^[A-Za-z0-9_-]{43}$/) })

const answering = z.union([
  z.strictObject({ deny: z.literal(true) }),
  z.strictObject({ number: z.string().regex(/^\d{2}$/), signature: base64 }),
])

/**
 * Keys that phones and computers keep in hardware and use after a fingerprint or a face: P-256 in
 * Android's Keystore behind BiometricPrompt, or in the Secure Enclave behind LocalAuthentication. An app
 * introduces the key and answers with it; we hold the public half, and nothing of any finger or face.
 */
export function createDeviceKey({ config, clock, home }: DeviceKeyDeps): Factor {
  const issuer = home.href
  const binding = createBinding({ attestation: config.android_attestation, clock, issuer })

  return {
    kind: 'device_key',
    title: 'fingerprint or face in an app',
    about:
      'An app on your device signs after it has seen your finger or face, so a stolen password is not enough. It does not protect you on a copy of this site that passes everything on.',
    rank: 40,
    sends: true,
    best: { amr: ['pop', 'hwk', 'user'], phishingResistant: false, alone: false },
    guessable: false,
    most: 5,
    enrollable: 'by_application',

    worthOf: ({ data }) => worthOf(stored.parse(data)),
    facts: ({ data }) => factsOf(stored.parse(data)),

    enroll: binding.enroll,
    offer: binding.offer,

    async challenge({ credential, user, about, siblings }) {
      // Its introduction is asked for by what is kept of it already.
      if (stored.parse(credential.data).stage === 'invited') {
        return { data: {}, lifetimeSeconds: INTRODUCTION_SECONDS }
      }
      const data: z.output<typeof asking> = {
        ...newApproval(siblings, config.entry),
        nonce: randomToken(32),
        details: detailsOf(about, clock),
      }
      return {
        data,
        lifetimeSeconds: APPROVAL_SECONDS,
        budgets: approvalBudgets('device_key', user.id),
        onePerUser: true,
      }
    },

    prompt({ credential, challenge }) {
      const { data } = approval.safeParse(challenge?.data)
      return {
        ask: 'approval',
        number: data?.number ?? '',
        where: data?.where ?? credential.label,
      }
    },

    async verify(asked, answer) {
      const it = stored.parse(asked.credential.data)
      if (it.stage === 'bound') return verdictOn(asked, worthOf(it), clock.now())
      return binding.introduced(asked.credential, it, introducing.safeParse(parsed(answer)).data)
    },

    remote: {
      device: () => ({ signs: true, confirms: false }),

      question(asked) {
        const open = openApproval(asked, asking, clock.now())
        if (!open) return undefined
        const { numbers, nonce, details } = open
        return { numbers, toSign: { issuer, credential: asked.credential.id, nonce, details } }
      },

      async respond(asked, answer) {
        const open = openApproval(asked, asking, clock.now())
        const key = keyOf(asked)
        const { data: given } = answering.safeParse(parsed(answer))
        if (!open || !key || !given) return undefined
        if ('deny' in given) return closed(open, undefined)
        const { number, signature } = given
        const statement = approvalOf({ ...open, issuer, credential: asked.credential.id, number })
        return isSignedBy(key, statement, bytesIn(signature)) ? closed(open, number) : undefined
      },
    },
  }
}

/** What the device shows, and signs as it was told. */
const detailsOf = ({ address, userAgent, destination }: ChallengeAbout, clock: Clock): string =>
  JSON.stringify({
    ...(destination === undefined ? {} : { destination }),
    address,
    user_agent: userAgent.slice(0, 512),
    at: clock.now(),
  })
