import { randomToken } from '../base/bytes.ts'
import type { UnixSeconds } from '../base/clock.ts'
import { type User, userNameKey } from '../model/user.ts'
import type { PasswordPolicy } from './password-policy.ts'

/** What somebody typed to make a user; every part may be anything. */
export interface WantedUser {
  name: string
  /** The name itself when empty. */
  displayName: string
  /** None when empty. */
  email: string
  groups: readonly string[]
  /** Left out where a password is to come later. */
  password?: string
}

/** Which field cannot stay as it is, and why, as a sentence. */
export interface UserFault {
  field: 'username' | 'display_name' | 'email' | 'groups' | 'password'
  message: string
}

export type NewUser = { ok: true; user: User } | { ok: false; fault: UserFault }

/** Checks what was typed and makes a user of it. Nothing is stored yet. */
export async function newUser(
  wanted: WantedUser,
  { policy, now }: { policy: PasswordPolicy; now: UnixSeconds },
): Promise<NewUser> {
  const name = wanted.name.trim()
  const displayName = wanted.displayName.trim() || name
  const email = wanted.email.trim()
  const fault = faultOf({ ...wanted, name, displayName, email }) ?? (await passwordFault())
  if (fault) return { ok: false, fault }
  const { groups } = wanted
  const user: User = {
    id: randomToken(16),
    name,
    displayName,
    ...(email === '' ? {} : { email }),
    groups,
    status: 'active',
    createdAt: now,
  }
  return { ok: true, user }

  async function passwordFault(): Promise<UserFault | undefined> {
    const { password } = wanted
    if (password === undefined) return undefined
    const message = await policy.fault(password, [name, displayName, ...email.split('@')])
    return message === undefined ? undefined : { field: 'password', message }
  }
}

/** Groups travel in a header, separated by commas. */
export const isGroupName = (text: string): boolean =>
  /^[^\p{C},]{1,64}$/u.test(text) && text.trim() === text

// Names travel in headers and stand in logs. What cannot be told apart by eye is refused.
const NAME = /^[\p{Ll}\p{Lu}\p{Lo}\p{N}][\p{Ll}\p{Lu}\p{Lo}\p{N}._@+-]{0,63}$/u
/** Alphabets with letters of the same shape: a Cyrillic "а" in a Latin name makes another name of it. */
const LOOK_ALIKES = [/\p{Script=Latin}/u, /\p{Script=Cyrillic}/u, /\p{Script=Greek}/u]
const mixesLookAlikes = (name: string) =>
  LOOK_ALIKES.filter((script) => script.test(name)).length > 1
const EMAIL = /^[^\s@\p{C}]{1,64}@[^\s@\p{C}]{1,189}$/u

/** Why nobody can be called that, as a sentence. */
export const displayNameFault = (name: string): string | undefined =>
  /\p{C}/u.test(name) || name.length > 128
    ? 'Please use at most 128 printable characters.'
    : undefined

/** Why that is no mail address, as a sentence. */
export const emailFault = (text: string): string | undefined =>
  EMAIL.test(text) ? undefined : 'Please write a mail address, such as name@example.com.'

function faultOf({ name, displayName, email, groups }: WantedUser): UserFault | undefined {
  if (!NAME.test(name) || userNameKey(name) !== name.toLowerCase() || mixesLookAlikes(name)) {
    const message =
      'Please use letters of one alphabet, digits and . _ @ + - only, at most 64 of them.'
    return { field: 'username', message }
  }
  const badName = displayNameFault(displayName)
  if (badName !== undefined) return { field: 'display_name', message: badName }
  const badEmail = email === '' ? undefined : emailFault(email)
  if (badEmail !== undefined) return { field: 'email', message: badEmail }
  const odd = groups.find((group) => !isGroupName(group))
  return odd === undefined
    ? undefined
    : {
        field: 'groups',
        message: `A group name has up to 64 printable characters and no comma: ${odd}`,
      }
}
