import type { Audit } from '../audit/record.ts'
import type { Clock } from '../base/clock.ts'
import type { Asked, Factor } from '../factors/contract.ts'
import type { Credential, Verdict, VerdictReason } from '../model/factor.ts'
import type { CredentialRepository } from '../store/contract.ts'
import { type Challenges, TRIES_PER_CHALLENGE } from './challenges.ts'
import type { BoundAs, Checked } from './guess.ts'
import { FAILURES_THAT_DISABLE } from './limits.ts'

export interface JudgeDeps {
  audit: Audit
  challenges: Challenges
  clock: Clock
  credentials: CredentialRepository
}

export type Judge = ReturnType<typeof createJudge>

/** What becomes of authenticators, of questions and of the trail once an answer was looked at. */
export function createJudge({ audit, challenges, clock, credentials }: JudgeDeps) {
  const throttled = (
    seconds: number,
    userId: string | undefined,
    address: string,
    factor: string,
  ): number => {
    if (seconds > 0) {
      audit.record({
        name: 'login.throttled',
        ...(userId ? { userId } : {}),
        address,
        details: { seconds, factor },
      })
    }
    return seconds
  }

  const refused = (
    reason: VerdictReason | 'exhausted',
    what: string,
    userId: string | undefined,
    address: string,
  ): Checked => {
    const details = { factor: what, reason }
    audit.record({ name: 'login.refused', ...(userId ? { userId } : {}), address, details })
    return { ok: false, reason }
  }

  /** Only what can be hit upon is counted: garbage for a key must not cost its owner the key. */
  const countFailure = async (
    { id, kind, userId }: Credential,
    { guessable }: Factor,
    address: string,
  ) => {
    const state = guessable && (await credentials.recordFailure(id, FAILURES_THAT_DISABLE))
    if (state === 'disabled')
      audit.record({ name: 'factor.disabled', userId, address, details: { kind } })
  }

  /** What becomes of the credential and of the trail when an answer is not right. */
  const fail = async (
    { credential, challenge }: Asked,
    verdict: Extract<Verdict, { ok: false }>,
    address: string,
    factor: Factor,
  ): Promise<Checked> => {
    const { kind, userId } = credential
    const { reason, warning } = verdict
    if (warning) {
      audit.record({ name: 'factor.suspect', userId, address, details: { kind, warning } })
    }
    if (reason === 'wrong' || reason === 'used') await countFailure(credential, factor, address)
    if (challenge && challenge.failures >= TRIES_PER_CHALLENGE && reason !== 'pending') {
      await challenges.exhaust(challenge)
      return refused('exhausted', kind, userId, address)
    }
    return reason === 'pending' ? { ok: false, reason } : refused(reason, kind, userId, address)
  }

  /** Stores what a right answer makes of all that it touches; whoever is second with it has used it already. */
  const accept = async (
    { credential, challenge }: Asked,
    verdict: Extract<Verdict, { ok: true }>,
    { address, factor, as }: { address: string; factor: Factor; as: BoundAs },
  ): Promise<Checked> => {
    const { id, kind, userId, version } = credential
    const at = clock.now()
    const { data, handle, label, spends, worth } = verdict
    const proved = worth ? { proved: { credentialId: id, amr: worth.amr, at } } : {}
    // Stored before it counts; whoever comes second with the same answer finds another version.
    const accepted = await credentials.accept({
      id,
      version,
      data,
      at,
      ...(handle === undefined ? {} : { handle }),
      ...(label === undefined ? {} : { label }),
      ...(spends === undefined ? {} : { spends }),
      ...(challenge ? { challenge: { ...challenge, ...proved } } : {}),
      onlyAsFirst: as === 'first',
      insteadOfOthers: as !== 'bound' && factor.most === 1,
      // Others may have been bound since this one was begun.
      ...(as !== 'bound' && factor.most > 1 ? { atMost: factor.most } : {}),
    })
    // An approval is fetched by whoever waits: all of them ask, and one is the first.
    if (!accepted && factor.remote && as === 'bound') return { ok: false, reason: 'used' }
    if (!accepted) return refused('used', kind, userId, address)
    if (worth?.temporary) await credentials.delete(id, userId)
    const proven = label === undefined ? credential : { ...credential, label }
    if (!worth) return { ok: true, credential: proven }
    const enrolled = as === 'bound' ? {} : { enrolled: true }
    const proof = { ...worth, at, credentialId: id, ...enrolled }
    return { ok: true, credential: proven, proof }
  }

  return { accept, countFailure, fail, refused, throttled }
}
