import * as z from 'zod'
import { certificatesFault, faultOf, readPem } from '../base/certificates.ts'
import { backupCodeConfig } from './backup-code/config.ts'
import { emailCodeConfig, phoneCodeConfig } from './code/config.ts'
import { deviceKeyConfig } from './device-key/config.ts'
import { passkeyConfig } from './passkey/config.ts'
import { pushConfig } from './push/config.ts'
import { totpConfig } from './totp/config.ts'

export const factorsConfig = z.strictObject({
  passkey: passkeyConfig.optional().meta({
    description:
      'Passkeys and security keys (WebAuthn): a fingerprint, a face or a PIN on the person’s own device. Leave the key out to switch it off.',
  }),
  totp: totpConfig.optional().meta({
    description:
      'Authenticator app (RFC 6238): six digits, every 30 seconds. Leave the key out to switch it off.',
  }),
  push: pushConfig.optional().meta({
    description:
      'Approval in another browser, on a phone or a desk, by a number that is carried from one screen to the other. With `channels.web_push` the browser is notified; without, its page shows requests while it is open.',
  }),
  device_key: deviceKeyConfig.optional().meta({
    description:
      'Approval in an app of yours, by a key that the device keeps in hardware and uses after a fingerprint or a face. The app introduces the key; people cannot set it up here.',
  }),
  email: emailCodeConfig.optional().meta({
    description:
      'Code by e-mail; needs a channel that carries mail. Weak: whoever reads the mail has the code. No second factor under NIST SP 800-63B-4 (3.1.3.1) and ASVS 5.0 (6.3.6).',
  }),
  sms: phoneCodeConfig.optional().meta({
    description:
      'Code by text message; needs a channel that carries text messages. Weak: numbers can be taken over. Restricted under NIST SP 800-63B-4 (3.2.9).',
  }),
  voice: phoneCodeConfig.optional().meta({
    description:
      'Code by phone call, for phones that get no messages; needs a channel that carries calls. Weak and restricted as `sms` is.',
  }),
  backup_code: backupCodeConfig.optional().meta({
    description:
      'Ten codes to print, each good for one sign-in when nothing else is at hand. Offered beside another factor.',
  }),
})

export type FactorsConfig = z.output<typeof factorsConfig>

/** Looks into the files that factors name; whether a metadata file is genuine shows at the start. */
export function faultsInFiles({ passkey }: FactorsConfig): { path: string[]; message: string }[] {
  const { file, root } = passkey?.metadata ?? {}
  const faults = {
    file: file === undefined ? undefined : faultOf(() => readPem(file)),
    root: root === undefined ? undefined : certificatesFault(root),
  }
  return Object.entries(faults).flatMap(([key, message]) =>
    message === undefined ? [] : [{ path: ['factors', 'passkey', 'metadata', key], message }],
  )
}
