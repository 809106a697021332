import { type Kysely, sql } from 'kysely'
import { hasCode } from '../../base/errors.ts'
import type { Seal } from '../../base/seal.ts'
import type { Credential } from '../../model/factor.ts'
import type { Atomically, Run } from '../atomically.ts'
import type { Acceptance, CredentialRepository } from '../contract.ts'
import type { Tables } from '../tables.ts'
import { sealChallenge } from './challenges.ts'

type Row = Tables['credential']

/** The user stands in the place, so that a row copied to somebody else does not open. */
export const placeOf = ({ id, userId }: { id: string; userId: string }) =>
  `credential/${id}/${userId}`

/** How long a mark is remembered that may be set once: longer than anything lives that leaves one. */
const MARK_SECONDS = 86_400

export interface CredentialRepositoryDeps {
  db: Kysely<Tables>
  atomically: Atomically
  seal: Seal
}

export function createCredentialRepository(deps: CredentialRepositoryDeps): CredentialRepository {
  const { db, atomically, seal } = deps

  const fromRow = (row: Row): Credential => ({
    id: row.id,
    userId: row.user_id,
    kind: row.kind,
    label: row.label,
    ...(row.handle === null ? {} : { handle: row.handle }),
    data: JSON.parse(seal.open(row.data, placeOf({ id: row.id, userId: row.user_id }))),
    version: row.version,
    state: row.state === 'active' ? 'active' : row.state === 'pending' ? 'pending' : 'disabled',
    failures: row.failures,
    createdAt: row.created_at,
    ...(row.last_used_at === null ? {} : { lastUsedAt: row.last_used_at }),
    ...(row.contested_at === null ? {} : { contestedAt: row.contested_at }),
  })

  /** Seals new data for the row that it goes to; `undefined` when there is no such row. */
  const sealFor = (run: Run, id: string, data: unknown): Uint8Array | undefined => {
    const owner = run(db.selectFrom('credential').select('user_id').where('id', '=', id).compile())
    const [row] = owner.rows
    return row && seal.seal(JSON.stringify(data), placeOf({ id, userId: row.user_id }))
  }

  /** Works on the version that was checked and no other: the step that makes a code single-use. */
  const store = (run: Run, acceptance: Acceptance): boolean => {
    const { id, version, data, at, handle, label, onlyAsFirst, atMost } = acceptance
    const sealed = sealFor(run, id, data)
    if (!sealed) return false
    const update = db
      .updateTable('credential')
      .set({
        data: sealed,
        version: version + 1,
        state: 'active',
        failures: 0,
        last_used_at: at,
        bound_at: sql<number | null>`case when state = 'pending' then ${at} else bound_at end`,
        ...(handle === undefined ? {} : { handle }),
        ...(label === undefined ? {} : { label }),
      })
      .where('id', '=', id)
      .where('version', '=', version)
      .where('state', '!=', 'disabled')
    const guarded = onlyAsFirst ? update.where(isFirst) : update
    const counted = atMost === undefined ? guarded : guarded.where(hasFewerThan(atMost))
    return run(counted.compile()).changes === 1
  }

  const verifyChallenge = (run: Run, { challenge }: Acceptance): boolean => {
    if (!challenge) return true
    const update = db
      .updateTable('challenge')
      .set({ state: 'verified', data: sealChallenge(seal, challenge) })
      .where('id', '=', challenge.id)
      .where('state', '=', 'pending')
      .where('sends', '=', challenge.sends)
    return run(update.compile()).changes === 1
  }

  const spend = (run: Run, { spends = [], at }: Acceptance): boolean =>
    spends.every((mark) => {
      const insert = db
        .insertInto('spent')
        .values({ mark, expires_at: at + MARK_SECONDS })
        .onConflict((conflict) => conflict.doNothing())
      return run(insert.compile()).changes === 1
    })

  /** Where there is one of a kind, the new one takes the place of the old one in the same moment. */
  const removeOthers = (run: Run, { id, insteadOfOthers }: Acceptance): boolean => {
    if (!insteadOfOthers) return true
    const own = db.selectFrom('credential').where('id', '=', id)
    const others = db
      .deleteFrom('credential')
      .where('id', '!=', id)
      .where('kind', '=', own.select('kind'))
      .where('user_id', '=', own.select('user_id'))
    run(others.compile())
    return true
  }

  return {
    async insert(credential) {
      const row: Row = {
        id: credential.id,
        user_id: credential.userId,
        kind: credential.kind,
        label: credential.label,
        handle: credential.handle ?? null,
        data: seal.seal(JSON.stringify(credential.data), placeOf(credential)),
        version: credential.version,
        state: credential.state,
        failures: credential.failures,
        created_at: credential.createdAt,
        last_used_at: credential.lastUsedAt ?? null,
        bound_at: null,
        contested_at: credential.contestedAt ?? null,
      }
      return unlessTaken(async () => {
        await db.insertInto('credential').values(row).execute()
        return true
      })
    },

    async find(id) {
      const row = await db
        .selectFrom('credential')
        .selectAll()
        .where('id', '=', id)
        .executeTakeFirst()
      return row && fromRow(row)
    },

    async findByHandle(kind, handle) {
      const row = await db
        .selectFrom('credential')
        .selectAll()
        .where('kind', '=', kind)
        .where('handle', '=', handle)
        .executeTakeFirst()
      return row && fromRow(row)
    },

    async listByUser(userId) {
      const rows = await db
        .selectFrom('credential')
        .selectAll()
        .where('user_id', '=', userId)
        .orderBy('created_at')
        .orderBy('id')
        .execute()
      return rows.map(fromRow)
    },

    accept: (acceptance) =>
      unlessTaken(async () =>
        allOrNothing(atomically, (run) =>
          [verifyChallenge, spend, store, removeOthers].every((step) => step(run, acceptance)),
        ),
      ),

    revise: (id, version, { data, handle }) =>
      unlessTaken(async () =>
        atomically((run) => {
          const sealed = sealFor(run, id, data)
          if (!sealed) return false
          const update = db
            .updateTable('credential')
            .set({
              data: sealed,
              version: version + 1,
              ...(handle === undefined ? {} : { handle }),
            })
            .where('id', '=', id)
            .where('version', '=', version)
          return run(update.compile()).changes === 1
        }),
      ),

    async rename(id, userId, label) {
      const result = await db
        .updateTable('credential')
        .set({ label })
        .where('id', '=', id)
        .where('user_id', '=', userId)
        .executeTakeFirst()
      return result.numUpdatedRows === 1n
    },

    async recordFailure(id, limit) {
      const row = await db
        .updateTable('credential')
        .set({
          failures: sql<number>`failures + 1`,
          state: sql<string>`case when state = 'active' and failures + 1 >= ${limit} then 'disabled' else state end`,
        })
        .where('id', '=', id)
        .returning('state')
        .executeTakeFirst()
      return row && (row.state as Credential['state'])
    },

    async contest(userId, since, at) {
      const own = db.updateTable('credential').where('user_id', '=', userId)
      const unconfirmed = db
        .deleteFrom('credential')
        .where('user_id', '=', userId)
        .where('state', '=', 'pending')
      const added = own
        .set({ state: 'disabled', contested_at: at })
        .where(sql<number>`coalesce(bound_at, created_at)`, '>=', since)
        .where('contested_at', 'is', null)
        .returningAll()
      return atomically((run) => {
        run(unconfirmed.compile())
        return run(added.compile()).rows.map(fromRow)
      })
    },

    async restore(id, userId) {
      const result = await db
        .updateTable('credential')
        .set({ state: 'active', failures: 0, contested_at: null })
        .where('id', '=', id)
        .where('user_id', '=', userId)
        .where('contested_at', 'is not', null)
        .executeTakeFirst()
      return result.numUpdatedRows === 1n
    },

    async delete(id, userId) {
      const result = await db
        .deleteFrom('credential')
        .where('id', '=', id)
        .where('user_id', '=', userId)
        .executeTakeFirst()
      return result.numDeletedRows > 0n
    },
  }
}

/** Does the user of the row that is being changed have fewer others of its kind? */
const hasFewerThan = (most: number) => sql<boolean>`(
  select count(*) from credential as other
   where other.user_id = credential.user_id and other.kind = credential.kind
     and other.id != credential.id and other.state != 'pending') < ${most}`

/** Does the user of the row that is being changed have no other authenticator? */
const isFirst = sql<boolean>`not exists (
  select 1 from credential as other
   where other.user_id = credential.user_id and other.id != credential.id and other.state != 'pending')`

/** Undoes every step when one of them finds that it comes too late. */
async function allOrNothing(atomically: Atomically, work: (run: Run) => boolean): Promise<boolean> {
  try {
    return await atomically((run) => {
      if (!work(run)) throw new TooLate()
      return true
    })
  } catch (cause) {
    if (cause instanceof TooLate) return false
    throw cause
  }
}

class TooLate extends Error {
  override readonly name = 'TooLate'
}

/** A handle that another credential has is an answer, not a failure. */
async function unlessTaken(work: () => Promise<boolean>): Promise<boolean> {
  try {
    return await work()
  } catch (cause) {
    if (hasCode(cause, 'SQLITE_CONSTRAINT_UNIQUE')) return false
    throw cause
  }
}
