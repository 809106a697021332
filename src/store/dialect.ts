import type Database from 'better-sqlite3'
import {
  type CompiledQuery,
  type DatabaseConnection,
  type Dialect,
  type Driver,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
} from 'kysely'
import type { Guard } from './guard.ts'

/** Lets kysely work through a {@link Guard}: reads at once, writes in turn. */
export const guardedDialect = (raw: Database.Database, guard: Guard): Dialect => ({
  createAdapter: () => new Adapter(),
  createDriver: () => createDriver(raw, guard),
  createIntrospector: (db) => new SqliteIntrospector(db),
  createQueryCompiler: () => new SqliteQueryCompiler(),
})

/** One connection at a time would mean that a read stands in line behind a write that waits. */
class Adapter extends SqliteAdapter {
  override get supportsMultipleConnections(): boolean {
    return true
  }
}

function createDriver(raw: Database.Database, guard: Guard): Driver {
  const connection: DatabaseConnection = {
    async executeQuery<Row>({ sql, parameters }: CompiledQuery) {
      const statement = guard.read(() => raw.prepare<unknown[], Row>(sql))
      const run = () => {
        if (statement.reader) return { rows: statement.all(...parameters) }
        const { changes } = statement.run(...parameters)
        return { rows: [], numAffectedRows: BigInt(changes) }
      }
      return statement.readonly ? guard.ask(run) : guard.write(run)
    },
    streamQuery: () => refuse('streams'),
  }
  const refuseTransaction = () => refuse('transactions across several turns: see Atomically')
  return {
    init: async () => undefined,
    acquireConnection: async () => connection,
    releaseConnection: async () => undefined,
    beginTransaction: refuseTransaction,
    commitTransaction: refuseTransaction,
    rollbackTransaction: refuseTransaction,
    destroy: async () => void raw.close(),
  }
}

function refuse(what: string): never {
  throw new Error(`the store knows no ${what}`)
}
