import { afterEach, beforeEach, describe, expect } from 'vitest'
import { identityLines } from './assertions.ts'
import { DIALECTS } from './dialects.ts'
import { type Fixture, openFixture } from './fixture.ts'
import { story } from './story.ts'

let fixture: Fixture
beforeEach(async () => {
  fixture = await openFixture()
})
afterEach(() => fixture.close())

describe('a proxy that asks', () => {
  story('FWA-016', 'hears no yes while sessions cannot be looked up', async () => {
    const cookie = await fixture.resolve('COOKIE:alice:aal2')
    const ask = (path: string) =>
      Promise.all(
        DIALECTS.map((dialect) => fixture.askForward('app.gw.test', path, cookie, { dialect })),
      )
    const statuses = async (path: string) => (await ask(path)).map(({ status }) => status)

    expect(await statuses('/')).toEqual([200, 200])
    const mend = fixture.breakStore()
    for (const answer of [...(await ask('/')), ...(await ask('/public/a'))]) {
      expect([401, 500, 503]).toContain(answer.status)
      expect(identityLines(answer).filter(([, value]) => value !== '')).toEqual([])
    }
    // And as it was, without anybody's doing.
    mend()
    expect(await statuses('/')).toEqual([200, 200])
  })
})

describe('a sign-in through a proxy', () => {
  story('XFW-002', 'counts for the proxy when the client’s address is none', async () => {
    const forwarded = [['X-Forwarded-For', 'a']] as const
    const browser = fixture.browser(fixture.trustedPort, forwarded)
    const page = await browser.get('https://auth.gw.test/login')
    const wrong = { username: 'alice', password: 'wrong' }
    const statuses: number[] = []
    for (let count = 0; count < 61; count++) {
      statuses.push((await browser.submit(page, wrong)).status)
    }
    expect(statuses[0]).toBe(401)
    // Nobody is without an address, and so without a limit.
    expect(statuses.at(-1)).toBe(429)
    const other = fixture.browser(fixture.trustedPort)
    const blocked = await other.submit(await other.get('https://auth.gw.test/login'), wrong)
    expect(blocked.status).toBe(429)
  })
})
