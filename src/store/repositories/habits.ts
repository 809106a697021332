import type { Kysely } from 'kysely'
import type { Habits } from '../../model/habits.ts'
import type { HabitRepository } from '../contract.ts'
import type { Tables } from '../tables.ts'

export function createHabitRepository(db: Kysely<Tables>): HabitRepository {
  return {
    async find(userId) {
      const row = await db
        .selectFrom('habit')
        .selectAll()
        .where('user_id', '=', userId)
        .executeTakeFirst()
      return row && { ...(JSON.parse(row.habits) as Omit<Habits, 'at'>), at: row.at }
    },

    async save(userId, { at, ...habits }) {
      const row = { habits: JSON.stringify(habits), at }
      await db
        .insertInto('habit')
        .values({ user_id: userId, ...row })
        .onConflict((conflict) => conflict.column('user_id').doUpdateSet(row))
        .execute()
    },
  }
}
