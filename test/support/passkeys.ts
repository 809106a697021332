import { randomBytes } from 'node:crypto'
import { silentLog } from '../../src/base/log.ts'
import type { Asked, Factor } from '../../src/factors/contract.ts'
import { passkeyConfig } from '../../src/factors/passkey/config.ts'
import { createPasskey } from '../../src/factors/passkey/index.ts'
import { siteOf } from '../../src/factors/passkey/site.ts'
import type { Challenge } from '../../src/model/challenge.ts'
import type { Credential, Verdict } from '../../src/model/factor.ts'
import type { User } from '../../src/model/user.ts'
import type { Store } from '../../src/store/contract.ts'
import {
  type AuthenticatorTraits,
  type CeremonyOptions,
  createAuthenticator,
  type SoftAuthenticator,
  type SpokenAnswer,
  type Tampering,
} from './authenticator.ts'
import { aCredential, aUser, NOON } from './builders.ts'
import { type StillClock, stillClock } from './still-clock.ts'

/** Where the tests of passkeys take place. */
export const PORTAL = { url: new URL('https://auth.gw.test/'), name: 'Gatehouse' }
export const BROWSER = randomBytes(32).toString('base64url')

/** The factor on its own, with what a caller would keep for it. */
export interface PasskeyBench {
  factor: Factor
  clock: StillClock
  user: User
  /** Begins an enrollment, and asks for the new authenticator. */
  beginEnrollment(others?: readonly Credential[]): Promise<Asked & Begun>
  /** Asks for a proof by one of a person's passkeys. */
  ask(credential: Credential, siblings?: readonly Credential[]): Promise<Asked & Begun>
  /** Asks whoever is there. */
  discover(browser?: string): Promise<CeremonyOptions>
  /** Enrolls an authenticator. */
  enroll(authenticator?: SoftAuthenticator): Promise<Credential>
}

interface Begun {
  challenge: Challenge
  options: CeremonyOptions
}

/** @param written The configuration as an operator writes it. */
export function passkeyBench(
  written: object = {},
  given: { log?: typeof silentLog; user?: User } = {},
) {
  const clock = stillClock()
  const { user = aUser() } = given
  const config = passkeyConfig.parse(written)
  const factor = createPasskey({
    config,
    site: siteOf(config, PORTAL),
    key: randomBytes(32),
    clock,
    log: given.log ?? silentLog,
  })

  const put = async (credential: Credential, siblings: readonly Credential[]) => {
    const about = { address: '192.0.2.1', userAgent: 'test' }
    const started = await factor.challenge?.({ credential, user, about, siblings })
    if (!started) throw new Error('nothing was asked')
    const challenge = aChallenge(credential, JSON.parse(JSON.stringify(started.data)))
    return { credential, challenge }
  }

  const bench: PasskeyBench = {
    factor,
    clock,
    user,

    async beginEnrollment(others = []) {
      const begun = await factor.enroll(user, { others })
      if (!begun.ok) throw new Error(begun.message)
      const { data, label } = begun
      const credential = aCredential({
        userId: user.id,
        kind: 'passkey',
        state: 'pending',
        data,
        label,
      })
      const asked = await put(credential, others)
      const offer = factor.offer(asked, user)
      if (offer.show !== 'authenticator') throw new Error(`shows ${offer.show}`)
      return { ...asked, options: offer.options as CeremonyOptions }
    },

    async ask(credential, siblings = [credential]) {
      const asked = await put(credential, siblings)
      const prompt = factor.prompt(asked)
      if (prompt.ask !== 'authenticator') throw new Error(`asks ${prompt.ask}`)
      return { ...asked, options: prompt.options as CeremonyOptions }
    },

    async discover(browser = BROWSER) {
      return (await factor.discovery?.options(browser)) as CeremonyOptions
    },

    async enroll(authenticator = createAuthenticator()) {
      const { options, ...asked } = await bench.beginEnrollment()
      const verdict = await factor.verify(asked, spoken(authenticator.create(options)))
      return bound(asked.credential, verdict)
    },
  }
  return bench
}

export const spoken = (answer: SpokenAnswer | object): string => JSON.stringify(answer)

/** What a caller makes of an enrollment that went well. */
export function bound(credential: Credential, verdict: Verdict): Credential {
  if (!verdict.ok) throw new Error(`refused: ${verdict.reason}`)
  const { data, handle, label } = verdict
  return {
    ...credential,
    state: 'active',
    data: JSON.parse(JSON.stringify(data)),
    ...(handle === undefined ? {} : { handle }),
    ...(label === undefined ? {} : { label }),
  }
}

/** The options that a page hands to its script. */
export function optionsOn(html: string): CeremonyOptions {
  const [, written] = /data-options="([^"]*)"/.exec(html) ?? []
  if (written === undefined) throw new Error(`no passkey is asked for: ${html.slice(0, 300)}`)
  return JSON.parse(
    written.replaceAll('&quot;', '"').replaceAll('&#39;', "'").replaceAll('&amp;', '&'),
  )
}

/** Puts a passkey of a user on file, as if it had been enrolled long ago. */
export async function addPasskey(
  store: Store,
  user: User,
  authenticator: SoftAuthenticator,
): Promise<Credential> {
  const credential = await passkeyBench({}, { user }).enroll(authenticator)
  await store.credentials.insert(credential)
  return credential
}

/** Enrolls with whatever differs from an honest ceremony. */
export async function enrollWith(
  bench: PasskeyBench,
  traits: AuthenticatorTraits,
  tampering: Tampering = {},
): Promise<Verdict> {
  const { options, ...asked } = await bench.beginEnrollment()
  return bench.factor.verify(asked, spoken(createAuthenticator(traits).create(options, tampering)))
}

const aChallenge = (credential: Credential, data: unknown): Challenge => ({
  id: randomBytes(16).toString('base64url'),
  userId: credential.userId,
  credentialId: credential.id,
  kind: 'passkey',
  boundTo: 'attempt/1',
  state: 'pending',
  data,
  about: { address: '192.0.2.1', userAgent: 'test' },
  failures: 0,
  sends: 1,
  delivery: 'none',
  resendAt: NOON,
  createdAt: NOON,
  expiresAt: NOON + 300,
  version: 1,
})
