import type { PasswordHasher } from '../../base/password.ts'
import type { UserRepository } from '../../store/contract.ts'
import type { Directory } from '../contract.ts'

export interface SqlDirectoryDeps {
  users: UserRepository
  hasher: PasswordHasher
}

/** Users in our own store. */
export function createSqlDirectory({ users, hasher }: SqlDirectoryDeps): Directory {
  /** A hash that costs less than today's is made anew while the password is at hand. */
  const renew = async (userId: string, password: string, phc: string) => {
    if (!hasher.isWeak(phc)) return
    await users.renewPasswordHash(userId, phc, await hasher.hash(password))
  }

  return {
    findByName: (name) => users.findByName(name),
    async find(userId) {
      const user = await users.find(userId)
      // Other applications' users sign in there, and not here.
      return user?.application === undefined ? user : undefined
    },

    async checkPassword(user, password) {
      // Asked for nobody too, so that an unknown name costs the same look-ups.
      const phc = await users.passwordHash(user?.id ?? '')
      if (!user || !phc) return hasher.verifyNothing(password)
      const right = await hasher.verify(password, phc)
      if (!right || user.status !== 'active') return false
      await renew(user.id, password, phc)
      return true
    },
  }
}
