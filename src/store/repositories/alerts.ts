import type { Kysely } from 'kysely'
import type { Seal } from '../../base/seal.ts'
import type { Atomically, Run } from '../atomically.ts'
import type { AlertLetter, AlertRepository, DueAlertLetter } from '../contract.ts'
import type { Tables } from '../tables.ts'

export interface AlertRepositoryDeps {
  db: Kysely<Tables>
  atomically: Atomically
  seal: Seal
}

/** Letters that may wait; each is for one recipient. */
const MOST_WAITING = 1000

const stateAt = (kind: string) => `alert_state/${kind}`
const letterAt = (id: string) => `alert_letter/${id}`

export function createAlertRepository(deps: AlertRepositoryDeps): AlertRepository {
  const { db, atomically, seal } = deps

  const read = (run: Run, kind: string): unknown => {
    const { rows } = run(
      db.selectFrom('alert_state').select('state').where('kind', '=', kind).compile(),
    )
    return rows[0] && JSON.parse(seal.open(rows[0].state, stateAt(kind)))
  }

  const write = (run: Run, kind: string, state: unknown, wakeAt: number | undefined) => {
    if (state === undefined) {
      run(db.deleteFrom('alert_state').where('kind', '=', kind).compile())
      return
    }
    const row = {
      state: seal.seal(JSON.stringify(state), stateAt(kind)),
      wake_at: wakeAt ?? null,
    }
    run(
      db
        .insertInto('alert_state')
        .values({ kind, ...row })
        .onConflict((conflict) => conflict.column('kind').doUpdateSet(row))
        .compile(),
    )
  }

  const post = (run: Run, letters: readonly AlertLetter[]) => {
    const { rows } = run(db.selectFrom('alert_letter').select('id').limit(MOST_WAITING).compile())
    for (const letter of letters.slice(0, MOST_WAITING - rows.length)) {
      run(
        db
          .insertInto('alert_letter')
          .values({
            id: letter.id,
            letter: seal.seal(JSON.stringify(letter), letterAt(letter.id)),
            claims: 0,
            claimed_until: 0,
            created_at: letter.createdAt,
          })
          .compile(),
      )
    }
  }

  return {
    update: (kind, work) =>
      atomically((run) => {
        const { state, wakeAt, letters = [] } = work(read(run, kind))
        write(run, kind, state, wakeAt)
        post(run, letters)
      }),

    async due(now, limit) {
      const kinds = await db
        .selectFrom('alert_state')
        .select('kind')
        .where('wake_at', '<=', now)
        .execute()
      const letters = await db
        .selectFrom('alert_letter')
        .selectAll()
        .where('claimed_until', '<=', now)
        .orderBy('claimed_until')
        .orderBy('created_at')
        .limit(limit)
        .execute()
      return {
        kinds: kinds.map(({ kind }) => kind),
        letters: letters.map(
          ({ id, letter, claims }): DueAlertLetter => ({
            ...(JSON.parse(seal.open(letter, letterAt(id))) as AlertLetter),
            claims,
          }),
        ),
      }
    },

    async claim({ id, claims }, until) {
      const result = await db
        .updateTable('alert_letter')
        .set({ claims: claims + 1, claimed_until: until })
        .where('id', '=', id)
        .where('claims', '=', claims)
        .executeTakeFirst()
      return result.numUpdatedRows === 1n
    },

    async delete(id) {
      const result = await db.deleteFrom('alert_letter').where('id', '=', id).executeTakeFirst()
      return result.numDeletedRows === 1n
    },
  }
}
