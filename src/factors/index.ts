import type { Clock } from '../base/clock.ts'
import type { Keyring } from '../base/keyring.ts'
import type { Log } from '../base/log.ts'
import { createPasswordHasher, type PasswordHasher } from '../base/password.ts'
import type { Channels } from '../channels/contract.ts'
import { createBackupCode } from './backup-code/index.ts'
import { createCode } from './code/index.ts'
import type { Site } from './code/messages.ts'
import { byCall, byMail, byText } from './code/ways.ts'
import type { FactorsConfig } from './config.ts'
import type { Factor, Factors } from './contract.ts'
import type { ApplicationDeviceKeys } from './device-key/config.ts'
import { createDirectDeviceKey } from './device-key/direct.ts'
import { createDeviceKey } from './device-key/index.ts'
import { withFixedCode } from './fixed-code.ts'
import { createPass } from './pass/index.ts'
import type { ApplicationPasskeys } from './passkey/config.ts'
import { createPasskey } from './passkey/index.ts'
import { applicationSite, siteOf } from './passkey/site.ts'
import { createPush } from './push/index.ts'
import { createTotp } from './totp/index.ts'

export interface FactorsDeps {
  config: FactorsConfig
  channels: Channels
  clock: Clock
  keyring: Keyring
  log: Log
  /** The portal, for authenticators and messages that name it. */
  site: Site
  /** Right instead of every code that an app would make or a message would bring. */
  fixedCode?: string
}

/**
 * Made codes have 80 random bits, so the least that argon2id may cost is plenty; and a queue of their
 * own keeps them from holding up passwords.
 */
const CODE_HASHING = {
  cost: { memoryKib: 19_456, passes: 2 },
  concurrency: 1,
  queueLimit: 200,
}

/** Hashes codes and passes that were made here. */
export const codeHasher = (keyring: Keyring): PasswordHasher =>
  createPasswordHasher({ ...CODE_HASHING, pepper: keyring('pepper') })

/** The list of all factors; a new one is a line here. A factor without a key in the configuration is off. */
export function createFactors(deps: FactorsDeps): Factors {
  const { config, channels, clock, keyring, log, site } = deps
  const { passkey, totp, push, device_key, email, sms, voice, backup_code } = config
  const codes = { channels, clock, key: keyring('code'), site }
  const coded = (factor: Factor): Factor =>
    deps.fixedCode === undefined ? factor : withFixedCode(factor, deps.fixedCode)
  const hasher = codeHasher(keyring)

  const chosen: Factor[] = [
    passkey &&
      createPasskey({
        config: passkey,
        site: siteOf(passkey, site),
        key: keyring('passkey'),
        clock,
        log,
      }),
    totp && coded(createTotp({ config: { issuer: totp.issuer ?? site.name }, clock })),
    push && createPush({ config: push, channels, clock, home: site.url, name: site.name }),
    device_key && createDeviceKey({ config: device_key, clock, home: site.url }),
    email && coded(createCode({ ...codes, way: byMail(email) })),
    sms && coded(createCode({ ...codes, way: byText(sms) })),
    voice && coded(createCode({ ...codes, way: byCall(voice) })),
    backup_code && createBackupCode({ hasher, key: keyring('code') }),
  ].filter((factor) => factor !== undefined)
  // Where there is a factor to lose, an administrator can help out.
  const helping = chosen.length > 0 ? [createPass({ clock, hasher })] : []
  return new Map([...chosen, ...helping].map((factor) => [factor.kind, factor]))
}

/** What another application has of its own. */
export interface ApplicationPlace {
  passkey?: ApplicationPasskeys | undefined
  device_key?: ApplicationDeviceKeys | undefined
}

/**
 * The factors of another application's users: those of the configuration that need no page of the portal,
 * in the application's name, and biometrics in a place of its own.
 */
export function createApplicationFactors(
  { passkey, device_key }: ApplicationPlace,
  deps: FactorsDeps,
): Factors {
  const { clock, keyring, log, site } = deps
  const { passkey: _, push: __, device_key: ___, ...config } = deps.config
  const own = [
    passkey &&
      createPasskey({
        ...applicationSite(passkey, site.name),
        key: keyring('passkey'),
        clock,
        log,
      }),
    device_key && createDirectDeviceKey({ config: device_key, clock, home: site.url }),
  ].filter((factor) => factor !== undefined)
  return new Map([
    ...createFactors({ ...deps, config }),
    ...own.map((factor) => [factor.kind, factor] as const),
  ])
}
