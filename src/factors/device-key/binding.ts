import type { KeyObject } from 'node:crypto'
import * as z from 'zod'
import { randomToken } from '../../base/bytes.ts'
import type { Clock } from '../../base/clock.ts'
import type { Credential, Verdict, Worth } from '../../model/factor.ts'
import type { Asked, Factor } from '../contract.ts'
import { type Attestation, createAttestation } from './attestation.ts'
import type { AttestationConfig } from './config.ts'
import { introductionOf, isSignedBy, publicKeyFrom, spki } from './statement.ts'

/** Seconds in which an app must introduce its key. */
export const INTRODUCTION_SECONDS = 600
const MAX_NAME_CHARACTERS = 64

/** What is kept of a key, before and after its introduction. */
export const stored = z.discriminatedUnion('stage', [
  z.strictObject({ stage: z.literal('invited'), nonce: z.string(), until: z.int() }),
  z.strictObject({
    stage: z.literal('bound'),
    /** SPKI, in base64. */
    key: z.string(),
    /** Where the device proved that it lives; absent where it was taken at its word. */
    level: z.enum(['software', 'tee', 'strongbox']).optional(),
  }),
])

export type Stored = z.output<typeof stored>

/** Bytes as apps write them; either alphabet, with or without padding. */
export const base64 = z
  .string()
  .max(16_384)
  .regex(/^[A-Za-z0-9+/_-]*={0,2}$/)

export const bytesIn = (text: string): Buffer => Buffer.from(text, 'base64')

/** How an app introduces its key. */
export const introduction = z.strictObject({
  public_key: z.union([
    base64,
    z.object({ kty: z.literal('EC'), crv: z.literal('P-256'), x: z.string(), y: z.string() }),
  ]),
  signature: base64,
  /** SHA-256 of the secret by which the app shows itself later on; absent where it has none. */
  secret_hash: z
    .string()
    .regex(/^[A-Za-z0-9_-]{43}$/)
    .optional(),
  name: z.string().min(1).max(MAX_NAME_CHARACTERS).optional(),
  attestation: z.array(base64).max(8).optional(),
})

export type Introducing = z.output<typeof introduction>

/** Binds keys of apps: by a signature over what was asked of them, and by proof of where they live. */
export interface Binding extends Pick<Factor, 'enroll' | 'offer'> {
  /** @param given What the app said; `undefined` when it was no introduction. */
  introduced(credential: Credential, it: Invited, given: Introducing | undefined): Verdict
}

type Invited = Extract<Stored, { stage: 'invited' }>

export interface BindingDeps {
  attestation: AttestationConfig | undefined
  clock: Clock
  /** Whom every signature is made for. */
  issuer: string
}

/** @throws {OperatorError} when a file that the configuration names cannot be used. */
export function createBinding({ attestation: wanted, clock, issuer }: BindingDeps): Binding {
  const attestation = wanted && createAttestation({ config: wanted, now: clock.now })

  return {
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

    introduced({ id: credential }, { nonce, until }, given) {
      if (clock.now() >= until) return { ok: false, reason: 'expired' }
      const key = given && publicKeyFrom(given.public_key)
      if (!given || !key) return { ok: false, reason: 'wrong' }
      const { secret_hash: handle, name } = given
      const statement = introductionOf({ issuer, credential, nonce, handle: handle ?? '', key })
      if (!isSignedBy(key, statement, bytesIn(given.signature))) {
        return { ok: false, reason: 'wrong' }
      }
      const level = levelOf(attestation, key, nonce, given.attestation)
      if (level === 'refused') return { ok: false, reason: 'not_admitted' }
      const bound: Stored = {
        stage: 'bound',
        key: spki(key).toString('base64'),
        ...(level === undefined ? {} : { level }),
      }
      return {
        ok: true,
        data: bound,
        worth: worthOf(bound),
        ...(handle === undefined ? {} : { handle }),
        ...(name ? { label: name } : {}),
      }
    },
  }
}

const LEVEL_WORDS = {
  software: 'kept by the system',
  tee: 'kept in hardware',
  strongbox: 'kept in a chip of its own',
} as const

/** What tells one key from others, for the person. */
export function factsOf(it: Stored): readonly string[] {
  if (it.stage !== 'bound') return ['not set up yet']
  return [it.level === undefined ? 'taken at its word' : LEVEL_WORDS[it.level]]
}

/** @see RFC 8176. That a key lives in hardware is said only where the device has proved it. */
export function worthOf(it: Stored): Worth {
  const isProved = it.stage === 'bound' && it.level !== undefined && it.level !== 'software'
  const amr = isProved ? ['pop', 'hwk', 'user'] : ['pop', 'user']
  return { amr, phishingResistant: false, alone: false }
}

function levelOf(
  attestation: Attestation | undefined,
  key: KeyObject,
  nonce: string,
  chain: readonly string[] | undefined,
): ReturnType<Attestation['check']> | 'refused' {
  if (!attestation) return undefined
  if (!chain) return attestation.required ? 'refused' : undefined
  const challenge = Buffer.from(nonce, 'base64url')
  return attestation.check(key, challenge, chain.map(bytesIn)) ?? 'refused'
}

/** The key that is bound; `undefined` before that. */
export function keyOf({ credential }: Pick<Asked, 'credential'>): KeyObject | undefined {
  const it = stored.parse(credential.data)
  return it.stage === 'bound' ? publicKeyFrom(it.key) : undefined
}
