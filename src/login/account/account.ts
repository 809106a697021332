import type { Audit, Sink } from '../../audit/record.ts'
import type { Clock } from '../../base/clock.ts'
import type { Log } from '../../base/log.ts'
import type { Channels, Outbox } from '../../channels/contract.ts'
import type { Factors } from '../../factors/contract.ts'
import type { AuditEvent, EventName } from '../../model/event.ts'
import { isFrozen, type User } from '../../model/user.ts'
import type { Risk } from '../../risk/index.ts'
import type { Sessions } from '../../session/sessions.ts'
import type { Store } from '../../store/contract.ts'
import type { Enrollments } from '../enrollments.ts'
import { createLetters, type Site } from '../letters.ts'
import type { Login } from '../login.ts'
import { createMessenger } from '../messenger.ts'
import { createNotices } from '../notices.ts'
import type { Passwords } from '../passwords.ts'
import type { AccountAccess } from './access.ts'
import { type Authenticators, createAuthenticators } from './authenticators.ts'
import { createPersonal, type Personal } from './personal.ts'
import { createPlaces, type Places } from './places.ts'
import { createProfiles, type Profiles } from './profile.ts'
import { createUndo, type Undo } from './undo.ts'

/** What people see of their own account, what they change about it, and what they are told of it. */
export interface Account {
  access: AccountAccess
  authenticators: Authenticators
  enrollments: Enrollments
  passwords: Passwords
  personal: Personal
  places: Places
  profiles: Profiles
  undo: Undo
  /** What happened to it, newest first. */
  history(user: User, limit: number): Promise<AuditEvent[]>
  /** Is it closed to changes at this moment? */
  isFrozen(user: User): boolean
  /** Hears what happens, and tells people what concerns them. */
  notices: Sink
}

export interface AccountDeps {
  audit: Audit
  channels: Channels
  clock: Clock
  /** Under which codes for mail addresses are kept. */
  codeKey: Uint8Array
  factors: Factors
  firstNeedsPass: boolean
  log: Log
  login: Login
  /** May people erase their accounts themselves? */
  mayErase: boolean
  outbox: Outbox
  passwords: Passwords
  risk: Risk | undefined
  sessions: Sessions
  site: Site
  store: Store
}

export function createAccount(deps: AccountDeps): Account {
  const { channels, clock, codeKey: key, login, outbox, passwords, store } = deps
  const { access, enrollments } = login
  const { attempts, credentials, devices, events, persons, tickets, users } = store
  const shared = { ...deps, ...login, attempts, credentials, devices, persons, tickets, users }

  const messenger = createMessenger({ channels, outbox })
  const letters = createLetters(deps.site)
  const undo = createUndo(shared)
  return {
    access,
    enrollments,
    passwords,
    undo,
    authenticators: createAuthenticators(shared),
    personal: createPersonal(shared),
    places: createPlaces(shared),
    profiles: createProfiles({ ...shared, key, letters, messenger }),
    history: ({ id }, limit) => events.listByUser(id, TOLD, limit),
    isFrozen: (user) => isFrozen(user, clock.now()),
    notices: createNotices({ ...shared, letters, messenger, undo }),
  }
}

/** What a person's history tells. */
const TOLD: readonly EventName[] = [
  'login.succeeded',
  'login.refused',
  'login.throttled',
  'factor.enrolled',
  'factor.changed',
  'factor.removed',
  'factor.disabled',
  'factor.restored',
  'factor.suspect',
  'factor.unreachable',
  'factors.frozen',
  'challenge.denied',
  'message.undelivered',
  'password.changed',
  'password.reset_asked',
  'session.revoked',
  'user.created',
  'user.changed',
  'user.exported',
]
