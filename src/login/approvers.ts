import type { Audit } from '../audit/record.ts'
import { sha256 } from '../base/bytes.ts'
import type { Clock } from '../base/clock.ts'
import type { Signals } from '../base/signals.ts'
import type { Directory } from '../directories/contract.ts'
import type { Factors, RemoteAnswers, RemoteDevice, RemoteQuestion } from '../factors/contract.ts'
import type { Challenge, ChallengeAbout } from '../model/challenge.ts'
import type { Credential } from '../model/factor.ts'
import { isFrozen, type User } from '../model/user.ts'
import type { CredentialRepository } from '../store/contract.ts'
import type { Browser } from './account/authenticators.ts'
import { trailOf } from './account/origin.ts'
import { type Challenges, factorOf, type Responded } from './challenges.ts'
import type { Enrollments } from './enrollments.ts'
import type { Source } from './guess.ts'
import type { Guesses } from './guesses.ts'
import { standingOf } from './questions.ts'
import { questionsTo } from './watch.ts'

/** Other devices of people, which answer for sign-ins that were begun elsewhere. */
export interface Approvers {
  /**
   * The devices that secrets belong to, in their order.
   *
   * @param secrets Kept by a browser in its cookie or by an app; may be hostile.
   * @returns None of a person who may not sign in, and none that was removed.
   */
  known(secrets: readonly string[]): Promise<Approver[]>
  /** Where an invitation stands. @param invitation From a link; may be hostile. */
  invitation(invitation: string): Promise<'open' | 'expired' | 'used'>
  /**
   * Lets a device take an invitation up. It answers for nothing yet: the number that it shows has to be
   * typed where it was invited.
   *
   * @returns Whether it was let in: exactly one device is.
   */
  join(invitation: string, device: JoiningDevice): Promise<boolean>
  /** Questions that are put to a device at this moment, oldest first. */
  requestsTo(approver: Approver): Promise<ApprovalRequest[]>
  /** One of them. @param id From the address bar; may be hostile. */
  requestFor(approvers: readonly Approver[], id: string): Promise<ApprovalRequest | undefined>
  /** What has become of a question that was put to one of these devices; `undefined` when it never was. */
  outcomeFor(approvers: readonly Approver[], id: string): Promise<ApprovalOutcome | undefined>
  /** Answers a question. @param answer JSON, made by us or by an app; may be hostile. */
  answer(request: ApprovalRequest, answer: string): Promise<Responded>
  /**
   * Approves by the number that was found again, and by whoever holds the device where it asks for them.
   *
   * @param approval As it was sent; may be hostile. `holder` answers what {@link askHolder} asked about this
   * very question, and is used up by it.
   */
  approve(request: ApprovalRequest, approval: Approval, from: Source): Promise<Approved>
  /** Has whoever holds the device to show who they are before it approves anything? */
  holderOf(approver: Approver): Promise<HolderCheck>
  /** Takes what a device says about itself. @returns Whether it was understood. */
  hear(approver: Approver, message: string): Promise<boolean>
  /**
   * Asks whoever holds the device who they are. The answer counts for one thing alone: for the question
   * that is given, as it is shown; without one, for a change to the device.
   *
   * @returns Options for the browser, as JSON; `undefined` where the person has nothing that could tell.
   */
  askHolder(
    approver: Approver,
    asking: { about: ChallengeAbout; browser: string; request?: ApprovalRequest },
  ): Promise<object | undefined>
  /**
   * Lets the device ask for a passkey before it approves anything, or no longer. Either takes the passkey.
   *
   * @param change As it was sent; may be hostile.
   */
  setConfirms(approver: Approver, change: ConfirmsChange, from: Browser): Promise<ConfirmsChanged>
}

/** A device, whose it is, and what it may know of itself. */
export interface Approver {
  credential: Credential
  user: User
  device: RemoteDevice
}

/** A question that a device may answer. */
export interface ApprovalRequest {
  approver: Approver
  challenge: Challenge
  question: RemoteQuestion
}

/**
 * `none`: the person has no passkey, or has said with it that none is to be asked for. `lost`: they have one that
 * counts no more, and nobody but they may make less of it than it was.
 */
export type HolderCheck = 'none' | 'passkey' | 'lost'

export interface Approval {
  number: string
  holder: string
}

export interface ConfirmsChange {
  confirms: boolean
  /** Answers what {@link Approvers.askHolder} asked without a question. */
  answer: string
}

/** `frozen`: somebody has said "this was not me", and nothing about the account changes for a day. */
export type ConfirmsChanged = 'changed' | 'unproved' | 'frozen'

/** `unconfirmed`: it was not shown who holds the device, and nothing was approved. */
export type Approved = Responded | 'unconfirmed'

export type ApprovalOutcome = 'approved' | 'denied' | 'over'

/** What a device says of itself as it takes an invitation up. */
export interface JoiningDevice {
  /** Made by us, kept by the device alone. */
  secret: string
  userAgent: string
  /** Where notifications go, as the browser wrote it; may be hostile. */
  subscription?: string
}

export interface ApproversDeps {
  audit: Audit
  clock: Clock
  challenges: Challenges
  credentials: CredentialRepository
  directory: Directory
  enrollments: Enrollments
  factors: Factors
  guesses: Guesses
  signals: Signals
}

/** 32 bytes in base64url: whatever else is asked for needs no look-up. */
const SECRET = /^[A-Za-z0-9_-]{43}$/

const handleOf = (secret: string): string => sha256(secret).toString('base64url')

export function createApprovers(deps: ApproversDeps): Approvers {
  const { audit, clock, challenges, credentials, directory, enrollments } = deps
  const { factors, guesses, signals } = deps
  const remotes = [...factors.values()].flatMap(({ kind, remote }) =>
    remote ? [{ kind, remote }] : [],
  )

  const find = async (secret: string) => {
    if (!SECRET.test(secret)) return undefined
    for (const { kind, remote } of remotes) {
      const credential = await credentials.findByHandle(kind, handleOf(secret))
      if (credential) return { credential, remote }
    }
    return undefined
  }

  const approverOf = async (secret: string): Promise<Approver[]> => {
    const found = await find(secret)
    if (!found || found.credential.state === 'disabled') return []
    const { credential, remote } = found
    const user = await directory.find(credential.userId)
    if (user?.status !== 'active') return []
    return [{ credential, user, device: remote.device(credential) }]
  }

  const remoteOf = ({ credential }: Approver): RemoteAnswers | undefined =>
    factorOf(factors, credential.kind).remote

  const asRequest = (approver: Approver, challenge: Challenge): ApprovalRequest[] => {
    const { credential } = approver
    const question = remoteOf(approver)?.question({ credential, challenge })
    return question ? [{ approver, challenge, question }] : []
  }

  /** Passkeys that are two factors by themselves, and so tell who holds a device; disabled ones too. */
  const holdersKeys = async (userId: string): Promise<Credential[]> =>
    (await credentials.listByUser(userId)).filter(
      (it) => it.state !== 'pending' && factors.get(it.kind)?.worthOf(it).alone === true,
    )

  const holderOf = async ({ device, user }: Approver): Promise<HolderCheck> => {
    if (!device.confirms) return 'none'
    const keys = await holdersKeys(user.id)
    if (keys.length === 0) return 'none'
    return keys.some(isActive) ? 'passkey' : 'lost'
  }

  const provesHolder = async (
    boundTo: string,
    { user }: Approver,
    answer: string,
    from: Source,
  ) => {
    const challenge = await challenges.findBound(boundTo)
    const factor = challenge && factors.get(challenge.kind)
    const handle = factor?.discovery?.handleOf(answer)
    if (!factor || handle === undefined) return false
    const key = await credentials.findByHandle(factor.kind, handle)
    if (key?.userId !== user.id || key.state !== 'active') return false
    const guess = guesses.proof({ credential: key, challenge }, answer, from)
    if ((await guess.take()) > 0) return false
    const checked = await guess.check()
    return checked.ok && checked.proof?.alone === true
  }

  const answer: Approvers['answer'] = ({ approver, challenge }, said) =>
    challenges.respond(challenge.id, approver.credential, said)

  const hear: Approvers['hear'] = async (approver, message) => {
    const { credential } = approver
    const change = await remoteOf(approver)?.hear?.(credential, message)
    return change ? credentials.revise(credential.id, credential.version, change) : false
  }

  return {
    known: async (secrets) => (await Promise.all(secrets.map(approverOf))).flat(),

    async invitation(invitation) {
      const found = await find(invitation)
      if (found?.credential.state !== 'pending') return 'used'
      const { credential } = found
      const verdict = await factorOf(factors, credential.kind).verify({ credential }, '')
      return !verdict.ok && verdict.reason === 'expired' ? 'expired' : 'open'
    },

    async join(invitation, { secret, userAgent, subscription }) {
      const found = await find(invitation)
      if (!found) return false
      const answer = JSON.stringify({
        handle: handleOf(secret),
        user_agent: userAgent,
        ...(subscription === undefined ? {} : { subscription }),
      })
      const { kind, userId } = found.credential
      const joined = await enrollments.join(kind, handleOf(invitation), answer)
      if (joined) signals.tell(questionsTo(userId))
      return joined !== undefined
    },

    async requestsTo(approver) {
      const open = await challenges.listOpen(approver.user.id)
      return open.flatMap((challenge) => asRequest(approver, challenge))
    },

    async requestFor(approvers, id) {
      const challenge = await challenges.find(id)
      if (!challenge) return undefined
      return approvers.flatMap((approver) => asRequest(approver, challenge))[0]
    },

    async outcomeFor(approvers, id) {
      const challenge = await challenges.find(id)
      const isTheirs = approvers.some(
        ({ credential: { kind, userId } }) =>
          challenge?.userId === userId && challenge.kind === kind,
      )
      if (!challenge || !isTheirs) return undefined
      if (challenge.state === 'verified') return 'approved'
      const credential = await credentials.find(challenge.credentialId)
      if (!credential) return 'over'
      const standing = await standingOf(factorOf(factors, challenge.kind), {
        credential,
        challenge,
      })
      return standing === 'approved' || standing === 'denied' ? standing : 'over'
    },

    answer,
    holderOf,

    async approve(request, { number, holder }, from) {
      const { approver } = request
      const confirmed =
        (await holderOf(approver)) === 'none' ||
        (await provesHolder(questionBindingOf(request), approver, holder, from))
      return confirmed ? answer(request, JSON.stringify({ number, confirmed })) : 'unconfirmed'
    },

    hear,

    async askHolder({ credential, user }, { about, browser, request }) {
      const key = (await holdersKeys(user.id)).find(isActive)
      if (!key) return undefined
      const boundTo = request ? questionBindingOf(request) : bindingOf(credential)
      const opened = await challenges.open({ credential: key, user, boundTo, about, browser })
      if (!opened.ok || !opened.challenge) return undefined
      const asked = { credential: key, challenge: opened.challenge, browser }
      const prompt = factorOf(factors, key.kind).prompt(asked)
      return prompt.ask === 'authenticator' ? prompt.options : undefined
    },

    async setConfirms(approver, { confirms, answer: given }, from) {
      const { credential, user } = approver
      if (isFrozen(user, clock.now())) return 'frozen'
      const isProved = await provesHolder(bindingOf(credential), approver, given, from)
      if (!isProved || !(await hear(approver, JSON.stringify({ confirms })))) return 'unproved'
      const { kind, label } = credential
      trailOf(audit, user.id, from)('factor.changed', { kind, label, confirms })
      return 'changed'
    },
  }
}

const isActive = ({ state }: Credential): boolean => state === 'active'

const bindingOf = ({ id }: Credential): string => `approver/${id}`

/** Of one question, and of the number that it was put with: what was sent again is another. */
const questionBindingOf = ({ approver, challenge }: ApprovalRequest): string =>
  `${bindingOf(approver.credential)}/${challenge.id}/${challenge.sends}`
