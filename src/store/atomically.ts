import type { CompiledQuery } from 'kysely'

/** Runs several statements as one: all happen or none does, and no other process comes between. */
export type Atomically = <T>(work: (run: Run) => T) => T

/** Runs one compiled statement at once, within {@link Atomically}. */
export type Run = <Row>(query: CompiledQuery<Row>) => { rows: Row[]; changes: number }
