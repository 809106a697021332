import { describe, expect, it } from 'vitest'
import { passkeyConfig } from '../../../../src/factors/passkey/config.ts'
import { passkeyDocuments } from '../../../../src/factors/passkey/documents.ts'
import { siteOf } from '../../../../src/factors/passkey/site.ts'
import { createAuthenticator } from '../../../support/authenticator.ts'
import { enrollWith, PORTAL, passkeyBench, spoken } from '../../../support/passkeys.ts'

const FINGERPRINT = Array(32).fill('AB').join(':')
const everywhere = {
  rp_id: 'gw.test',
  origins: ['https://login.example.org'],
  android: [{ package: 'com.example.app', fingerprints: [FINGERPRINT.toLowerCase()] }],
  ios: { app_ids: ['9JA89QQLNQ.com.example.app'] },
}
const ANDROID = `android:apk-key-hash:${Buffer.alloc(32, 0xab).toString('base64url')}`

describe('where ceremonies may happen', () => {
  it('is the portal alone, unless more is said', () => {
    expect(siteOf(passkeyConfig.parse({}), PORTAL)).toEqual({
      rpId: 'auth.gw.test',
      name: 'Gatehouse',
      origins: ['https://auth.gw.test'],
    })
  })

  it('is every site and application of the configuration', () => {
    expect(siteOf(passkeyConfig.parse(everywhere), PORTAL)).toEqual({
      rpId: 'gw.test',
      name: 'Gatehouse',
      origins: ['https://auth.gw.test', 'https://login.example.org', ANDROID, 'https://gw.test'],
    })
  })

  it.each(['https://auth.gw.test', 'https://login.example.org', 'https://gw.test', ANDROID])(
    'is %s',
    async (origin) => {
      const bench = passkeyBench(everywhere)
      expect(await enrollWith(bench, { origin })).toMatchObject({ ok: true })
      const authenticator = createAuthenticator({ origin })
      const { options, ...asked } = await bench.ask(await bench.enroll(authenticator))
      const verdict = await bench.factor.verify(asked, spoken(authenticator.get(options)))
      expect(verdict).toMatchObject({ ok: true })
    },
  )

  it.each(['https://example.org', 'https://app.gw.test', ANDROID.toUpperCase()])(
    'is not %s',
    async (origin) => {
      expect(await enrollWith(passkeyBench(everywhere), { origin })).toMatchObject({ ok: false })
    },
  )
})

describe('what is told about it', () => {
  it('is nothing, unless there is something to tell', () => {
    expect([...passkeyDocuments(passkeyConfig.parse({}), PORTAL.url).byPath]).toEqual([])
    expect([...passkeyDocuments(undefined, PORTAL.url).byPath]).toEqual([])
  })

  it('is what browsers and systems look up', () => {
    const { hosts, byPath } = passkeyDocuments(passkeyConfig.parse(everywhere), PORTAL.url)
    expect([...hosts]).toEqual(['auth.gw.test', 'gw.test'])
    expect(Object.fromEntries(byPath)).toEqual({
      '/.well-known/webauthn': { origins: ['https://login.example.org'] },
      '/.well-known/assetlinks.json': [
        {
          relation: ['delegate_permission/common.get_login_creds'],
          target: {
            namespace: 'android_app',
            package_name: 'com.example.app',
            sha256_cert_fingerprints: [FINGERPRINT],
          },
        },
      ],
      '/.well-known/apple-app-site-association': {
        webcredentials: { apps: ['9JA89QQLNQ.com.example.app'] },
      },
    })
  })
})
