import { afterEach, beforeEach, describe, expect } from 'vitest'
import { loadCase, valuesOfEach } from './corpus.ts'
import { type Fixture, openFixture } from './fixture.ts'
import { story } from './story.ts'

let fixture: Fixture
beforeEach(async () => {
  fixture = await openFixture()
})
afterEach(() => fixture.close())

/** Alice's browser, at the question for a code. */
const atCode = async (port?: number) => {
  const browser = fixture.browser(port)
  return { browser, page: await fixture.toCode(browser, 'alice') }
}

const answered = async (code: string) => {
  const { browser, page } = await atCode()
  return browser.submit(page, { code })
}

const signsIn = (lines: string[]) => lines.some((line) => line.startsWith(`${fixture.cookieName}=`))

describe('a code of an authenticator app', () => {
  story(
    'TOT-002',
    'is good for one sign-in, in however many browsers it is sent at once',
    async () => {
      // A hundred answers: four in each of 25 sign-ins, on two nodes.
      const nodes = [fixture.port, fixture.trustedPort]
      const browsers = await Promise.all(
        Array.from({ length: 25 }, (_, at) => atCode(nodes[at % 2])),
      )
      const code = fixture.code('alice')
      const answers = await Promise.all(
        browsers.flatMap(({ browser, page }) =>
          Array.from({ length: 4 }, () => browser.submit(page, { code })),
        ),
      )
      expect(answers).toHaveLength(100)
      expect(answers.filter((answer) => signsIn(answer.all('set-cookie')))).toHaveLength(1)
      // Late ones begin again, or have guessed too often.
      expect(answers.filter(({ status }) => ![303, 401, 403, 429].includes(status))).toEqual([])
      expect(await fixture.store.sessions.listByUser(fixture.users.alice.id)).toHaveLength(1)
    },
  )

  story('TOT-101', 'counts once in the store too, where no throttle stands before it', async () => {
    const [credential] = await fixture.store.credentials.listByUser(fixture.users.alice.id)
    if (!credential) throw new Error('alice has no authenticator')
    const { id, version, data } = credential
    const accepted = await Promise.all(
      Array.from({ length: 100 }, () =>
        fixture.store.credentials.accept({ id, version, data, at: fixture.clock.now() }),
      ),
    )
    expect(accepted.filter(Boolean)).toHaveLength(1)
  })

  story('TOT-003', 'is refused more than one step away from now', async () => {
    for (const steps of [-10, -3, -2, 2, 10]) {
      expect((await answered(fixture.code('alice', steps))).status).toBe(401)
    }
    expect((await answered(fixture.code('alice', -1))).status).toBe(303)
  })

  story('TOT-004', 'is six ASCII digits and nothing else', async () => {
    for (const code of valuesOfEach(loadCase('TOT-004'))) {
      fixture.clock.advance(1_000)
      expect(await answered(code)).toMatchObject({ status: 401 })
    }
  })

  story(
    'TOT-102',
    'may have a space or a dash between its digits, and no other dress',
    async () => {
      const spaced = (code: string, sign: string) => code.slice(0, 3) + sign + code.slice(3)
      const shifted = (code: string, zero: number) =>
        code.replace(/\d/g, (digit) => String.fromCodePoint(zero + Number(digit)))
      const dresses: ((code: string) => string)[] = [
        (code) => shifted(code, 0xff10),
        (code) => shifted(code, 0x0660),
        (code) => shifted(code, 0x1d7ce),
        (code) => `0${code}`,
        (code) => `${code}0`,
        (code) => `+${code}`,
        (code) => `${code}.0`,
        (code) => spaced(code, '\u200b'),
        (code) => spaced(code, '\u00a0'),
        (code) => spaced(code, '\t'),
        (code) => spaced(code, ','),
        (code) => `${code},${code}`,
        (code) => `${code}\u0000`,
      ]
      for (const dress of dresses) {
        fixture.clock.advance(1_000)
        expect((await answered(dress(fixture.code('alice')))).status).toBe(401)
      }
      for (const sign of [' ', '-']) {
        fixture.clock.advance(1_000)
        expect((await answered(spaced(fixture.code('alice'), sign))).status).toBe(303)
      }
    },
  )

  story('TOT-103', 'proves nothing in another browser, or of another person', async () => {
    const { browser, page } = await atCode()
    const stranger = fixture.browser()
    const own = await fixture.toCode(stranger, 'mallory')
    // Mallory's form, with her own hidden field, sent to alice's attempt.
    const crossed = { ...own, body: own.body.replace(own.url.pathname, page.url.pathname) }
    const answer = await stranger.submit(crossed, { code: fixture.code('alice') })
    expect([answer.status, signsIn(answer.all('set-cookie'))]).toEqual([303, false])
    expect((await browser.submit(page, { code: fixture.code('mallory') })).status).toBe(401)
    expect((await browser.submit(page, { code: fixture.code('alice') })).status).toBe(303)
  })

  story('TOT-006', 'comes from a secret that is never shown again', async () => {
    const browser = fixture.browser()
    await fixture.signIn(browser, 'alice')
    const secret = fixture.secretOf('alice')
    for (const path of ['/', '/login', '/login?aal=2', '/logout', '/enroll/totp', '/factors']) {
      const page = await browser.get(`https://auth.gw.test${path}`)
      expect(page.raw).not.toContain(secret)
      expect(page.raw).not.toContain('otpauth:')
    }
  })

  story(
    'TOT-007',
    'does not come from a secret that was moved to another user in the store',
    async () => {
      await fixture.moveSealedSecret('mallory', 'alice')
      const { page } = await atCode()
      // The seal is bound to its row: it opens for nobody, and a broken row is no way in.
      expect(page.status).toBe(500)
      expect(page.raw).not.toContain('<input')
      expect(signsIn(page.all('set-cookie'))).toBe(false)
    },
  )
})
