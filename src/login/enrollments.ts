import { randomToken } from '../base/bytes.ts'
import type { Clock, UnixSeconds } from '../base/clock.ts'
import type { Asked, Factor, Factors } from '../factors/contract.ts'
import type { ChallengeAbout } from '../model/challenge.ts'
import type { Credential, EnrollmentOffer } from '../model/factor.ts'
import { isFrozen, type User } from '../model/user.ts'
import type { CredentialRepository } from '../store/contract.ts'
import { type Challenges, factorOf } from './challenges.ts'

/** Authenticators that are being bound: at sign-in, on the account page, through the API. */
export interface Enrollments {
  /** Begins to bind an authenticator. It counts for nothing before its first proof. */
  begin(wish: EnrollmentBegin): Promise<EnrollmentBegun>
  /** What to show for an enrollment that was begun; `undefined` when it is over or somebody else's. */
  find(credentialId: string, user: User): Promise<Enrollment | undefined>
  /** Sends what has to be sent once more. */
  resend(enrollment: Enrollment, user: User): Promise<{ ok: true } | { ok: false; seconds: number }>
  /** Gives an enrollment up. */
  abandon(credentialId: string, user: User): Promise<void>
  /**
   * Takes what the other device says while it is being enrolled.
   *
   * @param handle By which the other device names the enrollment; may be hostile.
   * @returns The credential as it now stands.
   */
  join(kind: string, handle: string, answer: string): Promise<Credential | undefined>
}

export interface EnrollmentBegin {
  user: User
  kind: string
  /** A mail address or phone number, as typed. */
  target?: string
  about: ChallengeAbout
  /** Does an application do it, by the API? */
  byApplication?: boolean
}

export interface Enrollment extends Asked {
  offer: EnrollmentOffer
}

export type EnrollmentBegun =
  | { ok: true; credential: Credential }
  /** What was typed cannot be used: why, as a sentence. */
  | { ok: false; because: 'target'; message: string }
  /** The person has as many of this kind as one may have, or may not have it this way. */
  | { ok: false; because: 'too_many' | 'not_offered' }
  /** Nothing about the account changes until then. */
  | { ok: false; because: 'frozen'; until: UnixSeconds }
  | { ok: false; because: 'limit'; seconds: number }

export interface EnrollmentsDeps {
  challenges: Challenges
  clock: Clock
  credentials: CredentialRepository
  factors: Factors
}

const bindingOf = (credentialId: string) => `enrollment/${credentialId}`

export function createEnrollments(deps: EnrollmentsDeps): Enrollments {
  const { challenges, clock, credentials, factors } = deps

  const pendingOf = async (credentialId: string, user: User): Promise<Credential | undefined> => {
    const credential = await credentials.find(credentialId)
    const isOpen = credential?.state === 'pending' && credential.userId === user.id
    return isOpen && factors.has(credential.kind) ? credential : undefined
  }

  /** The open question; one without a message is put again when its time is up, which disturbs nobody. */
  const questionOf = async (credential: Credential, factor: Factor, user: User) => {
    const boundTo = bindingOf(credential.id)
    const found = await challenges.findBound(boundTo)
    const isOver = found?.state === 'expired' || found?.state === 'exhausted'
    if (!found || !isOver || factor.sends) return found
    const opened = await challenges.open({ credential, user, about: found.about, boundTo })
    return opened.ok ? opened.challenge : found
  }

  return {
    async begin({ user, kind, target, about, byApplication = false }) {
      const factor = factors.get(kind)
      const isOffered = factor && isOpenTo(factor, byApplication)
      if (!factor || !isOffered) return { ok: false, because: 'not_offered' }
      const { frozenUntil: until } = user
      if (until !== undefined && isFrozen(user, clock.now())) {
        return { ok: false, because: 'frozen', until }
      }
      const own = (await credentials.listByUser(user.id)).filter((it) => it.kind === kind)
      const others = own.filter(({ state }) => state !== 'pending')
      // Where there can be one only, the new one takes the place of the old.
      if (factor.most > 1 && others.length >= factor.most) return { ok: false, because: 'too_many' }

      const started = await factor.enroll(user, {
        others,
        ...(target === undefined ? {} : { target }),
      })
      if (!started.ok) return { ok: false, because: 'target', message: started.message }
      const { data, label, handle } = started
      const credential: Credential = {
        id: randomToken(16),
        userId: user.id,
        kind,
        label,
        ...(handle === undefined ? {} : { handle }),
        data,
        version: 1,
        state: 'pending',
        failures: 0,
        createdAt: clock.now(),
      }
      if (!(await credentials.insert(credential))) throw new Error(`${kind}: a handle came twice`)
      const opened = await challenges.open({
        credential,
        user,
        about,
        boundTo: bindingOf(credential.id),
      })
      if (opened.ok) return { ok: true, credential }
      await credentials.delete(credential.id, user.id)
      return { ok: false, because: 'limit', seconds: opened.seconds }
    },

    async find(credentialId, user) {
      const credential = await pendingOf(credentialId, user)
      if (!credential) return undefined
      const factor = factorOf(factors, credential.kind)
      const challenge = await questionOf(credential, factor, user)
      const asked = challenge ? { credential, challenge } : { credential }
      return { ...asked, offer: factor.offer(asked, user) }
    },

    async resend({ credential, challenge }, user) {
      if (!challenge) return { ok: true }
      const about = { ...challenge.about }
      const opened =
        challenge.state === 'pending' || challenge.state === 'expired'
          ? await challenges.resend(challenge, user)
          : await challenges.open({ credential, user, about, boundTo: bindingOf(credential.id) })
      return opened.ok ? { ok: true } : { ok: false, seconds: opened.seconds }
    },

    async abandon(credentialId, user) {
      const credential = await pendingOf(credentialId, user)
      if (credential) await credentials.delete(credentialId, user.id)
    },

    async join(kind, handle, answer) {
      const credential = await credentials.findByHandle(kind, handle)
      const join = factors.get(kind)?.remote?.join
      if (!join || credential?.state !== 'pending') return undefined
      const joined = await join(credential, answer)
      if (!joined) return undefined
      const { id, version } = credential
      if (!(await credentials.revise(id, version, joined))) return undefined
      return credentials.find(id)
    },
  }
}

const isOpenTo = ({ enrollable }: Factor, byApplication: boolean): boolean =>
  enrollable === 'by_application' ? byApplication : enrollable !== 'never'
