import { z } from '@hono/zod-openapi'
import {
  consent,
  context,
  DetailsSchema,
  FactorSchema,
  label,
  time,
  userId,
  VerifyResult,
} from './schemas.ts'

/** The words of biometrics, each once. */

const challengeId = () =>
  z.string().min(1).max(64).meta({
    description: 'Names the question. Keep it in the session of the browser that answers.',
    example: 'Yk3n0pQ7TzW5rB1eJx8sMg',
  })

const webAuthn = (description: string) => z.record(z.string(), z.unknown()).meta({ description })

const base64 = () =>
  z
    .string()
    .min(1)
    .max(4096)
    .regex(/^[A-Za-z0-9+/_-]+={0,2}$/, 'is no base64')

const personName = () =>
  z
    .string()
    .min(1)
    .max(64)
    .regex(/^[^\p{C}]+$/u, 'has control characters')

export const RegisterOptionsRequest = z
  .strictObject({
    user_id: userId(),
    user_name: personName().optional().meta({
      description: 'What the browser shows beside the passkey; the `user_id` when left out.',
      example: 'maria@example.com',
    }),
    display_name: personName().optional().meta({ example: 'Maria Lopez' }),
    consent: consent(),
  })
  .openapi('RegisterOptionsRequest')

export const RegisterOptions = z
  .strictObject({
    challenge_id: challengeId(),
    user_id: userId(),
    options: webAuthn('For `PublicKeyCredential.parseCreationOptionsFromJSON`.'),
    created_at: time(),
    expires_at: time(),
  })
  .openapi('RegisterOptions')

export const RegisterVerifyRequest = z
  .strictObject({
    challenge_id: challengeId(),
    response: webAuthn('What `navigator.credentials.create` gave, by its `toJSON()`.'),
    label: label().optional().meta({
      description: 'What the person calls it; a name of its model when left out.',
      example: 'Phone',
    }),
  })
  .openapi('RegisterVerifyRequest')

export const Registration = z
  .strictObject({
    user_id: userId(),
    factor: FactorSchema,
    amr: z.array(z.string()).meta({ description: 'How the first answer was proved (RFC 8176).' }),
    result: z.string().meta({
      description:
        'A signed statement that this was bound to the user: `typ` is `gatehouse-registration+jwt`, and never stands for a sign-in.',
    }),
  })
  .openapi('Registration')

export const AuthenticateOptionsRequest = z
  .strictObject({
    user_id: userId().optional().meta({
      description: 'Left out: whoever is there, by a passkey that tells who it belongs to.',
    }),
    details: DetailsSchema.optional().meta({
      description:
        'What the person agrees to; signed with the result. Your page shows it: browsers do not. Needs a `user_id`.',
    }),
  })
  .refine(({ user_id, details }) => user_id !== undefined || details === undefined, {
    message: 'needs a user_id',
    path: ['details'],
  })
  .openapi('AuthenticateOptionsRequest')

export const AuthenticateOptions = z
  .strictObject({
    challenge_id: challengeId(),
    user_id: userId().optional(),
    options: webAuthn('For `PublicKeyCredential.parseRequestOptionsFromJSON`.'),
    attempts_left: z.int().optional().meta({ description: 'Absent where nobody is named.' }),
    created_at: time(),
    expires_at: time(),
  })
  .openapi('AuthenticateOptions')

export const AuthenticateVerifyRequest = z
  .strictObject({
    challenge_id: challengeId(),
    response: webAuthn('What `navigator.credentials.get` gave, by its `toJSON()`.'),
    context: context(),
  })
  .openapi('AuthenticateVerifyRequest')

export const BiometricResult = z
  .strictObject({
    ...VerifyResult.shape,
    user_id: userId().optional().meta({ description: 'Absent where nobody was found.' }),
  })
  .openapi('BiometricResult')

export const DeviceRequest = z
  .strictObject({ user_id: userId(), consent: consent() })
  .openapi('DeviceRequest')

export const ToSign = z
  .strictObject({
    issuer: z.string().meta({ description: 'Whom the signature is made for.' }),
    credential: z.string(),
    nonce: z.string(),
    details: z.string().optional().meta({
      description: 'JSON that the app shows, and signs byte for byte; absent at a registration.',
    }),
  })
  .openapi('ToSign')

export const DeviceEnrollment = z
  .strictObject({
    id: z.string(),
    user_id: userId(),
    status: z.literal('pending'),
    to_sign: ToSign,
    created_at: time(),
    expires_at: time(),
  })
  .openapi('DeviceEnrollment')

const jwk = z.strictObject({
  kty: z.literal('EC'),
  crv: z.literal('P-256'),
  x: z.string().min(1).max(64),
  y: z.string().min(1).max(64),
})

export const DeviceConfirmRequest = z
  .strictObject({
    public_key: z.union([base64(), jwk]).meta({
      description: 'A P-256 key: SubjectPublicKeyInfo (DER) in base64, or a JWK.',
    }),
    signature: base64().meta({
      description:
        'ECDSA with SHA-256 in DER, over the lines `gatehouse device-key register v1`, issuer, credential, nonce, an empty line, and the SHA-256 of the public key (DER) in base64url.',
    }),
    attestation: z.array(base64()).min(1).max(8).optional().meta({
      description:
        'Android: the certificates of `KeyStore.getCertificateChain` in base64, the key’s own first, made with the nonce’s bytes as the attestation challenge.',
    }),
    label: label()
      .optional()
      .meta({ description: 'What the person calls it.', example: 'Pixel 8' }),
  })
  .openapi('DeviceConfirmRequest')

export const DeviceChallengeRequest = z
  .strictObject({ details: DetailsSchema.optional() })
  .openapi('DeviceChallengeRequest')

export const DeviceChallenge = z
  .strictObject({
    challenge_id: challengeId(),
    user_id: userId(),
    to_sign: ToSign,
    attempts_left: z.int(),
    created_at: time(),
    expires_at: time(),
  })
  .openapi('DeviceChallenge')

export const DeviceVerifyRequest = z
  .strictObject({
    challenge_id: challengeId(),
    signature: base64().meta({
      description:
        'ECDSA with SHA-256 in DER, over the lines `gatehouse device-key sign v1`, issuer, credential, nonce, and the SHA-256 of `details` in base64url.',
    }),
    context: context(),
  })
  .openapi('DeviceVerifyRequest')
