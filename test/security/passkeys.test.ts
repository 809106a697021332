import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect } from 'vitest'
import { createAuthenticator, type SoftAuthenticator } from '../support/authenticator.ts'
import { metadataFile } from '../support/metadata-file.ts'
import { addPasskey, enrollWith, optionsOn, passkeyBench, spoken } from '../support/passkeys.ts'
import { createRoot, type TestCertificate } from '../support/x509.ts'
import type { Browser, Page } from './browser.ts'
import { loadCase, valuesOfEach } from './corpus.ts'
import { type Fixture, openFixture } from './fixture.ts'
import { story } from './story.ts'

let fixture: Fixture
let passkey: SoftAuthenticator
beforeEach(async () => {
  fixture = await openFixture({ factors: { passkey: {}, totp: {} } })
  passkey = await passkeyOf('alice')
})
afterEach(() => fixture.close())

type Name = 'alice' | 'bob' | 'mallory'

/** An authenticator that somebody has enrolled. */
async function passkeyOf(name: Name, traits = {}): Promise<SoftAuthenticator> {
  const authenticator = createAuthenticator(traits)
  await addPasskey(fixture.store, fixture.users[name], authenticator)
  return authenticator
}

const toSignIn = (browser: Browser) =>
  browser.get('https://auth.gw.test/login?rd=https%3A%2F%2Fapp.gw.test%2F')

/** The page on which alice’s passkey is asked for, after her password. */
async function toProof(browser: Browser): Promise<Page> {
  const page = await fixture.toCode(browser, 'alice')
  if (page.body.includes('data-passkey="prove"')) return page
  const [credential] = (await fixture.store.credentials.listByUser(fixture.users.alice.id)).filter(
    ({ kind }) => kind === 'passkey',
  )
  const chosen = await browser.submit(page, { way: credential?.id ?? '' })
  return browser.get(chosen.location ?? '')
}

const signsIn = (page: Page) =>
  page.all('set-cookie').some((line) => line.startsWith(`${fixture.cookieName}=`))

/** Both places at which a passkey answers: the sign-in page, and the question after a password. */
const places = { signIn: toSignIn, proof: toProof }

/** An answer is refused at both places, and brings nothing else. */
async function expectRefused(make: (options: ReturnType<typeof optionsOn>) => object) {
  for (const [place, to] of Object.entries(places)) {
    const browser = fixture.browser()
    const page = await to(browser)
    const answer = await browser.submit(page, { answer: spoken(make(optionsOn(page.body))) })
    expect([place, answer.status, signsIn(answer)]).toEqual([place, 401, false])
    expect(browser.cookies('app.gw.test')).not.toContain(fixture.cookieName)
  }
  expect(fixture.recorder.messages()).toEqual([])
}

describe('an assertion', () => {
  story('WAN-001', 'is good for one sign-in', async () => {
    for (const to of Object.values(places)) {
      const browser = fixture.browser()
      const page = await to(browser)
      const answer = spoken(passkey.get(optionsOn(page.body)))
      const first = await browser.submit(page, { answer })
      expect([first.status, signsIn(first)]).toEqual([303, true])
      const again = await browser.submit(page, { answer })
      expect(signsIn(again)).toBe(false)
      // The attempt is over with the sign-in: whoever goes on with it begins again.
      expect(again.status).toBe(to === toSignIn ? 401 : 303)
      const elsewhere = fixture.browser()
      const stolen = await elsewhere.submit(await toSignIn(elsewhere), { answer })
      expect([stolen.status, signsIn(stolen)]).toEqual([401, false])
    }
  })

  story('WAN-004', 'comes from the very origin of the portal', async () => {
    for (const origin of valuesOfEach(loadCase('WAN-004'))) {
      fixture.clock.advance(3600)
      await expectRefused((options) => passkey.get(options, { client: { origin } }))
    }
  })

  story('WAN-005', 'is for this relying party', async () => {
    for (const rpId of ['evil.test', 'gw.test', 'app.gw.test', '']) {
      fixture.clock.advance(3600)
      await expectRefused((options) => passkey.get(options, { rpId }))
    }
  })

  story(
    'WAN-007',
    'tells that somebody is there, and where nothing else is asked, who',
    async () => {
      await expectRefused((options) => passkey.get(options, { present: false }))
      fixture.clock.advance(3600)
      const browser = fixture.browser()
      const page = await toSignIn(browser)
      const unverified = spoken(passkey.get(optionsOn(page.body), { verified: false }))
      expect((await browser.submit(page, { answer: unverified })).status).toBe(401)

      // Beside a password it counts, and the session says no more than was proved.
      const proof = await toProof(browser)
      const answer = spoken(passkey.get(optionsOn(proof.body), { verified: false }))
      expect((await browser.submit(proof, { answer })).status).toBe(303)
      const [session] = await fixture.store.sessions.listByUser(fixture.users.alice.id)
      expect(session).toMatchObject({ aal: 2, phishingResistant: true })
      expect(session?.amr).toContain('pwd')
    },
  )

  story('WAN-008', 'counts on from the last one, and what does not is told of', async () => {
    const events = () =>
      fixture.store.events.listByUser(fixture.users.alice.id, ['factor.suspect'], 10)
    const copy = passkey.copy()
    const browser = fixture.browser()
    const page = await toSignIn(browser)
    const answer = spoken(passkey.get(optionsOn(page.body)))
    expect((await browser.submit(page, { answer })).status).toBe(303)
    expect(await events()).toEqual([])

    fixture.recorder.clear()
    await expectRefused((options) => copy.copy().get(options))
    expect(await events()).toMatchObject([
      { details: { kind: 'passkey', warning: 'counter_went_back' } },
      { details: { kind: 'passkey', warning: 'counter_went_back' } },
    ])
    const [held] = (await fixture.store.credentials.listByUser(fixture.users.alice.id)).filter(
      ({ kind }) => kind === 'passkey',
    )
    expect(held?.data).toMatchObject({ counter: 1 })
  })

  story('WAN-009', 'belongs to the person who is asked', async () => {
    const hers = await passkeyOf('mallory')
    const [alices, bobs] = [passkey.userHandle, (await passkeyOf('bob')).userHandle]
    // Mallory's own passkey in alice's sign-in.
    const browser = fixture.browser()
    const page = await toProof(browser)
    const own = spoken(hers.get(optionsOn(page.body)))
    expect((await browser.submit(page, { answer: own })).status).toBe(401)
    // Alice's id, signed by mallory's key.
    const { id } = passkey
    await expectRefused((options) => ({ ...hers.get(options), id, rawId: id }))
    fixture.clock.advance(3600)
    // The user handle of somebody else.
    passkey.userHandle = bobs
    await expectRefused((options) => passkey.get(options))
    passkey.userHandle = alices
    fixture.clock.advance(3600)
    hers.userHandle = alices
    const stranger = fixture.browser()
    const start = await toSignIn(stranger)
    const claimed = spoken(hers.get(optionsOn(start.body)))
    expect((await stranger.submit(start, { answer: claimed })).status).toBe(401)
  })

  story('WAN-010', 'is refused, and breaks nothing, when it is malformed', async () => {
    const other = createAuthenticator().id
    const malformed: ((answer: ReturnType<SoftAuthenticator['get']>) => object)[] = [
      (it) => ({ ...it, rawId: other }),
      (it) => ({ ...it, id: other }),
      (it) => ({ ...it, clientExtensionResults: 'none' }),
      (it) => ({ ...it, clientExtensionResults: null }),
      (it) => ({ ...it, response: { ...it.response, signature: '' } }),
      (it) => ({ ...it, response: { ...it.response, authenticatorData: 'AAAA' } }),
      (it) => ({ ...it, response: { ...it.response, clientDataJSON: 'bnVsbA' } }),
      (it) => ({ ...it, response: null }),
      (it) => [it],
    ]
    for (const change of malformed) {
      fixture.clock.advance(3600)
      await expectRefused((options) => change(passkey.get(options)))
    }
  })

  story('WAN-014', 'is signed as the key was enrolled to sign', async () => {
    const stranger = createAuthenticator()
    const over = (bytes: Buffer) => {
      const changed = Buffer.from(bytes)
      changed.writeUInt32BE(90, 33)
      return changed
    }
    await expectRefused((options) => passkey.get(options, { authenticatorData: over }))
    fixture.clock.advance(3600)
    await expectRefused((options) => passkey.get(options, { sign: () => Buffer.alloc(64, 7) }))
    fixture.clock.advance(3600)
    await expectRefused((options) => {
      const { signature } = stranger.get(options).response
      return passkey.get(options, { sign: () => Buffer.from(String(signature), 'base64url') })
    })
    // Algorithms are settled at the enrollment: `a public key` of the passkey's own tests tries them.
    expect(await enrollWith(passkeyBench(), {}, { publicKey: Buffer.from('a0', 'hex') })).toEqual({
      ok: false,
      reason: 'wrong',
    })
  })

  story('WAN-016', 'does not come out of a frame of another site', async () => {
    const frames = [
      { crossOrigin: true },
      { crossOrigin: true, topOrigin: 'https://evil.test' },
      { topOrigin: 'https://evil.test' },
      { crossOrigin: 'true' },
    ]
    for (const client of frames) {
      fixture.clock.advance(3600)
      await expectRefused((options) => passkey.get(options, { client }))
    }
  })

  story(
    'WAN-017',
    'counts once, in however many requests it is sent at the same time',
    async () => {
      for (const to of Object.values(places)) {
        fixture.clock.advance(3600)
        const before = await fixture.store.sessions.listByUser(fixture.users.alice.id)
        const browser = fixture.browser()
        const page = await to(browser)
        const answer = spoken(passkey.get(optionsOn(page.body)))
        const answers = await Promise.all(
          Array.from({ length: 20 }, () => browser.submit(page, { answer })),
        )
        expect(answers.filter(signsIn)).toHaveLength(1)
        expect(answers.filter(({ status }) => ![303, 401, 403, 429].includes(status))).toEqual([])
        const after = await fixture.store.sessions.listByUser(fixture.users.alice.id)
        expect(after).toHaveLength(before.length + 1)
      }
    },
  )
})

describe('an enrollment', () => {
  /** Dave has nothing yet: the first passkey is his to make. */
  async function toEnrollment(at: Fixture): Promise<{ browser: Browser; page: Page }> {
    const browser = at.browser()
    const typed = await browser.submit(await toSignIn(browser), at.credentials('dave'))
    const choice = await browser.get(typed.location ?? '')
    const begun = await browser.submit(choice, { enroll: 'passkey' })
    return { browser, page: await browser.get(begun.location ?? '') }
  }

  story('WAN-011', 'needs a proof of the model where one is asked for', async () => {
    const aaguid = '11111111-2222-3333-4444-555555555555'
    const subject = 'C=SE, O=Keys, OU=Authenticator Attestation, CN=Key'
    const [publisher, maker, stranger] = [
      await createRoot('CN=Publisher'),
      await createRoot('CN=Maker'),
      await createRoot('CN=Maker'),
    ]
    const folder = mkdtempSync(join(tmpdir(), 'gatehouse-mds-'))
    const [file, root] = [join(folder, 'mds.jwt'), join(folder, 'root.pem')]
    const models = [{ aaguid, roots: [maker] }]
    writeFileSync(file, metadataFile({ models, key: publisher.key, chain: [publisher] }))
    writeFileSync(root, publisher.pem)
    const strict = await openFixture({
      factors: { passkey: { attestation: 'direct', metadata: { file, root } } },
    })
    const signed = async (by: TestCertificate) => {
      const leaf = await by.issue(subject, { aaguid })
      return { aaguid, attestation: { key: leaf.key, chain: [leaf.der, by.der] } }
    }
    try {
      const tries = [
        [401, { aaguid }],
        [401, { aaguid, selfAttests: true }],
        [401, await signed(stranger)],
        [303, await signed(maker)],
      ] as const
      const { browser, page } = await toEnrollment(strict)
      let shown = page
      for (const [status, traits] of tries) {
        const options = optionsOn(shown.body)
        expect(options).toMatchObject({ attestation: 'direct' })
        const answer = spoken(createAuthenticator(traits).create(options))
        shown = await browser.submit(shown, { answer })
        expect(shown.status).toBe(status)
      }
    } finally {
      await strict.close()
      rmSync(folder, { recursive: true })
    }
  })

  story('WAN-013', 'is refused for an id that somebody else has already', async () => {
    const { browser, page } = await toEnrollment(fixture)
    const answer = spoken(passkey.copy().create(optionsOn(page.body)))
    const refused = await browser.submit(page, { answer })
    expect([refused.status, signsIn(refused)]).toEqual([401, false])
    const held = await fixture.store.credentials.findByHandle('passkey', passkey.id)
    expect(held?.userId).toBe(fixture.users.alice.id)
  })
})

describe('the options of the sign-in page', () => {
  story('ENU-004', 'are the same for everybody, and name no passkey', async () => {
    const shape = async (name: string) => {
      const browser = fixture.browser()
      const start = await toSignIn(browser)
      const page = await browser.submit(start, { username: name, password: 'wrong' })
      const { challenge, ...options } = optionsOn(page.body)
      return { options, status: page.status, length: challenge.length }
    }
    const alice = await shape('alice')
    expect(alice.options).not.toHaveProperty('allowCredentials')
    for (const name of ['dave', 'erin', 'nobody', '']) expect(await shape(name)).toEqual(alice)
    const fresh = await fixture
      .browser()
      .get('https://auth.gw.test/login/passkey-options?user=alice')
    expect(JSON.parse(fresh.body)).not.toHaveProperty('allowCredentials')
  })
})
