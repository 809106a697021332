import * as z from 'zod'
import { randomToken } from '../../base/bytes.ts'
import type { Clock } from '../../base/clock.ts'
import type { ChallengeAbout } from '../../model/challenge.ts'
import type { Credential, Verdict, Worth } from '../../model/factor.ts'
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
import type { Asked, Factor } from '../contract.ts'
import { type Attestation, createAttestation } from './attestation.ts'
import type { DeviceKeyConfig } from './config.ts'
import { approvalOf, introductionOf, isSignedBy, publicKeyFrom, spki } from './statement.ts'

export interface DeviceKeyDeps {
  config: DeviceKeyConfig
  clock: Clock
  /** The portal's address, which every signature is about. */
  home: URL
}

/** Seconds in which an app must introduce its key. */
const INTRODUCTION_SECONDS = 600
const MAX_NAME_CHARACTERS = 64

const stored = z.discriminatedUnion('stage', [
  z.strictObject({ stage: z.literal('invited'), nonce: z.string(), until: z.int() }),
  z.strictObject({
    stage: z.literal('bound'),
    /** SPKI, in base64. */
    key: z.string(),
    /** Where the device proved that it lives; absent where it was taken at its word. */
    level: z.enum(['software', 'tee', 'strongbox']).optional(),
  }),
])

type Stored = z.output<typeof stored>

/** What a challenge keeps: the question, and what goes into the signature beside the number. */
const asking = approval.extend({ nonce: z.string(), details: z.string() })

const base64 = z
  .string()
  .max(16_384)
  .regex(/^[A-Za-z0-9+/_-]*={0,2}$/)
const bytesIn = (text: string): Buffer => Buffer.from(text, 'base64')

const introducing = z.strictObject({
  public_key: z.union([
    base64,
    z.object({ kty: z.literal('EC'), crv: z.literal('P-256'), x: z.string(), y: z.string() }),
  ]),
  signature: base64,
  secret_hash: z.string().regex(/^[A-Za-z0-9_-]{43}$/),
  name: z.string().min(1).max(MAX_NAME_CHARACTERS).optional(),
  attestation: z.array(base64).max(8).optional(),
})

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
  const attestation =
    config.android_attestation &&
    createAttestation({ config: config.android_attestation, now: clock.now })

  const introduced = (
    { id: credential, data }: Credential,
    answer: string,
  ): Extract<Verdict, { ok: true }> | 'wrong' | 'not_admitted' => {
    const it = stored.parse(data)
    const { data: given } = introducing.safeParse(parsed(answer))
    const key = given && publicKeyFrom(given.public_key)
    if (it.stage !== 'invited' || !given || !key) return 'wrong'
    const { nonce } = it
    const statement = introductionOf({ issuer, credential, nonce, handle: given.secret_hash, key })
    if (!isSignedBy(key, statement, bytesIn(given.signature))) return 'wrong'
    const level = levelOf(attestation, key, nonce, given.attestation)
    if (level === 'refused') return 'not_admitted'
    const bound: Stored = {
      stage: 'bound',
      key: spki(key).toString('base64'),
      ...(level === undefined ? {} : { level }),
    }
    const { secret_hash: handle, name } = given
    return {
      ok: true,
      data: bound,
      worth: worthOf(bound),
      handle,
      ...(name ? { label: name } : {}),
    }
  }

  return {
    kind: 'device_key',
    title: 'fingerprint or face in an app',
    about:
      'An app on your device signs after it has seen your finger or face, so a stolen password is not enough. It does not protect you on a copy of this site that passes everything on.',
    rank: 40,
    sends: true,
    best: { amr: ['pop', 'hwk', 'user'], phishingResistant: false, alone: false },
    most: 5,
    enrollable: 'by_application',

    worthOf: ({ data }) => worthOf(stored.parse(data)),
    facts({ data }) {
      const it = stored.parse(data)
      if (it.stage !== 'bound') return ['not set up yet']
      return [it.level === undefined ? 'taken at its word' : LEVEL_WORDS[it.level]]
    },

    async enroll() {
      const until = clock.now() + INTRODUCTION_SECONDS
      const data: Stored = { stage: 'invited', nonce: randomToken(32), until }
      return { ok: true, data, label: 'Device' }
    },

    // For an app, which makes of it what a browser makes of options for a passkey.
    offer({ credential }) {
      const it = stored.parse(credential.data)
      const nonce = it.stage === 'invited' ? it.nonce : ''
      return { show: 'authenticator', options: { issuer, credential: credential.id, nonce } }
    },

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
      if (clock.now() >= it.until) return { ok: false, reason: 'expired' }
      const verdict = introduced(asked.credential, answer)
      return typeof verdict === 'string' ? { ok: false, reason: verdict } : verdict
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

const LEVEL_WORDS = {
  software: 'kept by the system',
  tee: 'kept in hardware',
  strongbox: 'kept in a chip of its own',
} as const

// RFC 8176. That a key lives in hardware is said only where the device has proved it.
function worthOf(it: Stored): Worth {
  const isProved = it.stage === 'bound' && it.level !== undefined && it.level !== 'software'
  const amr = isProved ? ['pop', 'hwk', 'user'] : ['pop', 'user']
  return { amr, phishingResistant: false, alone: false }
}

function levelOf(
  attestation: Attestation | undefined,
  key: Parameters<Attestation['check']>[0],
  nonce: string,
  chain: readonly string[] | undefined,
): ReturnType<Attestation['check']> | 'refused' {
  if (!attestation) return undefined
  if (!chain) return attestation.required ? 'refused' : undefined
  const challenge = Buffer.from(nonce, 'base64url')
  return attestation.check(key, challenge, chain.map(bytesIn)) ?? 'refused'
}

function keyOf({ credential }: Asked) {
  const it = stored.parse(credential.data)
  return it.stage === 'bound' ? publicKeyFrom(it.key) : undefined
}

/** What the device shows, and signs as it was told. */
const detailsOf = ({ address, userAgent, destination }: ChallengeAbout, clock: Clock): string =>
  JSON.stringify({
    ...(destination === undefined ? {} : { destination }),
    address,
    user_agent: userAgent.slice(0, 512),
    at: clock.now(),
  })
