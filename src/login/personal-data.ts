import type { Clock } from '../base/clock.ts'
import { disclose } from '../factors/disclosed.ts'
import type { KeptTable, PersonRepository } from '../store/contract.ts'

/** Everything that is stored about somebody, as a document for them. */
export interface PersonalData {
  format: 'gatehouse-personal-data/1'
  exported_at: string
  /** What cannot be handed out, and why it is there. */
  withheld: Record<string, string>
  data: Record<string, PersonalTable>
}

export interface PersonalTable {
  what: string
  kept: string
  rows: Record<string, unknown>[]
}

/** @returns `undefined` when there is no such user. */
export async function personalDataOf(
  userId: string,
  { persons, clock }: { persons: PersonRepository; clock: Clock },
): Promise<PersonalData | undefined> {
  const tables = await persons.collect(userId, disclose)
  if (!tables) return undefined
  return {
    format: 'gatehouse-personal-data/1',
    exported_at: new Date(clock.now() * 1000).toISOString(),
    withheld: Object.fromEntries(tables.flatMap(withheldOf)),
    data: Object.fromEntries(
      tables.map(({ table, holds, kept, rows }) => [table, { what: holds, kept, rows: [...rows] }]),
    ),
  }
}

const withheldOf = ({ table, fields }: KeptTable): [string, string][] =>
  Object.entries(fields).flatMap(([column, { export: how, why }]): [string, string][] =>
    how === 'given' ? [] : [[`${table}.${column}`, why]],
  )
