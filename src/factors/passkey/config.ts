import * as z from 'zod'
import { file, hostName } from '../../base/schema.ts'

const ORIGIN = 'write only scheme, host and port: https://login.example.org'
const AAGUID = 'write an AAGUID: 2fc0579f-8113-47ea-b116-bb5a8db9202a'
const FINGERPRINT = 'write the SHA-256 of a signing certificate: 32 pairs of hex digits with colons'
const APP_ID = 'write team and bundle: 9JA89QQLNQ.com.example.app'

const androidApp = z.strictObject({
  package: z
    .string()
    .regex(/^[A-Za-z][A-Za-z0-9_]*(\.[A-Za-z][A-Za-z0-9_]*)+$/, 'write a package: com.example.app')
    .meta({ description: 'The name of the package.', example: 'com.example.app' }),
  fingerprints: z
    .array(z.string().regex(/^[0-9A-Fa-f]{2}(:[0-9A-Fa-f]{2}){31}$/, FINGERPRINT))
    .min(1, FINGERPRINT)
    .meta({ description: 'SHA-256 fingerprints of the certificates that sign it.' }),
})

/** The kinds of match that an authenticator's metadata can name. */
export const BIOMETRICS = ['fingerprint', 'face', 'voice'] as const

export const passkeyConfig = z
  .strictObject({
    rp_id: hostName().optional().meta({
      description:
        'The domain to which passkeys belong: the portal’s host when left out, or a parent domain of it. Whoever changes it loses every passkey.',
      example: 'example.com',
    }),
    origins: z
      .array(z.string().regex(/^https:\/\/[a-z0-9.-]+(:\d{1,5})?$/, ORIGIN))
      .default([])
      .meta({
        description:
          'More sites on which the same passkeys work, told to browsers at `/.well-known/webauthn`.',
        example: ['https://login.example.org'],
      }),
    user_verification: z.enum(['preferred', 'required']).default('preferred').meta({
      description:
        'Whether fingerprint, face or PIN are always asked for. With `preferred`, a security key that has none of them still counts, after a password.',
    }),
    attachment: z.enum(['platform', 'cross-platform']).optional().meta({
      description:
        'Enroll only what is built into a device (`platform`), or only what is carried along (`cross-platform`).',
      example: 'cross-platform',
    }),
    hints: z
      .array(z.enum(['security-key', 'client-device', 'hybrid']))
      .default([])
      .meta({
        description: 'What browsers offer first: `security-key`, `client-device`, `hybrid`.',
        example: ['security-key'],
      }),
    attestation: z.enum(['none', 'direct', 'enterprise']).optional().meta({
      description:
        'With `direct` or `enterprise`, only an authenticator that proves its model is enrolled. `none` when left out, `direct` with `admit`.',
      example: 'direct',
    }),
    metadata: z
      .strictObject({
        file: file().meta({
          description: 'The file, as its publisher signed it. It is read once, at the start.',
          example: '/etc/gatehouse/fido-mds3.jwt',
        }),
        root: file().optional().meta({
          description:
            'A PEM file with the root of whoever signed it; the roots of the FIDO Alliance when left out.',
          example: '/etc/gatehouse/fido-mds3-root.pem',
        }),
      })
      .optional()
      .meta({
        description:
          'A metadata file of the FIDO Alliance (MDS3): names of models, what they can do, and which of them are broken. Nothing is fetched.',
      }),
    admit: z
      .strictObject({
        aaguids: z
          .array(z.string().regex(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/, AAGUID))
          .min(1, AAGUID)
          .optional()
          .meta({
            description: 'Only these models.',
            example: ['2fc0579f-8113-47ea-b116-bb5a8db9202a'],
          }),
        biometric: z
          .array(z.enum(BIOMETRICS))
          .min(1, 'write at least one: [fingerprint, face, voice]')
          .optional()
          .meta({
            description:
              'Only models whose metadata names one of these matches. No authenticator tells whether the finger or the PIN was used.',
            example: ['fingerprint', 'face'],
          }),
      })
      .optional()
      .meta({
        description:
          'Which authenticators may be enrolled; each has to prove its model. All when left out.',
      }),
    android: z.array(androidApp).default([]).meta({
      description:
        'Applications that sign in with the same passkeys, each `{ package, fingerprints }`, told to Android at `/.well-known/assetlinks.json`.',
    }),
    ios: z
      .strictObject({
        app_ids: z
          .array(z.string().regex(/^[A-Z0-9]{10}\.[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+$/, APP_ID))
          .min(1, APP_ID)
          .meta({
            description: 'Team and bundle of each.',
            example: ['9JA89QQLNQ.com.example.app'],
          }),
      })
      .optional()
      .meta({
        description:
          'The same for iOS, told at `/.well-known/apple-app-site-association`. The site `https://` and `rp_id` is then trusted, too.',
      }),
  })
  .superRefine(({ attestation, admit, metadata }, context) => {
    const because = (path: string, message: string) =>
      context.addIssue({ code: 'custom', path: [path], message })
    if (admit && attestation === 'none') {
      because('attestation', 'admit needs proof of the model: write direct, or leave it out')
    }
    if (metadata) return
    const message = 'needs metadata: without a metadata file nothing proves the model'
    if (admit) because('admit', message)
    else if (attestation && attestation !== 'none') because('attestation', message)
  })

export type PasskeyConfig = z.output<typeof passkeyConfig>

const APPLICATION_ORIGIN =
  'write an origin as browsers do (https://shop.example.com), or android:apk-key-hash: and the digest of an app'

const PLACES = [
  /^https:\/\/[a-z0-9.-]+(:\d{1,5})?$/,
  /^http:\/\/localhost(:\d{1,5})?$/,
  /^android:apk-key-hash:[A-Za-z0-9_-]{43}$/,
]

export const applicationPasskeys = z.strictObject({
  rp_id: hostName().meta({
    description:
      'The domain to which the passkeys belong: the application’s host, or a parent domain of it. Whoever changes it loses every passkey.',
    example: 'shop.example.com',
  }),
  rp_name: z.string().min(1).max(60).optional().meta({
    description: 'What browsers show; the application’s name when left out.',
    example: 'The Shop',
  }),
  origins: z
    .array(
      z.string().refine((text) => PLACES.some((place) => place.test(text)), {
        message: APPLICATION_ORIGIN,
      }),
    )
    .min(1, APPLICATION_ORIGIN)
    .meta({
      description:
        'Where its people make and use them. Apps on Android stand here by `android:apk-key-hash:…`, apps on iOS by `https://` and `rp_id`.',
      example: ['https://shop.example.com'],
    }),
})

export type ApplicationPasskeys = z.output<typeof applicationPasskeys>
