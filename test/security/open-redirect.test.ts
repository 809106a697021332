import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { CHROMIUM, openBrowser } from '../support/browser.ts'
import { has } from '../support/has.ts'
import { leadsNowhereElse } from './assertions.ts'
import { loadCases, valuesOfEach } from './corpus.ts'
import { type Fixture, openFixture } from './fixture.ts'
import { story } from './story.ts'

const PORTAL = 'https://auth.gw.test'
const HOME = `${PORTAL}/`
const OURS = ['app', 'one', 'open', 'admin', 'ws', 'a', 'b', 'auth'].map(
  (name) => `https://${name}.gw.test`,
)
const BAD = loadCases()
  .filter(({ class: kind }) => kind === 'open-redirect')
  .flatMap(valuesOfEach)
  .filter((value) => value !== '')
const loginAt = (rd: string) => `${PORTAL}/login?rd=${encodeURIComponent(rd)}`

describe('a destination that is not ours', () => {
  let fixture: Fixture
  beforeAll(async () => {
    fixture = await openFixture()
  })
  afterAll(() => fixture.close())

  it.each(BAD)('is not where a sign-in ends: %j', async (rd) => {
    const browser = fixture.browser()
    const { location } = await fixture.signIn(browser, 'alice', { rd })
    expect(location).toBe(HOME)
  })

  it.each(BAD)('is not where somebody who is signed in already ends: %j', async (rd) => {
    const browser = fixture.browser()
    browser.take('auth.gw.test', await fixture.setCookie('alice', 'aal2'))
    const { location } = await browser.get(loginAt(rd))
    expect(location).toBe(HOME)
  })

  it.each(BAD)('is not where a sign-out ends: %j', async (rd) => {
    const browser = fixture.browser()
    await fixture.signIn(browser, 'dave', { rd: 'https://one.gw.test/' })
    const page = await browser.get(`${PORTAL}/logout?rd=${encodeURIComponent(rd)}`)
    const after = await browser.submit(page, {})
    expect(after.status).toBe(200)
    leadsNowhereElse({ answer: page })
    leadsNowhereElse({ answer: after })
  })

  story('RED-010', 'is not kept for a later sign-in', async () => {
    const browser = fixture.browser()
    const page = await browser.get(loginAt('https://evil.test/'))
    expect(page.all('set-cookie').join()).not.toContain('evil')
    const { location } = await fixture.signIn(browser, 'alice')
    expect(location).toBe(HOME)
    expect((await browser.get(HOME)).raw).not.toContain('evil')
  })

  story('RED-103', 'is not reached by way of ours', async () => {
    for (const rd of [
      'https://auth.gw.test/login?rd=https://evil.test/',
      'https://auth.gw.test/login?rd=%2F%2Fevil.test',
      'https://auth.gw.test/logout?rd=https://evil.test/',
      'https://app.gw.test/.gatehouse/login?rd=https://evil.test/',
      'https://app.gw.test/.gatehouse//evil.test/',
      'https://app.gw.test/.gatehouse/%2Fevil.test/',
    ]) {
      const browser = fixture.browser()
      let page = await fixture.signIn(browser, 'alice', { rd })
      for (let hop = 0; page.location !== undefined && hop < 10; hop++) {
        const next = new URL(page.location, page.url)
        expect(OURS).toContain(next.origin)
        page = await browser.get(next.href)
      }
      expect(page.raw.replaceAll(encodeURIComponent(rd), '')).not.toMatch(/["'=/]https?:\/\/evil/)
    }
  })

  story('RED-012', 'never gets the password: a form is answered with 303', async () => {
    const browser = fixture.browser()
    const page = await browser.get(loginAt('https://app.gw.test/x'))
    const next = await browser.submit(page, fixture.credentials('alice'))
    expect(next.status).toBe(303)
    const last = await fixture.signIn(fixture.browser(), 'alice', { rd: 'https://app.gw.test/x' })
    expect([last.status, last.location]).toEqual([303, 'https://app.gw.test/x'])
  })

  story('RED-014', 'is told from ours as Node tells them', async () => {
    for (const { rd, location } of await answersTo(confusingAddresses())) {
      // Whatever it is, the browser must end on a host of ours.
      expect(OURS).toContain(new URL(location, PORTAL).origin)
      if (location !== HOME) expect(location).toBe(rd)
    }
  })

  describe.runIf(has(CHROMIUM))('in a real browser', () => {
    it('is told from ours as Chromium tells them', async () => {
      const answers = await answersTo(confusingAddresses())
      const origins = await originsInChromium(answers.map(({ location }) => location))
      const strays = answers.filter((_, at) => !OURS.includes(origins[at] ?? ''))
      expect(strays).toEqual([])
      expect(answers.filter(({ location }) => location !== HOME).length).toBeGreaterThan(5)
    }, 40_000)
  })

  /** Where the sign-in page sends somebody who is signed in. */
  async function answersTo(addresses: readonly string[]) {
    const browser = fixture.browser()
    browser.take('auth.gw.test', await fixture.setCookie('alice', 'aal2'))
    const answers: { rd: string; location: string }[] = []
    for (const rd of addresses) {
      const { status, location = '' } = await browser.get(loginAt(rd))
      expect(status).toBe(303)
      answers.push({ rd, location })
    }
    return answers
  }
})

/** Where links on the sign-in page lead, as Chromium's own parser reads them. */
async function originsInChromium(hrefs: readonly string[]): Promise<string[]> {
  const chromium = await openBrowser()
  try {
    const page = await chromium.newPage()
    // Answered here: nothing goes out.
    await page.route('**/*', (route) => route.fulfill({ contentType: 'text/html', body: '<p>' }))
    await page.goto(`${PORTAL}/login`)
    return await page.evaluate(readLinks, hrefs)
  } finally {
    await chromium.close()
  }
}

/** Runs in the page. */
const readLinks = (hrefs: readonly string[]): string[] =>
  hrefs.map((href) => {
    const link = document.createElement('a')
    link.setAttribute('href', href)
    return link.origin
  })

/** About five hundred addresses on the edge between ours and theirs. */
function confusingAddresses(): string[] {
  const schemes = ['https:', 'http:', '', 'HTTPS:', 'javascript:']
  const slashes = ['', '/', '//', '///', '/\\', '\\\\']
  const fronts = ['', 'app.gw.test@', 'app.gw.test:x@']
  const hosts = ['app.gw.test', 'app.gw.test.evil.test', 'evil.test', 'app.gw.test\t.evil.test']
  const tails = ['', '/', '#@evil.test', '%5c@evil.test', '\\@evil.test', '\n//evil.test', '%09/']
  const all = schemes.flatMap((scheme) =>
    slashes.flatMap((slash) =>
      fronts.flatMap((front) =>
        hosts.flatMap((host) => tails.map((tail) => `${scheme}${slash}${front}${host}${tail}`)),
      ),
    ),
  )
  // Every fifth of some 2,500; five shares no factor with the lengths above but that of the schemes.
  const some = all.filter((_, index) => index % 5 === 0)
  // And all that begin as ours do, of which some are.
  const ours = [
    ...tails,
    '/x',
    '?',
    '?@evil.test',
    '?\\\\evil.test',
    '/..//evil.test',
    '//evil.test',
  ]
    .concat([
      '/%5c@evil.test',
      '/\\evil.test',
      '/\t/evil.test',
      '/https://evil.test',
      '#//evil.test',
    ])
    .map((tail) => `https://app.gw.test${tail}`)
  return [...some, ...ours]
}
