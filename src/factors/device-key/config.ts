import * as z from 'zod'
import { file, oneOrMore } from '../../base/schema.ts'
import { entryConfig } from '../approval.ts'

const app = z.strictObject({
  package: z
    .string()
    .regex(/^[A-Za-z0-9_.]+$/)
    .meta({ description: 'The name of the package.', example: 'com.example.app' }),
  signers: z
    .array(z.string().regex(/^[0-9a-f]{64}$/, 'write a SHA-256 digest in small hexadecimal digits'))
    .min(1)
    .meta({
      description: 'SHA-256 digests, in hexadecimal, of the certificates that it is signed with.',
    }),
})

const attestationConfig = z.strictObject({
  roots: oneOrMore(file(), 'write the name of a PEM file, or a list of them').meta({
    description:
      'PEM files with the certificates that a chain must lead to, e.g. Google’s hardware attestation roots.',
    example: '/etc/gatehouse/android-roots.pem',
  }),
  level: z.enum(['tee', 'strongbox']).default('tee').meta({
    description:
      'Where the key must live: in the trusted environment of the processor, or in a chip of its own.',
  }),
  required: z.boolean().default(true).meta({
    description:
      'Refuse keys that come without a statement. iPhones make none for the keys of an app: say `false` where they are to be used, too.',
  }),
  apps: z
    .array(app)
    .min(1)
    .optional()
    .meta({
      description: 'Applications whose keys are taken; all when left out.',
      example: [{ package: 'com.example.app', signers: ['<64 hexadecimal digits>'] }],
    }),
  revoked: file().optional().meta({
    description:
      'A file with certificates that no longer count, in the form in which Google publishes them (`android.googleapis.com/attestation/status`).',
    example: '/etc/gatehouse/android-revoked.json',
  }),
})

export type AttestationConfig = z.output<typeof attestationConfig>

export const deviceKeyConfig = z.strictObject({
  entry: entryConfig,
  android_attestation: attestationConfig.optional().meta({
    description:
      'Take keys only if the device proves that they are kept in hardware, made there, and used with a fingerprint or face each time. Left out: any key is taken at its word.',
    example: { roots: '/etc/gatehouse/android-roots.pem' },
  }),
})

export type DeviceKeyConfig = z.output<typeof deviceKeyConfig>

/** For the apps of another application, which sign challenges that its own server hands them. */
export const applicationDeviceKeys = deviceKeyConfig.pick({ android_attestation: true })

export type ApplicationDeviceKeys = z.output<typeof applicationDeviceKeys>
