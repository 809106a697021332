import type { Audit } from '../../audit/record.ts'
import type { Clock } from '../../base/clock.ts'
import type { Factor, Factors } from '../../factors/contract.ts'
import type { Credential } from '../../model/factor.ts'
import type { SignedIn } from '../../model/session.ts'
import { type User, versionOf } from '../../model/user.ts'
import type { Sessions } from '../../session/sessions.ts'
import type { CredentialRepository } from '../../store/contract.ts'
import type { Enrollment } from '../enrollments.ts'
import type { Guesses } from '../guesses.ts'
import { type Problem, problemOf } from '../outcome.ts'
import { removeAuthenticator } from '../removal.ts'
import { proofsOf } from '../steps.ts'
import { type Origin, trailOf } from './origin.ts'

/** A person's ways to prove who they are, beside the password. */
export interface Authenticators {
  /** Those that are bound, oldest first; disabled ones too. */
  list(user: User): Promise<Authenticator[]>
  /** @param id From the address bar; may be hostile. */
  find(user: User, id: string): Promise<Authenticator | undefined>
  /** What may be bound, the recommended kind first. */
  offered(user: User): Promise<Factor[]>
  /** Takes the first answer of one that is being bound. It counts from then on. */
  confirm(at: SignedIn, enrollment: Enrollment, answer: string, from: Browser): Promise<Confirmed>
  /** @returns Why it cannot be called that, as a sentence. */
  rename(user: User, it: Authenticator, label: string, origin: Origin): Promise<string | undefined>
  /** What browsers are told of all that the person has left, so that they offer nothing else, as JSON. */
  remaining(user: User): Promise<object[]>
  /** What becomes of the account when it is gone. */
  lossOf(user: User, it: Authenticator): Promise<Loss>
  /** Lets one that was set aside count again. */
  restore(user: User, it: Authenticator, origin: Origin): Promise<void>
  /** Does it approve without a passkey, though the person has one that could be asked for? */
  canConfirm(user: User, it: Authenticator): Promise<boolean>
  /** Lets it ask for a passkey before it approves. @returns Whether it does now: that it no longer shall, only the passkey itself can say. */
  confirmApprovals(user: User, it: Authenticator, origin: Origin): Promise<boolean>
  /** Do other devices approve without a passkey once it is gone? */
  unconfirms(user: User, it: Authenticator): Promise<boolean>
  /** Removes it, and ends the other sessions that were proved with it. */
  remove(user: User, it: Authenticator, origin: Origin): Promise<void>
}

export interface Authenticator {
  credential: Credential
  factor: Factor
}

/** Where an answer comes from. */
export type Browser = Origin & { browser: string }

export type Confirmed =
  /** `token`: the session has risen by it, and has a new one. */
  { ok: true; token?: string } | { ok: false; problem: Problem }

/** `nothing`: only the password is left. `last_resort`: only codes that run out are left beside it. */
export type Loss = 'none' | 'last_resort' | 'nothing'

export interface AuthenticatorsDeps {
  audit: Audit
  clock: Clock
  credentials: CredentialRepository
  /** All that are switched on. */
  factors: Factors
  /** Does it take a pass to bind the very first? Then it is bound at sign-in, where a pass is asked for. */
  firstNeedsPass: boolean
  guesses: Pick<Guesses, 'enrollment'>
  sessions: Sessions
}

const LONGEST_LABEL = 60

export function createAuthenticators(deps: AuthenticatorsDeps): Authenticators {
  const { audit, credentials, factors, guesses, sessions } = deps

  const list: Authenticators['list'] = async ({ id }) =>
    (await credentials.listByUser(id)).flatMap((credential) => {
      const factor = factors.get(credential.kind)
      if (!factor || credential.state === 'pending') return []
      // A pass from an administrator opens the way to an authenticator, and is none.
      return factor.worthOf(credential).temporary ? [] : [{ credential, factor }]
    })

  /** A session that was proved by a password alone is two factors now, and so another one. */
  const raise = async ({ session, user }: SignedIn, given: Parameters<typeof proofsOf>[0]) => {
    const [proof] = proofsOf(given)
    if (!proof || session.aal === 2) return {}
    const { id, userId, remembered: remember, address, userAgent } = session
    const start = { userId, proof, remember, address, userAgent, replaces: id }
    const issued = await sessions.issue({ ...start, ...versionOf(user) })
    return issued ? { token: issued.token } : {}
  }

  const unconfirms: Authenticators['unconfirms'] = async (user, { credential: { id } }) => {
    const own = await list(user)
    const isIts = own.find(({ credential }) => credential.id === id)
    const others = own.filter(({ credential }) => credential.id !== id)
    return (
      isIts !== undefined &&
      tellsHolder(isIts) &&
      !others.some(tellsHolder) &&
      others.some(({ credential, factor }) => factor.remote?.device(credential).confirms === true)
    )
  }

  const canConfirm: Authenticators['canConfirm'] = async (user, { credential, factor }) =>
    factor.remote?.hear !== undefined &&
    !factor.remote.device(credential).confirms &&
    (await list(user)).some((it) => it.credential.state === 'active' && tellsHolder(it))

  return {
    list,

    async find(user, id) {
      return (await list(user)).find(({ credential }) => credential.id === id)
    },

    async offered(user) {
      const own = await list(user)
      if (own.length === 0 && deps.firstNeedsPass) return []
      const held = (kind: string) => own.filter(({ factor }) => factor.kind === kind).length
      const hasAny = own.some(({ factor }) => !factor.lastResort)
      return [...factors.values()]
        .filter(({ enrollable }) => enrollable === 'first' || (enrollable === 'later' && hasAny))
        .filter(({ kind, most }) => most === 1 || held(kind) < most)
        .sort((a, b) => b.rank - a.rank)
    },

    async confirm(at, enrollment, answer, from) {
      const { session } = at
      // Whoever has proved only a password binds the first one, and never one beside it.
      const as = session.aal === 2 ? 'further' : 'first'
      if (as === 'first' && deps.firstNeedsPass) {
        return { ok: false, problem: { kind: 'not_admitted' } }
      }
      const guess = guesses.enrollment(enrollment, answer, from, as)
      const seconds = await guess.take()
      if (seconds > 0) return { ok: false, problem: { kind: 'wait', seconds } }
      const checked = await guess.check()
      if (!checked.ok) return { ok: false, problem: problemOf(checked) }
      const proved = checked.proof ? [checked.proof] : []
      return { ok: true, ...(checked.proof ? await raise(at, { session, proved }) : {}) }
    },

    async rename(user, { credential: { id, kind, label: before } }, typed, origin) {
      const label = typed.trim()
      if (label === '' || label.length > LONGEST_LABEL || /\p{C}/u.test(label)) return BAD_LABEL
      if (label === before || !(await credentials.rename(id, user.id, label))) return undefined
      trailOf(audit, user.id, origin)('factor.changed', { kind, label, before })
      return undefined
    },

    async remaining(user) {
      const own = (await credentials.listByUser(user.id)).filter(({ state }) => state !== 'pending')
      return [...factors.values()].flatMap(({ kind, remaining }) => {
        const ofKind = own.filter((it) => it.kind === kind)
        return remaining?.(user, ofKind) ?? []
      })
    },

    async lossOf(user, { credential: { id } }) {
      const left = (await list(user)).filter((it) => it.credential.id !== id)
      const active = left.filter(({ credential }) => credential.state === 'active')
      if (active.some(({ factor }) => !factor.lastResort)) return 'none'
      return active.length > 0 ? 'last_resort' : 'nothing'
    },

    unconfirms,
    canConfirm,

    async confirmApprovals(user, it, origin) {
      if (!(await canConfirm(user, it))) return false
      const { credential, factor } = it
      const { id, kind, label, version } = credential
      const change = await factor.remote?.hear?.(credential, JSON.stringify({ confirms: true }))
      if (!change || !(await credentials.revise(id, version, change))) return false
      trailOf(audit, user.id, origin)('factor.changed', { kind, label, confirms: true })
      return true
    },

    async restore(user, { credential: { id, kind, label } }, origin) {
      if (!(await credentials.restore(id, user.id))) return
      trailOf(audit, user.id, origin)('factor.restored', { kind, label })
    },

    async remove(user, it, origin) {
      const { credential } = it
      const unconfirmed = (await unconfirms(user, it)) ? { unconfirmed: true } : {}
      const ended = await removeAuthenticator(deps, credential, origin.sessionId)
      if (ended === undefined) return
      const { kind, label } = credential
      const details = { kind, label, sessions: ended, ...unconfirmed }
      trailOf(audit, user.id, origin)('factor.removed', details)
    },
  }
}

/** Does it tell by itself who holds it? */
const tellsHolder = ({ credential, factor }: Authenticator): boolean =>
  factor.worthOf(credential).alone

const BAD_LABEL = `Please use at most ${LONGEST_LABEL} printable characters.`
