import type { CompiledQuery } from 'kysely'

/**
 * Runs several statements as one: all happen or none does, and nobody comes between.
 *
 * @param work Begins once nobody else writes, and then runs in one go.
 */
export type Atomically = <T>(work: (run: Run) => T) => Promise<T>

/** Runs one compiled statement at once, within {@link Atomically}. */
export type Run = <Row>(query: CompiledQuery<Row>) => { rows: Row[]; changes: number }
