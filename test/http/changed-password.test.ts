import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { User } from '../../src/model/user.ts'
import { ACCOUNT, type AccountTest, openAccountTest, WIKI } from '../support/account.ts'
import { PASSWORD } from '../support/gateway.ts'
import type { Visitor } from '../support/visitor.ts'

const NEW = 'three paper boats at noon'
const ONE = 'https://one.gw.test/'

let test: AccountTest
let owner: Visitor
beforeEach(async () => {
  test = await openAccountTest()
  owner = test.visitor()
})
afterEach(() => test.close())

const sessions = ({ id }: User) => test.store.sessions.listByUser(id)

/** The owner's page on which the password is changed, one click before it is. */
async function aboutToChange(user: User, rd = WIKI): Promise<void> {
  await test.signIn(owner, user, rd)
  await test.openFresh(owner, user, 'password')
}

const change = async () => {
  const answer = await owner.submit({ password: NEW, again: NEW })
  expect(answer.location).toContain('/account')
}

/** Lets something happen right after a step of the store is done, once. */
function rightAfter<Name extends string, Step extends (...given: never[]) => Promise<unknown>>(
  repository: { [name in Name]: Step },
  name: Name,
  happens: () => Promise<void>,
): void {
  const original = repository[name]
  const hooked = async (...given: Parameters<Step>) => {
    const result = await original(...given)
    repository[name] = original
    await happens()
    return result
  }
  repository[name] = hooked as Step
}

describe('a password that changes while somebody signs in with the old one', () => {
  it('leaves no session behind that stands on the old one alone', async () => {
    const user = await test.addPerson({ secret: null })
    await aboutToChange(user, ONE)
    const thief = test.visitor()
    await thief.open(`https://auth.gw.test/login?rd=${encodeURIComponent(ONE)}`)
    // The old password has just been found right, and is forgiven its tries.
    rightAfter(test.store.limits, 'forgive', change)
    const answer = await thief.submit({ username: user.name, password: PASSWORD })
    expect(answer.location).toContain('/login')
    expect(thief.jar.has('__Secure-gatehouse')).toBe(false)
    expect(await sessions(user)).toHaveLength(1)
    expect((await owner.get(ACCOUNT)).status).toBe(200)
  })

  it('leaves none behind that had only to be begun', async () => {
    const user = await test.addPerson()
    await aboutToChange(user)
    const thief = test.visitor()
    await thief.open(`https://auth.gw.test/login?rd=${encodeURIComponent(WIKI)}`)
    await test.send(thief, { username: user.name, password: PASSWORD })
    test.clock.advance(30)
    const code = await test.code(user.id)
    // Everything is proved, the attempt is off file, and the session comes next.
    rightAfter(test.store.attempts, 'delete', change)
    const answer = await thief.submit({ code })
    expect(answer.location).toContain('/login')
    expect(thief.jar.has('__Secure-gatehouse')).toBe(false)
    expect(await sessions(user)).toHaveLength(1)
  })

  it('lets nobody go on who gave the old one just before', async () => {
    const user = await test.addPerson()
    await aboutToChange(user)
    const thief = test.visitor()
    await thief.open(`https://auth.gw.test/login?rd=${encodeURIComponent(WIKI)}`)
    rightAfter(test.store.limits, 'forgive', change)
    const begun = await thief.submit({ username: user.name, password: PASSWORD })
    expect((await thief.open(begun.location ?? '')).body).not.toContain('name="code"')
    test.clock.advance(30)
    await thief.submit({ code: await test.code(user.id) })
    expect(await sessions(user)).toHaveLength(1)
  })

  it('lets its owner in with the new one at once', async () => {
    const user = await test.addPerson()
    await aboutToChange(user)
    await change()
    const again = test.visitor()
    await again.open(`https://auth.gw.test/login?rd=${encodeURIComponent(WIKI)}`)
    await test.send(again, { username: user.name, password: NEW })
    await test.giveCode(again, user)
    expect(again.jar.has('__Secure-gatehouse')).toBe(true)
    expect(await sessions(user)).toHaveLength(2)
  })
})
