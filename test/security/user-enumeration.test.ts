import { afterEach, beforeEach, describe, expect } from 'vitest'
import { aUser } from '../support/builders.ts'
import type { Page } from './browser.ts'
import { loadCases, valuesOfEach } from './corpus.ts'
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

const asAttribute = (text: string): string =>
  text.replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`)

describe('a refused sign-in', () => {
  story('ENU-009', 'looks the same for every way to write a name that is nobody’s', async () => {
    const [attack] = loadCases().filter(({ id }) => id === 'ENU-009')
    const known = shapeOf(await tries('alice', 'wrong'), 'alice')
    for (const name of attack ? valuesOfEach(attack) : []) {
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

  story('ENU-002', 'takes as long for a name that is nobody’s as for one that is not', async () => {
    await fixture.store.users.insert(aUser({ name: 'bare', displayName: 'No Password' }))
    const times: Record<string, number[]> = { alice: [], nobody: [], erin: [], bare: [] }
    for (let round = 0; round < 25; round++) {
      // A new day a round: no guess may be slowed down here.
      fixture.clock.advance(86_400)
      for (const [name, taken] of Object.entries(times)) {
        const browser = fixture.browser()
        const page = await browser.get('https://auth.gw.test/login')
        const start = performance.now()
        const { status } = await browser.submit(page, { username: name, password: 'wrong' })
        taken.push(performance.now() - start)
        expect(status).toBe(401)
      }
    }
    for (const name of ['nobody', 'erin', 'bare']) {
      expect(mannWhitney(times.alice ?? [], times[name] ?? [])).toBeGreaterThan(0.001)
    }
  })

  story(
    'ENU-006',
    'for a proxy that nobody trusts says nothing about which hosts there are',
    async () => {
      const known = await fixture.askForward('app.gw.test', '/', '', fixture.port)
      const unknown = await fixture.askForward('unknown.gw.test', '/', '', fixture.port)
      expect(known.status).toBeGreaterThanOrEqual(400)
      expect([unknown.status, unknown.body]).toEqual([known.status, known.body])
    },
  )
})

/**
 * How likely two samples this different come from one source: two-sided, by the normal approximation.
 *
 * @see Mann and Whitney, "On a test of whether one of two random variables is stochastically larger"
 */
function mannWhitney(left: readonly number[], right: readonly number[]): number {
  const wins = left.flatMap((a) => right.map((b): number => (a > b ? 1 : a === b ? 0.5 : 0)))
  const u = wins.reduce((sum, win) => sum + win, 0)
  const [n, m] = [left.length, right.length]
  const z = Math.abs(u - (n * m) / 2) / Math.sqrt((n * m * (n + m + 1)) / 12)
  return 2 * (1 - normal(z))
}

/** The normal distribution's share below z (Abramowitz and Stegun, 26.2.17). */
function normal(z: number): number {
  const t = 1 / (1 + 0.2316419 * z)
  const series = [0.31938153, -0.356563782, 1.781477937, -1.821255978, 1.330274429]
  const sum = series.reduce((total, factor, index) => total + factor * t ** (index + 1), 0)
  return 1 - (Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI)) * sum
}
