import type { UnixSeconds } from '../base/clock.ts'

/** A person who may sign in. `id` is what goes out as `sub`; it never changes and is never reused. */
export interface User {
  id: string
  /** What is typed at sign-in. Unique without regard to case. */
  name: string
  /** What is shown. May hold any printable character. */
  displayName: string
  email?: string
  groups: readonly string[]
  status: 'active' | 'disabled'
  createdAt: UnixSeconds
  /** How often the password has been changed; absent for never. */
  passwordVersion?: number
  /** Until then nothing about the account changes: somebody said "this was not me". */
  frozenUntil?: UnixSeconds
  /**
   * The application whose user this is, by an id of its own; absent for people who sign in here. Nobody
   * signs in as one of these, and no application sees those of another.
   */
  application?: string
}

/** Stands for the people who sign in here where applications are named. */
export const OWN_APPLICATION = 'gatehouse'

/** Is the account closed to changes? */
export const isFrozen = ({ frozenUntil }: Pick<User, 'frozenUntil'>, now: UnixSeconds): boolean =>
  frozenUntil !== undefined && now < frozenUntil

/** The version of a user's password, for what is to end with it. */
export const versionOf = ({ passwordVersion }: Pick<User, 'passwordVersion'>) =>
  passwordVersion === undefined ? {} : { passwordVersion }

/** Members of this group administer the gateway. */
export const ADMIN_GROUP = 'admins'

/** The one form in which user names are compared. */
export const userNameKey = (name: string): string => name.normalize('NFKC').trim().toLowerCase()
