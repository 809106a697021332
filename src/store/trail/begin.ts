import type Database from 'better-sqlite3'
import { HEAD_KEY, writeHead } from './head.ts'
import { type ChainPlace, GENESIS } from './row.ts'
import type { Seals } from './seals.ts'

/**
 * Signs the end of a trail that begins. Done once, together with the migration that makes the table: a signed
 * end that is missing later has been taken away.
 */
export function beginTrail(raw: Database.Database, seals: Seals): void {
  const last = raw
    .prepare<[], ChainPlace>('select id, hash from event order by id desc limit 1')
    .get()
  const now = Math.floor(Date.now() / 1000)
  const head = seals.seal('head', last ?? { id: 0, hash: GENESIS }, now)
  raw.prepare('insert into meta (key, value) values (?, ?)').run(HEAD_KEY, writeHead(head))
}
