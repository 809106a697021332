import type { User } from '../model/user.ts'

/** Where users come from and passwords are checked. */
export interface Directory {
  /** Looks a user up by what was typed; disabled ones too. */
  findByName(name: string): Promise<User | undefined>
  find(userId: string): Promise<User | undefined>
  /**
   * Checks a password.
   *
   * Takes the same time whether the user exists, is disabled, has no password, or typed a wrong one.
   *
   * @returns Whether it is right and the user may sign in at all. Rejects only for a technical reason.
   */
  checkPassword(user: User | undefined, password: string): Promise<boolean>
}
