import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Asked, Factor } from '../../src/factors/contract.ts'
import type { Enrollment } from '../../src/login/enrollments.ts'
import type { Credential } from '../../src/model/factor.ts'
import type { User } from '../../src/model/user.ts'
import type { Store } from '../../src/store/contract.ts'
import { aUser } from '../support/builders.ts'
import { createEngine, type Engine } from '../support/engine.ts'
import { type StillClock, stillClock } from '../support/still-clock.ts'
import { temporaryStore } from '../support/temporary-store.ts'

/** A person's side of a factor: the app, the phone, the key. One a person. */
export interface Holder {
  /** The first answer to an enrollment. */
  enroll(enrollment: Enrollment, engine: Engine): Promise<string>
  /** The right answer to a question, at this moment. */
  answer(asked: Asked, engine: Engine): Promise<string>
}

export interface FactorUnderTest {
  kind: string
  /** Tells it from others of its kind. */
  name?: string
  /** The factor on its own, with whatever it needs of the outside; `browser` is the secret of the browser under test. */
  create(clock: StillClock, user: (id: string) => User | undefined): Factor
  /** A new authenticator of a user; called once a user, before the enrollment. */
  holder(user: User): Holder
  /** What is typed before an enrollment of a user, where something is. */
  target?(user: User): string
  /** How a person comes to have one, where it is not by enrollment. @returns The credential. */
  issue?(
    engine: Engine,
    store: Store,
    user: User,
  ): Promise<{ credential: Credential; holder: Holder }>
  /** An answer of the right shape that is wrong. */
  wrong: string
  /** Seconds by which the clock must move on before a second proof can be given. */
  pauseSeconds?: number
  /** Where no challenge says it: for how many seconds an answer is taken at most, or that it has no such end. */
  answerLasts?: number | 'until it is used'
  /** Is the credential gone once it was used? */
  singleUse?: boolean
  /** Is a right answer gone once it was checked, because somebody else keeps the codes and checks them? */
  goneOnceChecked?: boolean
}

const BROWSER = 'b'.repeat(43)
const FROM = { browser: BROWSER, address: '192.0.2.1' }
const ABOUT = { address: '192.0.2.1', userAgent: 'test', destination: 'Wiki' }

const NONSENSE = [
  '',
  ' ',
  '0',
  '{}',
  '[]',
  'null',
  '"x"',
  '{"id":1}',
  'é'.repeat(500),
  '\0',
  '9'.repeat(100_000),
]

/** What every kind of second factor promises. A new one is done when this passes. */
export function describeFactor(under: FactorUnderTest): void {
  describe(`factor ${under.name ?? under.kind}`, () => {
    let store: Store
    let end: () => Promise<void>
    let clock: StillClock
    let engine: Engine
    const alice = aUser({ name: 'alice' })
    const bob = aUser({ name: 'bob', email: 'bob@gw.test' })
    const people = [alice, bob]

    beforeEach(async () => {
      ;({ store, end } = await temporaryStore())
      clock = stillClock()
      for (const user of people) await store.users.insert(user)
      engine = openEngine()
    })
    afterEach(() => end())

    const openEngine = () =>
      createEngine(
        store,
        under.create(clock, (id) => people.find((it) => it.id === id)),
        clock,
      )

    const begin = async (user: User): Promise<Enrollment> => {
      const target = under.target?.(user)
      const begun = await engine.enrollments.begin({
        user,
        kind: under.kind,
        about: ABOUT,
        ...(target === undefined ? {} : { target }),
      })
      if (!begun.ok) throw new Error(`not begun: ${JSON.stringify(begun)}`)
      const found = await engine.enrollments.find(begun.credential.id, user)
      if (!found) throw new Error('begun, and not found')
      return found
    }

    const confirm = (enrollment: Enrollment, answer: string) =>
      engine.guesses.enrollment(enrollment, answer, FROM, 'further').check()

    const enrolled = async (user: User): Promise<{ credential: Credential; holder: Holder }> => {
      if (under.issue) return under.issue(engine, store, user)
      const holder = under.holder(user)
      const enrollment = await begin(user)
      const answer = await holder.enroll(enrollment, engine)
      // What the other device said meanwhile has changed it.
      const now = (await engine.enrollments.find(enrollment.credential.id, user)) ?? enrollment
      const checked = await confirm(now, answer)
      if (!checked.ok) throw new Error(`not confirmed: ${checked.reason}`)
      clock.advance(under.pauseSeconds ?? 0)
      const credential = await store.credentials.find(enrollment.credential.id)
      if (!credential) throw new Error('confirmed, and gone')
      return { credential, holder }
    }

    const ask = async (user: User, { id }: Credential, boundTo = `attempt/${user.id}`) => {
      const credential = await store.credentials.find(id)
      if (!credential) throw new Error('no such credential')
      const opened = await engine.challenges.open({
        credential,
        user,
        boundTo,
        about: ABOUT,
        browser: BROWSER,
      })
      if (!opened.ok) throw new Error(`not opened: ${opened.because}`)
      const asked: Asked = { credential, browser: BROWSER }
      return opened.challenge ? { ...asked, challenge: opened.challenge } : asked
    }

    /** The same question, as the store has it by now. */
    const again = async (asked: Asked): Promise<Asked> => {
      const credential = (await store.credentials.find(asked.credential.id)) ?? asked.credential
      const challenge = asked.challenge && (await engine.challenges.find(asked.challenge.id))
      return { credential, browser: BROWSER, ...(challenge ? { challenge } : {}) }
    }

    const check = async (asked: Asked, answer: string) =>
      engine.guesses.proof(await again(asked), answer, FROM).check()

    // What is issued has no enrollment to speak of.
    if (under.issue === undefined)
      describe('an enrollment', () => {
        it('counts for nothing before its first proof', async () => {
          const { credential } = await begin(alice)
          expect(credential.state).toBe('pending')
        })

        it('is not bound by a wrong answer, nor by nonsense', async () => {
          for (const answer of [under.wrong, ...NONSENSE]) {
            const enrollment = await begin(alice)
            expect((await confirm(enrollment, answer)).ok).toBe(false)
            expect((await store.credentials.find(enrollment.credential.id))?.state).toBe('pending')
            await engine.enrollments.abandon(enrollment.credential.id, alice)
            clock.advance(3600)
          }
        })

        it('is bound by the right one, once', async () => {
          const { credential } = await enrolled(alice)
          expect(credential.state).toBe('active')
          expect(await engine.enrollments.find(credential.id, alice)).toBeUndefined()
        })

        it('is nobody else’s', async () => {
          const { credential } = await begin(alice)
          expect(await engine.enrollments.find(credential.id, bob)).toBeUndefined()
        })
      })

    describe('a proof', () => {
      it('is accepted once, and refused when it comes again', async () => {
        const { credential, holder } = await enrolled(alice)
        const asked = await ask(alice, credential)
        const answer = await holder.answer(asked, engine)
        expect(await check(asked, answer)).toMatchObject({ ok: true })
        expect((await check(asked, answer)).ok).toBe(false)
        if (!under.singleUse) {
          expect((await check(await ask(alice, credential, 'attempt/next'), answer)).ok).toBe(false)
        }
      })

      it('says what it is worth', async () => {
        const { credential, holder } = await enrolled(alice)
        const asked = await ask(alice, credential)
        const checked = await check(asked, await holder.answer(asked, engine))
        const { best } = engine.factor
        expect(checked.ok && checked.proof?.amr.length).toBeGreaterThan(0)
        // Never more than the kind promises.
        if (checked.ok && checked.proof?.alone) expect(best.alone).toBe(true)
        if (checked.ok && checked.proof?.phishingResistant)
          expect(best.phishingResistant).toBe(true)
      })

      it('counts once of fifty at the same time', async () => {
        const { credential, holder } = await enrolled(alice)
        const asked = await ask(alice, credential)
        const answer = await holder.answer(asked, engine)
        const now = await again(asked)
        const all = await Promise.all(
          Array.from({ length: 50 }, () => engine.guesses.proof(now, answer, FROM).check()),
        )
        expect(all.filter(({ ok }) => ok)).toHaveLength(1)
      })

      it('is refused when it is wrong, or nonsense', async () => {
        const { credential } = await enrolled(alice)
        for (const answer of [under.wrong, ...NONSENSE]) {
          const asked = await ask(alice, credential)
          expect((await check(asked, answer)).ok).toBe(false)
          clock.advance(3600)
        }
      })

      it('of somebody else opens nothing', async () => {
        const [mine, theirs] = [await enrolled(alice), await enrolled(bob)]
        const asked = await ask(bob, theirs.credential)
        const answer = await theirs.holder.answer(asked, engine)
        const question = await ask(alice, mine.credential)
        expect((await check(question, answer)).ok).toBe(false)
      })

      if (under.answerLasts !== 'until it is used') {
        it('is refused when its time is up', async () => {
          const { credential, holder } = await enrolled(alice)
          const asked = await ask(alice, credential)
          const answer = await holder.answer(asked, engine)
          const end = asked.challenge?.expiresAt ?? clock.now() + Number(under.answerLasts)
          expect(end).toBeGreaterThan(clock.now())
          clock.advance(end - clock.now())
          expect((await check(asked, answer)).ok).toBe(false)
        })
      }

      it('that was checked when the machine died still counts once, and only once', async () => {
        const { credential, holder } = await enrolled(alice)
        const asked = await ask(alice, credential)
        const answer = await holder.answer(asked, engine)
        const now = await again(asked)
        expect((await engine.factor.verify(now, answer)).ok).toBe(true)
        // Nothing was stored yet: whoever comes back is asked the same.
        engine = openEngine()
        expect(await check(asked, answer)).toMatchObject({ ok: !under.goneOnceChecked })
        engine = openEngine()
        expect((await check(asked, answer)).ok).toBe(false)
      })
    })
  })
}
