import type { Audit } from '../../audit/record.ts'
import type { Clock } from '../../base/clock.ts'
import { ADMIN_GROUP, type User } from '../../model/user.ts'
import type { PersonRepository, UserRepository } from '../../store/contract.ts'
import { type PersonalData, personalDataOf } from '../personal-data.ts'
import { type Origin, trailOf } from './origin.ts'

/** What people do about everything that is stored about them. */
export interface Personal {
  /** May people erase their accounts themselves? */
  mayErase: boolean
  /** All of it, for themselves. @returns `undefined` when the user is gone by now. */
  download(user: User, origin: Origin): Promise<PersonalData | undefined>
  /** Removes all of it, where the person may. @returns Why not, where not. */
  erase(user: User): Promise<'erased' | 'not_allowed' | 'last_administrator'>
}

export interface PersonalDeps {
  audit: Audit
  clock: Clock
  mayErase: boolean
  persons: PersonRepository
  users: Pick<UserRepository, 'list'>
}

export function createPersonal(deps: PersonalDeps): Personal {
  const { audit, mayErase, persons, users } = deps

  return {
    mayErase,

    async download(user, origin) {
      const data = await personalDataOf(user.id, deps)
      if (data) trailOf(audit, user.id, origin)('user.exported')
      return data
    },

    async erase(user) {
      if (!mayErase) return 'not_allowed'
      if (isLastAdministrator(user, await users.list())) return 'last_administrator'
      await persons.erase(user.id)
      // Told of without a word about who it was.
      audit.record({ name: 'user.erased', details: { by: 'user' } })
      return 'erased'
    },
  }
}

/** Without them, could nobody help anybody any more? */
export const isLastAdministrator = (user: User, all: readonly User[]): boolean =>
  isAdministrator(user) && !all.some((other) => other.id !== user.id && isAdministrator(other))

const isAdministrator = ({ groups, status }: User) =>
  groups.includes(ADMIN_GROUP) && status === 'active'
