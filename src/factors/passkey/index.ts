import type { Clock } from '../../base/clock.ts'
import type { Log } from '../../base/log.ts'
import type { Credential, Verdict, Worth } from '../../model/factor.ts'
import type { Asked, Factor } from '../contract.ts'
import { createAdmission } from './admission.ts'
import { type Assertion, readAssertion, readAttestation } from './answer.ts'
import { type Asserted, checkAssertion, checkRegistration } from './ceremony.ts'
import type { PasskeyConfig } from './config.ts'
import { CHALLENGE_SECONDS, createDiscoveryChallenges } from './discovery.ts'
import { loadMetadata } from './metadata.ts'
import { factsOf, labelFor } from './naming.ts'
import { createOptions, type Descriptor, userHandleOf } from './options.ts'
import type { Site } from './site.ts'
import { isPasskey, kept, type Passkey, question } from './stored.ts'

export interface PasskeyDeps {
  config: PasskeyConfig
  site: Site
  /** For the challenges of sign-ins that begin with a passkey, and for nothing else. */
  key: Uint8Array
  clock: Clock
  log: Log
}

const WRONG: Verdict = { ok: false, reason: 'wrong' }

/**
 * Passkeys and security keys.
 *
 * @throws {OperatorError} when the metadata file cannot be used.
 * @see WebAuthn Level 3
 */
export function createPasskey({ config, site, key, clock, log }: PasskeyDeps): Factor {
  const metadata = config.metadata
    ? loadMetadata({ config: config.metadata, clock, log })
    : new Map<string, never>()
  const admission = createAdmission({ config, metadata, clock })
  const options = createOptions({ config, site, admission })
  const discovery = createDiscoveryChallenges({ key, clock })

  const register = async ({ credential, challenge }: Asked, answer: string): Promise<Verdict> => {
    const asked = question.safeParse(challenge?.data).data
    const given = readAttestation(answer)
    const before = kept.parse(credential.data)
    if (!asked || !given || isPasskey(before) || before.exclude.includes(given.id)) return WRONG
    const expected = {
      site,
      challenge: asked.options.challenge,
      verification: admission.verification,
    }
    const registered = await checkRegistration(given, expected, admission.conveyance !== 'none')
    if (!registered) return WRONG
    if (!admission.admits(registered)) return { ok: false, reason: 'not_admitted' }

    const { publicKey, counter, aaguid, verified, eligible, backedUp } = registered
    const model = admission.modelOf(aaguid)
    const data: Passkey = {
      publicKey: Buffer.from(publicKey).toString('base64url'),
      counter,
      transports: given.response.transports ?? [],
      aaguid,
      ...(model === undefined ? {} : { model }),
      attested: admission.conveyance !== 'none',
      eligible,
      backedUp,
      verifies: verified,
    }
    const carried = given.authenticatorAttachment === 'cross-platform' && !eligible
    const label = labelFor({ model, carried, taken: before.taken })
    return { ok: true, data, worth: worthOf(data, verified), handle: given.id, label }
  }

  /** What an answer has to agree with; or why it cannot. */
  const expectationOf = ({ challenge, browser }: Asked, given: Assertion): Expectation => {
    if (challenge) {
      const asked = question.safeParse(challenge.data).data
      return asked?.allow.includes(given.id)
        ? { ok: true, challenge: asked.options.challenge, verification: admission.verification }
        : { ok: false, verdict: WRONG }
    }
    // Nobody was known when this was asked: the answer itself has to say whose it is.
    if (browser === undefined || !given.response.userHandle) return { ok: false, verdict: WRONG }
    const { challenge: said } = given.client
    const recognition = discovery.recognize(said, browser)
    if (recognition === 'expired') return { ok: false, verdict: { ok: false, reason: 'expired' } }
    if (recognition === 'foreign') return { ok: false, verdict: WRONG }
    return { ok: true, challenge: said, verification: true, spends: [discovery.markOf(said)] }
  }

  const assert = async (asked: Asked, before: Passkey, answer: string): Promise<Verdict> => {
    const { credential } = asked
    const given = readAssertion(answer)
    if (!given || given.id !== credential.handle || !isOwn(given, credential)) return WRONG
    const expectation = expectationOf(asked, given)
    if (!expectation.ok) return expectation.verdict
    const { challenge, verification, spends = [] } = expectation
    const asserted = await checkAssertion(given, before, { site, challenge, verification })
    if (!asserted) return WRONG
    const warning = suspicion(before, asserted)
    if (warning) return { ok: false, reason: 'wrong', warning }
    const data = { ...before, counter: asserted.counter, backedUp: asserted.backedUp }
    return { ok: true, data, worth: worthOf(data, asserted.verified), spends }
  }

  return {
    kind: 'passkey',
    title: 'passkey',
    about:
      'Your fingerprint, your face or the PIN of your own device signs you in, and a forged page can do nothing with it. Set up a second one for the day on which the device is gone.',
    rank: 100,
    best: { amr: ['pop', 'hwk', 'swk', 'user'], phishingResistant: true, alone: true },
    guessable: false,
    most: 20,
    enrollable: 'first',

    worthOf({ data }) {
      const passkey = kept.parse(data)
      return isPasskey(passkey)
        ? worthOf(passkey, passkey.verifies)
        : { amr: [], phishingResistant: true, alone: false }
    },

    facts({ data, label }) {
      const passkey = kept.parse(data)
      return isPasskey(passkey) ? factsOf(passkey, label) : []
    },

    async enroll(_user, { others }) {
      const exclude = others.flatMap(({ handle }) => handle ?? [])
      const data = { exclude, taken: others.map(({ label }) => label) }
      return { ok: true, data, label: 'Passkey' }
    },

    offer: (asked) => ({ show: 'authenticator', options: optionsIn(asked) }),
    prompt: (asked) => ({ ask: 'authenticator', options: optionsIn(asked) }),

    async challenge({ credential, user, siblings }) {
      const data = kept.parse(credential.data)
      if (!isPasskey(data)) {
        const asked = await options.forEnrollment(user, data.exclude)
        return { data: { options: asked }, lifetimeSeconds: CHALLENGE_SECONDS }
      }
      const all = siblings.some(({ id }) => id === credential.id)
        ? siblings
        : [credential, ...siblings]
      const allow = all.flatMap(descriptorOf)
      const asked = await options.forProof(allow)
      return {
        data: { options: asked, allow: allow.map(({ id }) => id) },
        lifetimeSeconds: CHALLENGE_SECONDS,
      }
    },

    verify(asked, answer) {
      const data = kept.parse(asked.credential.data)
      return isPasskey(data) ? assert(asked, data, answer) : register(asked, answer)
    },

    remaining: (user, left) => ({
      rpId: site.rpId,
      userId: userHandleOf(user.id),
      allAcceptedCredentialIds: left.flatMap(({ handle }) => handle ?? []),
    }),

    discovery: {
      options: (browser) => options.forDiscovery(discovery.create(browser)),
      handleOf: (answer) => readAssertion(answer)?.id,
    },
  }
}

type Expectation =
  | { ok: true; challenge: string; verification: boolean; spends?: readonly Uint8Array[] }
  | { ok: false; verdict: Verdict }

/** @see RFC 8176: possession of a key, in hardware or synced; the presence of its user. */
const worthOf = ({ eligible, verifies }: Passkey, verified: boolean): Worth => ({
  amr: ['pop', eligible ? 'swk' : 'hwk', 'user'],
  phishingResistant: true,
  alone: verified && verifies,
})

/** Some authenticators keep no user handle; one that is given has to be the right one. */
const isOwn = ({ response: { userHandle } }: Assertion, { userId }: Credential): boolean =>
  !userHandle || userHandle === userHandleOf(userId)

/** What makes an answer suspect that is signed as it should be. */
function suspicion(before: Passkey, now: Asserted): string | undefined {
  // WebAuthn Level 3, 6.1.1: an authenticator that counts never shows a number twice; a copy does.
  const counts = before.counter > 0 || now.counter > 0
  if (counts && now.counter <= before.counter) return 'counter_went_back'
  // 6.1.3: whether a passkey may be copied is settled when it is made.
  return before.eligible === now.eligible ? undefined : 'backup_eligibility_changed'
}

function descriptorOf({ handle, data }: Credential): Descriptor[] {
  const passkey = kept.parse(data)
  return handle !== undefined && isPasskey(passkey)
    ? [{ id: handle, transports: passkey.transports }]
    : []
}

/** @throws when nothing was asked: whoever shows a question has asked it before. */
const optionsIn = ({ challenge }: Asked): object => question.parse(challenge?.data).options
