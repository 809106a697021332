import { type Kysely, sql } from 'kysely'
import type { UnixSeconds } from '../../base/clock.ts'
import type { Seal } from '../../base/seal.ts'
import type { Atomically, Run } from '../atomically.ts'
import type { Bucket, BucketAbout, Counts, LimitRepository, SlowedBucket } from '../contract.ts'
import type { Tables } from '../tables.ts'

type Row = Tables['bucket']

export interface LimitRepositoryDeps {
  db: Kysely<Tables>
  atomically: Atomically
  seal: Seal
  /** Rows that may be there at most, but for those of a moment. */
  most?: number
}

/** Some tens of megabytes, and far more than guess at one gateway in ten minutes. */
const MOST_ROWS = 100_000
/** Looked at once in so many new rows: counting them each time would cost more than they do. */
const LOOK_EVERY = 500
/** What is removed at once, so that a flood does not have every look remove something. */
const SPARE_SHARE = 0.1

const placeOf = (key: string) => `bucket/${key}`

export function createLimitRepository(deps: LimitRepositoryDeps): LimitRepository {
  const { db, atomically, seal, most = MOST_ROWS } = deps
  const lookEvery = Math.min(LOOK_EVERY, most)
  let fresh = 0

  const read = (run: Run, bucket: Bucket, now: UnixSeconds): Row => {
    const { key } = bucket
    const found = run(db.selectFrom('bucket').selectAll().where('key', '=', key).compile()).rows[0]
    if (!found) fresh += 1
    const row = found && withinBounds(bucket, found, now)
    // A clock that was set back must not make a wait longer than it was meant to be.
    if (row && row.closed_until !== found.closed_until) write(run, row)
    if (row && row.forget_at > now) return row
    const empty = emptyRow(bucket, now)
    return row && row.closed_until > now ? { ...row, count: 0, forget_at: empty.forget_at } : empty
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

  /** Whom it concerns is written down from the moment that somebody has to wait, and not before. */
  const named = (bucket: Bucket, row: Row, now: UnixSeconds): Row =>
    row.closed_until <= now || row.about !== null
      ? row
      : {
          ...row,
          slowed_at: now,
          about: seal.seal(JSON.stringify(bucket.about), placeOf(row.key)),
        }

  /** Goes by what a row is worth: nobody gets rid of a count that slows them down by making others. */
  const evict = (run: Run, now: UnixSeconds) => {
    const count = db.selectFrom('bucket').select(({ fn }) => fn.countAll<number>().as('rows'))
    const surplus = (run(count.compile()).rows[0]?.rows ?? 0) - most
    if (surplus <= 0) return
    const least = db
      .selectFrom('bucket')
      .select('key')
      .orderBy(sql`closed_until > ${now}`)
      .orderBy('count')
      .orderBy('forget_at')
      .limit(surplus + Math.floor(most * SPARE_SHARE))
    run(db.deleteFrom('bucket').where('key', 'in', least).compile())
  }

  const aboutOf = ({ key, about }: Row): BucketAbout =>
    about === null ? { kind: 'unknown' } : JSON.parse(seal.open(about, placeOf(key)))

  const slowedRows = (run: Run, now: UnixSeconds): Row[] =>
    run(
      db
        .selectFrom('bucket')
        .selectAll()
        .where('slowed_at', 'is not', null)
        .where((where) => where.or([where('forget_at', '>', now), where('closed_until', '>', now)]))
        .orderBy('slowed_at', 'desc')
        .compile(),
    ).rows

  return {
    async take(buckets, now) {
      return atomically((run) => {
        const rows = buckets.map((bucket) => ({ bucket, row: read(run, bucket, now) }))
        const wait = Math.max(0, ...rows.map(({ row }) => row.closed_until - now))
        if (wait > 0) return wait
        for (const { bucket, row } of rows) {
          write(run, named(bucket, afterGuess(bucket, row, now), now))
        }
        if (fresh >= lookEvery) {
          fresh = 0
          evict(run, now)
        }
        return 0
      })
    },

    async counted(keys, now) {
      if (keys.length === 0) return new Map()
      const rows = await db
        .selectFrom('bucket')
        .select(['key', 'count'])
        .where('key', 'in', keys)
        .where('forget_at', '>', now)
        .execute()
      return countsOf(rows)
    },

    async forgive(keys) {
      if (keys.length === 0) return new Map()
      const rows = await db
        .deleteFrom('bucket')
        .where('key', 'in', keys)
        .returning(['key', 'count'])
        .execute()
      return countsOf(rows)
    },

    async giveBack(keys) {
      if (keys.length === 0) return new Map()
      const rows = await db
        .updateTable('bucket')
        .set({ count: sql<number>`count - 1` })
        .where('key', 'in', keys)
        .where('count', '>', 0)
        .returning(['key', 'count'])
        .execute()
      return countsOf(rows)
    },

    async listSlowed(now) {
      const rows = await atomically((run) => slowedRows(run, now))
      return rows.map((row): SlowedBucket => {
        const isBlocked = row.blocked === 1 && row.closed_until > now
        return {
          about: aboutOf(row),
          count: row.count,
          isBlocked,
          since: row.slowed_at ?? now,
          until: isBlocked ? row.closed_until : Math.max(row.forget_at, row.closed_until),
        }
      })
    },

    async clear(matches) {
      return atomically((run) => {
        const all = db.deleteFrom('bucket')
        if (!matches) return run(all.compile()).changes
        const keys = slowedRows(run, 0)
          .filter((row) => matches(aboutOf(row)))
          .map(({ key }) => key)
        return keys.reduce((sum, key) => sum + run(all.where('key', '=', key).compile()).changes, 0)
      })
    },
  }
}

const countsOf = (rows: readonly Pick<Row, 'key' | 'count'>[]): Counts =>
  new Map(rows.map(({ key, count }) => [key, count]))

const emptyRow = ({ key, windowSeconds }: Bucket, now: UnixSeconds): Row => ({
  key,
  count: 0,
  forget_at: now + windowSeconds,
  closed_until: 0,
  blocked: 0,
  slowed_at: null,
  about: null,
})

/** No wait and no window reaches further than it was made to: one that does is from a clock that was ahead. */
function withinBounds(bucket: Bucket, row: Row, now: UnixSeconds): Row {
  const { windowSeconds, maxDelaySeconds, block } = bucket
  const longest = row.blocked === 1 ? (block?.seconds ?? 0) : maxDelaySeconds
  return {
    ...row,
    forget_at: Math.min(row.forget_at, now + windowSeconds),
    closed_until: Math.min(row.closed_until, now + longest),
  }
}

function afterGuess(bucket: Bucket, row: Row, now: UnixSeconds): Row {
  const count = row.count + 1
  const { slowAfter, maxDelaySeconds, block } = bucket
  if (block && count >= block.after) {
    return { ...row, count, blocked: 1, closed_until: now + block.seconds }
  }
  if (count < slowAfter) return { ...row, count, blocked: 0 }
  const delay = Math.min(maxDelaySeconds, 2 ** Math.min(count - slowAfter + 1, 16))
  return { ...row, count, blocked: 0, closed_until: now + delay }
}
