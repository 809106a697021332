/**
 * An example of each schema that has a name in the document, by that name. They stand apart from the
 * schemas, because one that is read together says more than one that is told field by field.
 */

const at = '2026-05-01T14:03:20Z'
const until = '2026-05-01T14:08:20Z'
const user_id = 'abc123'
const factor = 'dPz1sXh7Q2mYV0cLw4kUaA'
const challenge = 'Yk3n0pQ7TzW5rB1eJx8sMg'
const details = {
  title: 'Send 250.00 EUR',
  fields: [{ name: 'To', value: 'Bob' }],
  amount: { value: '250.00', currency: 'EUR' },
}
const nonce = 'q1Zr8n0Xc5bVt2yKpJ4wLd7sHg9fMa3uEo6iTxQzRkY'
const to_sign = { issuer: 'https://auth.example.com/', credential: factor, nonce }
const phone = {
  ...{ id: factor, type: 'device_key', label: 'Pixel 8', status: 'active' },
  facts: ['kept in hardware'],
  created_at: at,
}
const registered = 'eyJhbGciOiJFUzI1NiIsInR5cCI6ImdhdGVob3VzZS1yZWdpc3RyYXRpb24rand0In0.….…'
const result = 'eyJhbGciOiJFUzI1NiIsInR5cCI6ImdhdGVob3VzZS1yZXN1bHQrand0In0.….…'

export const EXAMPLES: Readonly<Record<string, object>> = {
  Factor: {
    ...{ id: factor, type: 'totp', label: 'Phone', status: 'active', facts: [] },
    created_at: at,
    last_used_at: until,
  },
  EnrollRequest: { user_id, type: 'totp', label: 'Phone' },
  Enrollment: {
    ...{ id: factor, user_id, type: 'totp', status: 'pending' },
    secret: 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ',
    uri: 'otpauth://totp/The%20Shop:abc123?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=The%20Shop',
    qr_code: '<svg …>',
    created_at: at,
    expires_at: '2026-05-01T14:13:20Z',
  },
  ConfirmRequest: { code: '987654' },
  Details: details,
  Context: { ip: '198.51.100.7', user_agent: 'Mozilla/5.0' },
  PreauthRequest: { user_id, context: { ip: '198.51.100.7', action: 'sign_in' } },
  Preauth: {
    ...{ user_id, result: 'challenge', reason: 'has_factor' },
    factors: [
      {
        ...{ id: factor, type: 'email', label: 'E-mail', status: 'active' },
        facts: ['a•••@example.com'],
        created_at: at,
      },
    ],
    risk: { score: 10, level: 'low', reasons: ['new_network'] },
  },
  Event: {
    ...{ id: '4711', at, name: 'factor.enrolled', user_id },
    ...{ address: '198.51.100.7', details: { factor: 'totp' } },
  },
  Events: {
    events: [{ id: '4711', at, name: 'factor.enrolled', user_id }],
    cursor: '4711',
    more: false,
  },
  BypassRequest: { ttl: 3600, uses: 1 },
  Bypass: {
    ...{ id: factor, user_id, code: 'K7QM-3XTD-9WZP-A2RC', uses: 1 },
    created_at: at,
    expires_at: '2026-05-01T15:03:20Z',
  },
  ChallengeRequest: { user_id, type: 'email', details },
  Challenge: {
    ...{ id: challenge, user_id, factor, type: 'email', state: 'pending', prompt: 'code' },
    ...{ sent_to: 'a•••@example.com', delivery: 'sent', details },
    ...{ attempts_left: 5, resends_left: 4, retry_after: 30 },
    created_at: at,
    expires_at: '2026-05-01T14:13:20Z',
  },
  ChallengeEnded: {
    type: 'challenge.verified',
    timestamp: until,
    data: {
      ...{ id: challenge, user_id, factor, type: 'email', state: 'verified', details },
      created_at: at,
    },
  },
  VerifyRequest: { challenge_id: challenge, code: '987654' },
  VerifyResult: {
    ...{ verified: true, user_id, factor, type: 'email', challenge_id: challenge },
    ...{ attempts_left: 0, resends_left: 0, retry_after: 0, expires_at: until },
    ...{ amr: ['otp'], result },
  },
  RegisterOptionsRequest: { user_id, user_name: 'maria@example.com', display_name: 'Maria Lopez' },
  RegisterOptions: {
    challenge_id: factor,
    user_id,
    options: {
      challenge: nonce,
      rp: { name: 'The Shop', id: 'shop.example.com' },
      user: {
        id: 'B4rYk0v3nTq8zXw1cLmPs5dHf7gJa9uEo2iRxQzKt6M',
        name: 'maria@example.com',
        displayName: 'Maria Lopez',
      },
      pubKeyCredParams: [{ alg: -7, type: 'public-key' }],
      timeout: 300_000,
      attestation: 'none',
      excludeCredentials: [],
      authenticatorSelection: { residentKey: 'preferred', userVerification: 'required' },
    },
    created_at: at,
    expires_at: until,
  },
  RegisterVerifyRequest: {
    challenge_id: factor,
    response: {
      ...{ id: 'AbC…', rawId: 'AbC…', type: 'public-key', clientExtensionResults: {} },
      response: { clientDataJSON: 'eyJ0…', attestationObject: 'o2Nm…', transports: ['internal'] },
    },
    label: 'Phone',
  },
  Registration: { user_id, factor: phone, amr: ['pop', 'hwk', 'user'], result: registered },
  AuthenticateOptionsRequest: { user_id },
  AuthenticateOptions: {
    challenge_id: challenge,
    user_id,
    options: {
      challenge: nonce,
      rpId: 'shop.example.com',
      allowCredentials: [{ id: 'AbC…', type: 'public-key', transports: ['internal'] }],
      timeout: 300_000,
      userVerification: 'required',
    },
    attempts_left: 5,
    created_at: at,
    expires_at: until,
  },
  AuthenticateVerifyRequest: {
    challenge_id: challenge,
    response: {
      ...{ id: 'AbC…', rawId: 'AbC…', type: 'public-key', clientExtensionResults: {} },
      response: { clientDataJSON: 'eyJ0…', authenticatorData: 'SZYN…', signature: 'MEUC…' },
    },
  },
  BiometricResult: {
    ...{ verified: true, user_id, factor, type: 'passkey', challenge_id: challenge },
    ...{ attempts_left: 0, resends_left: 0, retry_after: 0, expires_at: until },
    ...{ amr: ['pop', 'hwk', 'user'], result },
  },
  DeviceRequest: { user_id },
  ToSign: { ...to_sign, details: '{"application":"shop","title":"Sign in","at":1777644200}' },
  DeviceEnrollment: {
    ...{ id: factor, user_id, status: 'pending', to_sign },
    created_at: at,
    expires_at: '2026-05-01T14:13:20Z',
  },
  DeviceConfirmRequest: {
    public_key: 'MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE',
    signature: 'MEUCIQDq1Zr8n0Xc5bVt2yKpJ4wLd7sHg9fMa3uEo6iTxQzRkY',
    label: 'Pixel 8',
  },
  DeviceChallengeRequest: { details },
  DeviceChallenge: {
    challenge_id: challenge,
    user_id,
    to_sign: {
      ...to_sign,
      details: '{"application":"shop","title":"Send 250.00 EUR","at":1777644200}',
    },
    attempts_left: 5,
    created_at: at,
    expires_at: until,
  },
  DeviceVerifyRequest: {
    challenge_id: challenge,
    signature: 'MEUCIQDq1Zr8n0Xc5bVt2yKpJ4wLd7sHg9fMa3uEo6iTxQzRkY',
  },
  PersonalData: {
    format: 'gatehouse-personal-data/1',
    exported_at: at,
    withheld: { 'user.password_hash': 'Checks the password (argon2id).' },
    data: {
      consent: {
        what: 'What a person has agreed to.',
        kept: 'Until the account is erased or deleted.',
        rows: [{ version: '2026-05', agreed_at: at, recorded_at: at }],
      },
    },
  },
  Problem: {
    type: 'about:blank',
    status: 400,
    title: 'The request does not fit what is expected here.',
    code: 'invalid_request',
    request_id: 'p3Vt0aYx9kQd',
    errors: [{ field: 'user_id', message: 'is missing' }],
  },
}
