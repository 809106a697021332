import { ADMIN_GROUP } from '../../model/user.ts'
import type { UserRepository } from '../../store/contract.ts'
import type { AlertKind, Lookout } from '../contract.ts'
import { accountsOf, momentOf, timesOf } from '../words.ts'

/** Somebody who belongs to the administrators and did not before, however that came about. */
export const newAdministrator: AlertKind = {
  name: 'new_administrator',

  words(wording) {
    const { tally } = wording.alert
    return {
      title: 'There is a new administrator',
      sentences: [
        `Somebody belongs to the group “${ADMIN_GROUP}” who did not before. If nobody of you did that, take the account out of use at once: gatehouse user disable NAME`,
      ],
      facts: [timesOf(wording), ...accountsOf(wording)],
      command: `gatehouse audit list --event "user.*" --since ${momentOf(tally.first - HOUR)}`,
    }
  },
}

const HOUR = 3600
const LOOKS_EVERY_SECONDS = 15

/** Compares who is an administrator with who was: also a hand in the database is found out. */
export const administratorsLookout = (users: Pick<UserRepository, 'listByGroup'>): Lookout => ({
  name: 'new_administrator',
  everySeconds: LOOKS_EVERY_SECONDS,
  startsQuietly: true,
  async look() {
    const all = await users.listByGroup(ADMIN_GROUP)
    return all
      .filter(({ status, application }) => status === 'active' && application === undefined)
      .map(({ id }) => ({ name: id, sighting: { userId: id } }))
  },
})
