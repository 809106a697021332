import Database from 'better-sqlite3'
import { withDatabase } from '../errors.ts'
import { HEAD_KEY, parseHead } from './head.ts'
import type { TrailRow } from './row.ts'
import type { Sealed, Seals } from './seals.ts'
import { type Anchor, type TrailReport, verifyTrail } from './verify.ts'

const BATCH = 500

/**
 * Checks the trail in a database file as it stands at this moment, on a connection of its own: others go on
 * writing, and what they write meanwhile is not looked at.
 */
export async function verifyFile(
  file: string,
  seals: Seals,
  anchors: readonly Anchor[],
): Promise<TrailReport> {
  const raw = withDatabase(() => new Database(file, { fileMustExist: true, timeout: 4000 }))
  try {
    raw.exec('begin')
    const rowsAfter = raw.prepare<[number, number], TrailRow>(
      'select * from event where id > ? order by id limit ?',
    )
    const head = raw
      .prepare<[string], { value: string }>('select value from meta where key = ?')
      .get(HEAD_KEY)
    const checkpoints = raw
      .prepare<[], Sealed & { begins: number }>('select * from checkpoint order by id')
      .all()
    const explanations = raw
      .prepare<[], TrailRow>(
        `select * from event where name in ('trail.erased', 'trail.pruned') and about is not null order by id`,
      )
      .all()
    const view = {
      head: parseHead(head?.value),
      checkpoints: checkpoints.map((it) => ({ ...it, begins: it.begins === 1 })),
      explanations,
      async rowsAfter(id: number) {
        // A gateway that checks itself answers requests meanwhile.
        await new Promise(setImmediate)
        return withDatabase(() => rowsAfter.all(id, BATCH))
      },
    }
    return await verifyTrail(view, seals, anchors)
  } finally {
    raw.close()
  }
}
