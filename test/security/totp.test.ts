import { afterEach, beforeEach, describe, expect } from 'vitest'
import { type Fixture, openFixture } from './fixture.ts'
import { story } from './story.ts'

let fixture: Fixture
beforeEach(async () => {
  fixture = await openFixture()
})
afterEach(() => fixture.close())

/** Alice's browser, at the question for a code. */
const atCode = async () => {
  const browser = fixture.browser()
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
      const browsers = await Promise.all(Array.from({ length: 8 }, atCode))
      const code = fixture.code('alice')
      const answers = await Promise.all(
        browsers.flatMap(({ browser, page }) => [
          browser.submit(page, { code }),
          browser.submit(page, { code }),
        ]),
      )
      expect(answers.filter((answer) => signsIn(answer.all('set-cookie')))).toHaveLength(1)
      expect(answers.filter(({ status }) => status >= 500)).toEqual([])
    },
  )

  story('TOT-003', 'is refused more than one step away from now', async () => {
    for (const steps of [-10, -3, -2, 2, 10]) {
      expect((await answered(fixture.code('alice', steps))).status).toBe(401)
    }
    expect((await answered(fixture.code('alice', -1))).status).toBe(303)
  })

  story('TOT-004', 'is six ASCII digits and nothing else', async () => {
    const values = [
      '12345',
      '1234567',
      '000000',
      '１２３４５６',
      '+12345',
      '1e5',
      '0x1E240',
      'null',
      '',
    ]
    for (const code of values) {
      fixture.clock.advance(1_000)
      expect([400, 401]).toContain((await answered(code)).status)
    }
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
