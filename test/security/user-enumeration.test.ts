import { afterEach, beforeEach, describe, expect } from 'vitest'
import { aUser } from '../support/builders.ts'
import type { Page } from './browser.ts'
import { loadCase, valuesOfEach } from './corpus.ts'
import { DIALECTS } from './dialects.ts'
import { type Fixture, openFixture } from './fixture.ts'
import { story } from './story.ts'

let fixture: Fixture
beforeEach(async () => {
  fixture = await openFixture()
})
afterEach(() => fixture.close())

const tries = async (username: string, password: string): Promise<Page> => {
  const browser = fixture.browser()
  const page = await browser.get('https://auth.gw.test/login')
  return browser.submit(page, { username, password })
}

/** All that can be told from an answer, but for the name that was typed and random values. */
const shapeOf = ({ status, headers, body }: Page, typed: string) => ({
  status,
  headers: headers
    .filter(([name]) => !['date', 'content-length'].includes(name.toLowerCase()))
    .map(([name, value]) => [name, value.replace(/[A-Za-z0-9_-]{12,}/g, '…')]),
  body: body.replaceAll(asAttribute(typed), 'NAME').replace(/[A-Za-z0-9_-]{40,}/g, '…'),
})

type Shape = ReturnType<typeof shapeOf>

const ENTITIES: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

const asAttribute = (text: string): string =>
  text.replace(/[&<>"']/g, (sign) => ENTITIES[sign] ?? sign)

const ROUNDS = 150
/** Whoever leaves the hash out answers in less than half of the time. */
const BOUND = 1.2

type Times = ReadonlyMap<string, number[]>

/** Milliseconds that wrong passwords take, by name; names take turns, and each is the first as often. */
async function timesOf(names: readonly string[], rounds: number): Promise<Times> {
  const times = new Map(names.map((name): [string, number[]] => [name, []]))
  const browser = fixture.browser()
  const page = await browser.get('https://auth.gw.test/login')
  for (let round = 0; round < rounds; round++) {
    // A new day a round: no guess may be slowed down here.
    fixture.clock.advance(86_400)
    const turn = round % names.length
    for (const username of [...names.slice(turn), ...names.slice(0, turn)]) {
      const start = performance.now()
      const { status } = await browser.submit(page, { username, password: 'wrong' })
      times.get(username)?.push(performance.now() - start)
      expect(status).toBe(401)
    }
  }
  return times
}

/**
 * How many times as long as alice's a name takes in the middle of all rounds. Both are measured one right
 * after the other, so that whatever else the machine does slows both down alike; and what it does now
 * and then does not move the middle.
 */
function ratioOf(times: Times, name: string): number {
  const own = times.get('alice') ?? []
  const ratios = (times.get(name) ?? []).map((ms, round) => ms / (own[round] ?? Number.NaN))
  return ratios.toSorted((a, b) => a - b)[Math.floor(ratios.length / 2)] ?? Number.NaN
}

/** The names that can be told from alice's. */
const unlike = (times: Times, names: readonly string[]): (readonly [string, number])[] =>
  names
    .map((name) => [name, ratioOf(times, name)] as const)
    .filter(([, ratio]) => !(ratio < BOUND && ratio > 1 / BOUND))

describe('a refused sign-in', () => {
  story('ENU-009', 'looks the same for every way to write a name that is nobody’s', async () => {
    const known = shapeOf(await tries('alice', 'wrong'), 'alice')
    for (const name of valuesOfEach(loadCase('ENU-009'))) {
      expect(shapeOf(await tries(name, 'wrong'), name)).toEqual(known)
    }
  })

  story('ENU-101', 'looks the same for names in every dress', async () => {
    const known = shapeOf(await tries('alice', 'wrong'), 'alice')
    for (const name of valuesOfEach(loadCase('ENU-101'))) {
      expect(shapeOf(await tries(name, 'wrong'), name)).toEqual(known)
    }
  })

  story('ENU-007', 'tells nothing about second factors before the password was right', async () => {
    const shapes: Shape[] = []
    for (const name of ['alice', 'dave', 'erin', 'nobody']) {
      shapes.push(shapeOf(await tries(name, 'wrong'), name))
    }
    expect(shapes).toEqual(shapes.map(() => shapes[0]))
    // A disabled user's right password is no more right than anybody's wrong one.
    const disabled = await tries('erin', fixture.credentials('erin').password)
    expect(shapeOf(disabled, 'erin')).toEqual(shapes[0])
  })

  story('ENU-005', 'looks the same while guesses are slowed down, whoever it is', async () => {
    const shapes: Shape[] = []
    for (const [name, last] of [
      ['alice', 'wrong'],
      ['alice', fixture.credentials('alice').password],
      ['nobody', 'wrong'],
    ] as const) {
      // Each on a day of its own, so that what is counted is the name and not the address.
      fixture.clock.advance(86_400)
      for (let count = 0; count < 10; count++) await tries(name, 'wrong')
      const answer = await tries(name, last)
      expect(answer.status).toBe(429)
      shapes.push(shapeOf(answer, name))
    }
    expect(shapes).toEqual(shapes.map(() => shapes[0]))
  })

  story(
    'ENU-002',
    'takes as long for a name that is nobody’s as for one that is not',
    async () => {
      await fixture.store.users.insert(aUser({ name: 'bare', displayName: 'No Password' }))
      const suspects = ['nobody', 'erin', 'bare']
      const found = unlike(await timesOf(['alice', ...suspects], ROUNDS), suspects)
      // A difference that is real shows again; one of a busy machine hardly does.
      const names = found.map(([name]) => name)
      const again =
        names.length === 0 ? [] : unlike(await timesOf(['alice', ...names], ROUNDS), names)
      expect(again).toEqual([])
    },
    120_000,
  )

  story(
    'ENU-006',
    'for a proxy that nobody trusts says nothing about which hosts there are',
    async () => {
      const { port } = fixture
      for (const dialect of DIALECTS) {
        const known = await fixture.askForward('app.gw.test', '/', '', { port, dialect })
        const unknown = await fixture.askForward('unknown.gw.test', '/', '', { port, dialect })
        expect(known.status).toBe(403)
        expect([unknown.status, saysBut(unknown)]).toEqual([known.status, saysBut(known)])
      }
    },
  )
})

/** All that it says, but the number by which one refusal is told from another. */
const saysBut = ({ body }: { body: string }): string => body.replace(/\b\w{4}-\w{4}\b/g, 'NUMBER')
