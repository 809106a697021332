import { randomToken } from '../base/bytes.ts'
import type { Clock } from '../base/clock.ts'
import type { User } from '../model/user.ts'
import type { ApiKey, UserRepository } from '../store/contract.ts'
import { OUR_PEOPLE } from './config.ts'

/** The people an application may speak of: its own, and ours where its key is one of ours. */
export interface People {
  /** @param userId As the application calls them; opaque to us, and may be hostile. */
  find(key: ApiKey, userId: string): Promise<User | undefined>
  /** The same, also those who may not sign in. */
  findAny(key: ApiKey, userId: string): Promise<User | undefined>
  /** As `find`, and makes the application's own user at first sight. Ours are never made this way. */
  findOrMake(key: ApiKey, userId: string): Promise<User | undefined>
  /** What the application calls a user. */
  nameOf(user: User): string
}

export interface PeopleDeps {
  clock: Clock
  users: UserRepository
}

export function createPeople({ clock, users }: PeopleDeps): People {
  const findAny: People['findAny'] = async ({ application }, userId) => {
    if (application !== OUR_PEOPLE) return users.findExternal(application, userId)
    const user = (await users.find(userId)) ?? (await users.findByName(userId))
    // An id of another application's user is nobody's here.
    return user?.application === undefined ? user : undefined
  }

  const find: People['find'] = async (key, userId) => {
    const user = await findAny(key, userId)
    return key.application !== OUR_PEOPLE || user?.status === 'active' ? user : undefined
  }

  return {
    find,
    findAny,
    async findOrMake(key, userId) {
      const { application } = key
      const known = await find(key, userId)
      if (known || application === OUR_PEOPLE) return known
      const user: User = {
        id: randomToken(16),
        name: userId,
        displayName: userId,
        groups: [],
        status: 'active',
        createdAt: clock.now(),
        application,
      }
      // Of two requests at once one makes the user, and both find them.
      await users.insert(user)
      return users.findExternal(application, userId)
    },
    nameOf: ({ name }) => name,
  }
}
