import type { Kysely } from 'kysely'
import type { Atomically, Run } from '../atomically.ts'
import type { Visit, VisitRepository } from '../contract.ts'
import type { Tables } from '../tables.ts'

export function createVisitRepository(db: Kysely<Tables>, atomically: Atomically): VisitRepository {
  const isThere = (run: Run, table: 'user' | 'session', id: string) =>
    run(db.selectFrom(table).select('id').where('id', '=', id).compile()).rows.length > 0

  const note = (run: Run, { sessionId, userId, host, at }: Visit) => {
    if (!isThere(run, 'user', userId)) return 'nobody'
    // Over already: nobody comes a second time, and there is nothing to hang it on.
    if (!isThere(run, 'session', sessionId)) return 'first'
    const { changes } = run(
      db
        .insertInto('visit')
        .values({ session_id: sessionId, host, user_id: userId, at })
        .onConflict((conflict) => conflict.doNothing())
        .compile(),
    )
    return changes > 0 ? 'first' : 'again'
  }

  return {
    note: async (visits) => atomically((run) => visits.map((visit) => note(run, visit))),
  }
}
