import { randomToken, sha256 } from '../../src/base/bytes.ts'
import type { User } from '../../src/model/user.ts'
import type { Store } from '../../src/store/contract.ts'
import { aChallenge, aCredential, anAttempt, aSession, aUser, NOON } from './builders.ts'

/** Somebody about whom there is a row in every table that holds anything about people. */
export interface WholePerson {
  user: User
  /** Whatever would give them away, if it were found anywhere. */
  traces: readonly string[]
  /** What must never be given, not even to them. */
  secrets: readonly string[]
}

/** @param mark Stands in everything that is theirs alone. */
export async function addWholePerson(
  store: Store,
  mark: string,
  given: Partial<User> = {},
): Promise<WholePerson> {
  const user = aUser({
    id: `id-${mark}-${randomToken(9)}`,
    name: `name-${mark}`,
    displayName: `Display ${mark}`,
    email: `mail-${mark}@gw.test`,
    groups: [`group-${mark}`],
    ...given,
  })
  const userId = user.id
  const phone = '+4915112345678'
  const address = '203.0.113.77'
  const userAgent = `Agent/${mark}`
  const totp = aCredential({ userId, label: `App ${mark}`, data: { secret: `SECRET${mark}` } })
  const passkey = aCredential({
    userId,
    kind: 'passkey',
    label: `Key ${mark}`,
    handle: `handle-${mark}`,
    data: { publicKey: `public-${mark}`, counter: 3, transports: ['usb'], aaguid: 'x' },
  })
  const sms = aCredential({ userId, kind: 'sms', label: 'Phone', data: { target: phone } })
  const codes = aCredential({
    userId,
    kind: 'backup_code',
    label: `Codes ${mark}`,
    data: { codes: [{ tag: 'a', hash: `hash-${mark}`, used: true }] },
  })
  await store.users.insert(user, `$argon2id$${mark}`)
  for (const it of [totp, passkey, sms, codes]) await store.credentials.insert(it)
  const session = aSession({ userId, address, userAgent, id: `session-${mark}` })
  await store.sessions.insert({ ...session, secretHash: sha256(mark) })
  await store.attempts.insert(
    anAttempt({ userId, id: `attempt-${mark}`, returnTo: `https://wiki.gw.test/${mark}` }),
  )
  await store.challenges.open(
    aChallenge({
      userId,
      credentialId: sms.id,
      kind: 'sms',
      boundTo: `attempt/${mark}`,
      data: { by: 'us', salt: `salt-${mark}`, mac: 'm', until: 1 },
      about: { address, userAgent, destination: `Wiki ${mark}` },
    }),
    false,
  )
  await store.devices.remember(userId, sha256(`browser ${mark}`), NOON)
  await store.habits.save(userId, {
    networks: [{ key: `network ${mark}`, since: NOON, at: NOON }],
    countries: [],
    hours: [],
    at: NOON,
  })
  await store.tickets.insert({
    purpose: 'invite',
    hash: sha256(`ticket ${mark}`),
    userId,
    expiresAt: NOON + 900,
  })
  await store.consents.insert({
    id: `consent-${mark}`,
    userId,
    document: 'privacy-notice',
    version: `2026-${mark}`,
    agreedAt: NOON - 5,
    recordedAt: NOON,
  })
  await store.webhooks.insert(
    {
      id: `msg_${mark}`,
      challengeId: `challenge-${mark}`,
      userId,
      application: 'shop',
      url: 'https://shop.test/hook',
      about: { user_id: mark },
      createdAt: NOON,
    },
    10,
  )
  await store.visits.note([{ sessionId: session.id, userId, host: `${mark}.gw.test`, at: NOON }])
  await store.events.insert({
    name: 'login.succeeded',
    at: NOON,
    userId,
    sessionId: session.id,
    address,
    details: { browser: userAgent, name: user.name },
  })
  const answer = { status: 201, body: JSON.stringify({ user_id: user.name, secret: mark }) }
  const key = sha256(`answer ${mark}`)
  const claim = { key, until: NOON + 15 }
  await store.idempotency.claim(claim, sha256('x'), NOON)
  await store.idempotency.keep(claim, answer, NOON + 86_400)

  return {
    user,
    traces: [mark, phone, address, totp.id, passkey.id, sms.id, codes.id],
    secrets: [
      `SECRET${mark}`,
      `public-${mark}`,
      `hash-${mark}`,
      `salt-${mark}`,
      '$argon2id$',
      `session-${mark}`,
      `attempt-${mark}`,
      sha256(mark).toString('hex'),
      sha256(mark).toString('base64url'),
    ],
  }
}
