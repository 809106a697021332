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
  ChallengeRequest: { user_id, type: 'email', details },
  Challenge: {
    ...{ id: challenge, user_id, factor, type: 'email', state: 'pending', prompt: 'code' },
    ...{ sent_to: 'a•••@example.com', delivery: 'sent', details },
    ...{ attempts_left: 5, resends_left: 4, retry_after: 30 },
    created_at: at,
    expires_at: '2026-05-01T14:13:20Z',
  },
  VerifyRequest: { challenge_id: challenge, code: '987654' },
  VerifyResult: {
    ...{ verified: true, user_id, factor, type: 'email', challenge_id: challenge },
    ...{ attempts_left: 4, amr: ['otp'], result },
  },
  Problem: {
    type: 'about:blank',
    status: 400,
    title: 'The request does not fit what is expected here.',
    code: 'invalid_request',
    request_id: 'p3Vt0aYx9kQd',
    errors: [{ field: 'user_id', message: 'Invalid input: expected string, received undefined' }],
  },
}
