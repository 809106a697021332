import { type Kysely, sql } from 'kysely'
import type { UnixSeconds } from '../../base/clock.ts'
import type { Atomically, Run } from '../atomically.ts'
import type { Bucket, LimitRepository } from '../contract.ts'
import type { Tables } from '../tables.ts'

type Row = Tables['bucket']

export function createLimitRepository(db: Kysely<Tables>, atomically: Atomically): LimitRepository {
  const read = (run: Run, { key, windowSeconds }: Bucket, now: UnixSeconds): Row => {
    const found = run(db.selectFrom('bucket').selectAll().where('key', '=', key).compile()).rows[0]
    const fresh = { key, count: 0, forget_at: now + windowSeconds, closed_until: 0 }
    return found && found.forget_at > now
      ? found
      : { ...fresh, closed_until: found?.closed_until ?? 0 }
  }

  const write = (run: Run, row: Row) => {
    const { key: _, ...changes } = row
    run(
      db
        .insertInto('bucket')
        .values(row)
        .onConflict((conflict) => conflict.column('key').doUpdateSet(changes))
        .compile(),
    )
  }

  return {
    async take(buckets, now) {
      return atomically((run) => {
        const rows = buckets.map((bucket) => ({ bucket, row: read(run, bucket, now) }))
        const wait = Math.max(0, ...rows.map(({ row }) => row.closed_until - now))
        if (wait > 0) return wait
        for (const { bucket, row } of rows) write(run, afterGuess(bucket, row, now))
        return 0
      })
    },

    async forgive(keys) {
      if (keys.length === 0) return
      await db.deleteFrom('bucket').where('key', 'in', keys).execute()
    },

    async giveBack(keys) {
      await db
        .updateTable('bucket')
        .set({ count: sql<number>`count - 1` })
        .where('key', 'in', keys)
        .where('count', '>', 0)
        .execute()
    },
  }
}

function afterGuess(bucket: Bucket, row: Row, now: UnixSeconds): Row {
  const count = row.count + 1
  const { slowAfter, maxDelaySeconds, block } = bucket
  if (block && count >= block.after) return { ...row, count, closed_until: now + block.seconds }
  if (count < slowAfter) return { ...row, count }
  const delay = Math.min(maxDelaySeconds, 2 ** Math.min(count - slowAfter + 1, 16))
  return { ...row, count, closed_until: now + delay }
}
