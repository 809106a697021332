import { type Kysely, sql } from 'kysely'
import type { Clock } from '../../base/clock.ts'
import type { Seal } from '../../base/seal.ts'
import { OWN_APPLICATION } from '../../model/user.ts'
import type { Atomically, Run } from '../atomically.ts'
import { CATALOG, type Field, type TableEntry } from '../catalog.ts'
import type { Disclose, KeptRow, KeptTable, PersonRepository } from '../contract.ts'
import type { Tables } from '../tables.ts'
import type { Forget } from '../trail/erase.ts'
import { personalIn } from '../trail/row.ts'
import { placeOf as placeOfChallenge } from './challenges.ts'
import { placeOf as placeOfCredential } from './credentials.ts'
import { placeOf as placeOfAnswer } from './idempotency.ts'

export interface PersonRepositoryDeps {
  db: Kysely<Tables>
  atomically: Atomically
  seal: Seal
  clock: Clock
  /** Takes a person out of the trail, whose rows hold each other and stay. */
  forget: Forget
  /** Writes what is still to be written, so that nothing is missing and nothing comes afterwards. */
  flush(): Promise<void>
  /** Called once rows are gone: they are still to go from the disk. */
  erased(): Promise<void>
}

/** Its rows are not deleted: the chain has to hold. */
const TRAIL = 'event'

type Row = Readonly<Record<string, unknown>>

/** Tables with something about people, the user last: all others refer to it. */
const OWNED = Object.entries(CATALOG as Readonly<Record<string, TableEntry>>)
  .flatMap(([table, entry]) => ('user' in entry.of ? { table, entry, column: entry.of.user } : []))
  .sort((a, b) => Number(a.table === 'user') - Number(b.table === 'user'))

/** Everything about one person, by the catalogue of all that is stored. */
export function createPersonRepository(deps: PersonRepositoryDeps): PersonRepository {
  const { db, atomically, seal, clock, forget, flush, erased } = deps

  const rowsOf = (run: Run, table: string, column: string, userId: string): Row[] =>
    run<Row>(
      sql<Row>`select * from ${sql.table(table)} where ${sql.ref(column)} = ${userId}`.compile(db),
    ).rows

  return {
    async collect(userId, disclose) {
      await flush()
      const tables = await atomically((run) =>
        OWNED.map(({ table, entry, column }) => ({
          table,
          entry,
          rows: rowsOf(run, table, column, userId),
        })),
      )
      if (!tables.some(({ table, rows }) => table === 'user' && rows.length > 0)) return undefined
      return tables.map(({ table, entry, rows }): KeptTable => {
        const { holds, kept, fields } = entry
        const opened = (row: Row) => openerOf[table]?.(seal, row, disclose)
        return { table, holds, kept, fields, rows: rows.map((row) => givenOf(row, fields, opened)) }
      })
    },

    async erase(userId) {
      await flush()
      const rows = await atomically((run) => {
        const [user] = rowsOf(run, 'user', 'id', userId)
        const credentials = rowsOf(run, 'credential', 'user_id', userId)
        if (user) forgetAnswers(run, [userId, user.name, ...credentials.map(({ id }) => id)])
        // Whose they were tells nobody who they were, and who may read of it.
        const whose = { application: String(user?.application ?? OWN_APPLICATION) }
        const forgotten = forget(run, userId, clock.now(), whose).rows
        return OWNED.filter(({ table }) => table !== TRAIL)
          .map(
            ({ table, column }) =>
              run(
                sql`delete from ${sql.table(table)} where ${sql.ref(column)} = ${userId}`.compile(
                  db,
                ),
              ).changes,
          )
          .reduce((sum, changes) => sum + changes, forgotten)
      })
      if (rows > 0) await erased()
      return rows > 0
    },
  }

  /** No column tells whom a kept answer is about: each of the last day is opened and looked at. */
  function forgetAnswers(run: Run, ids: readonly unknown[]): void {
    const kept = db.selectFrom('idempotency').select(['key', 'body']).where('body', 'is not', null)
    const named = ids.map((id) => JSON.stringify(String(id)))
    for (const { key, body } of run(kept.compile()).rows) {
      if (body === null) continue
      const text = seal.open(body, placeOfAnswer(key))
      if (!named.some((name) => text.includes(name))) continue
      run(db.deleteFrom('idempotency').where('key', '=', key).compile())
    }
  }
}

/** How sealed columns are opened, and what is told of them. */
const openerOf: Readonly<Record<string, (seal: Seal, row: Row, disclose: Disclose) => unknown>> = {
  credential: (seal, { id, user_id, kind, data }, disclose) =>
    disclose(
      String(kind),
      JSON.parse(
        seal.open(
          data as Uint8Array,
          placeOfCredential({ id: String(id), userId: String(user_id) }),
        ),
      ),
    ),
  challenge: (seal, { id, user_id, data }) => {
    const place = placeOfChallenge({ id: String(id), userId: String(user_id) })
    const { about } = JSON.parse(seal.open(data as Uint8Array, place)) as { about: unknown }
    return { about }
  },
  // The id of a session is half of what its cookie holds.
  event: (_, { personal }) => {
    const { sessionId: __, ...given } = personalIn({ personal: String(personal) })
    return given
  },
}

/** What the catalogue does not know by name is not given. */
function givenOf(
  row: Row,
  fields: Readonly<Record<string, Field>>,
  opened: (row: Row) => unknown,
): KeptRow {
  return Object.fromEntries(
    Object.entries(fields).map(([column, field]) => [
      column,
      field.export === 'opened' ? (opened(row) ?? WITHHELD) : shown(row[column], field),
    ]),
  )
}

/** Stands where there is something that is not given. */
export const WITHHELD = 'withheld'

function shown(value: unknown, field: Field): unknown {
  if (value === null || value === undefined) return null
  if (field.export === 'withheld') return WITHHELD
  switch (field.form) {
    case 'time':
      return new Date(Number(value) * 1000).toISOString()
    case 'flag':
      return value !== 0
    case 'json':
      return JSON.parse(String(value))
    default:
      return value
  }
}
