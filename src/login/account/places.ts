import type { Audit } from '../../audit/record.ts'
import { sha256 } from '../../base/bytes.ts'
import type { Session } from '../../model/session.ts'
import type { User } from '../../model/user.ts'
import type { Sessions } from '../../session/sessions.ts'
import { type Origin, trailOf } from './origin.ts'

/** The browsers in which a person is signed in. */
export interface Places {
  /** The one seen last comes first. */
  list(user: User): Promise<Place[]>
  /** @param name From the address bar; may be hostile. */
  find(user: User, name: string): Promise<Place | undefined>
  end(user: User, place: Place, origin: Origin): Promise<void>
  /** Ends all but the one that asks. @returns How many. */
  endOthers(user: User, origin: Origin): Promise<number>
}

export interface Place {
  /** Names the session on pages: its id is half of what the cookie holds, and stays out of them. */
  name: string
  session: Session
}

export interface PlacesDeps {
  audit: Audit
  sessions: Sessions
}

export function createPlaces({ audit, sessions }: PlacesDeps): Places {
  const list: Places['list'] = async ({ id }) =>
    (await sessions.list(id))
      .toSorted((a, b) => b.lastSeenAt - a.lastSeenAt)
      .map((session) => ({ name: nameOf(session), session }))

  return {
    list,

    async find(user, name) {
      return (await list(user)).find((place) => place.name === name)
    },

    async end(user, { session }, origin) {
      if (!(await sessions.revoke(session.id))) return
      // Which session it was, and not the one from which it was ended.
      const ended = { ...origin, sessionId: session.id }
      trailOf(audit, user.id, ended)('session.revoked', { what: 'one', sessions: 1 })
    },

    async endOthers(user, origin) {
      const { sessionId } = origin
      const ended = await sessions.revokeAll(
        user.id,
        sessionId === undefined ? {} : { except: sessionId },
      )
      trailOf(audit, user.id, origin)('session.revoked', { what: 'others', sessions: ended.length })
      return ended.length
    },
  }
}

const nameOf = ({ id }: Session): string => sha256(`session ${id}`).toString('hex').slice(0, 24)
