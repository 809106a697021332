import { silentLog } from '../../src/base/log.ts'
import type { Asked } from '../../src/factors/contract.ts'
import { passkeyConfig } from '../../src/factors/passkey/config.ts'
import { createPasskey } from '../../src/factors/passkey/index.ts'
import { siteOf } from '../../src/factors/passkey/site.ts'
import { type CeremonyOptions, createAuthenticator } from '../support/authenticator.ts'
import { PORTAL, spoken } from '../support/passkeys.ts'
import { describeFactor } from './factor.ts'

const key = new Uint8Array(32).fill(3)
const create = (written: object) => (clock: Parameters<typeof createPasskey>[0]['clock']) =>
  createPasskey({
    config: passkeyConfig.parse(written),
    site: siteOf(passkeyConfig.parse(written), PORTAL),
    key,
    clock,
    log: silentLog,
  })

/** Well formed, and about nobody. */
const wrong = spoken(createAuthenticator().get({ challenge: 'AAAA', rpId: 'auth.gw.test' }))

for (const [kind, traits] of Object.entries({
  'passkey that is synced': { eligible: true, backedUp: true, counts: false },
  'security key': { algorithm: 'EdDSA' as const, verifies: false },
})) {
  describeFactor({
    kind: 'passkey',
    name: kind,
    wrong,
    create: create({}),
    holder() {
      const authenticator = createAuthenticator(traits)
      return {
        enroll: async ({ offer }) =>
          spoken(
            authenticator.create(
              (offer.show === 'authenticator' ? offer.options : {}) as CeremonyOptions,
            ),
          ),
        answer: async (asked, { factor }) => spoken(authenticator.get(optionsOf(asked, factor))),
      }
    },
  })
}

function optionsOf(asked: Asked, { prompt }: ReturnType<typeof createPasskey>): CeremonyOptions {
  const question = prompt(asked)
  if (question.ask !== 'authenticator') throw new Error(`asks ${question.ask}`)
  return question.options as CeremonyOptions
}
