import type { Kysely } from 'kysely'
import type { UnixSeconds } from '../../base/clock.ts'
import type { AuditEvent, EventName } from '../../model/event.ts'
import type { Atomically, Run } from '../atomically.ts'
import type { Tables } from '../tables.ts'
import type { Chain } from './chain.ts'
import type { Seals } from './seals.ts'

/** How long events are kept: by name, by group (`access`), or the `default`. In seconds. */
export type Retention = Readonly<Record<string, number>> & { readonly default: number }

export interface PruningDeps {
  db: Kysely<Tables>
  atomically: Atomically
  chain: Chain
  seals: Seals
}

/** How long an event of this name is kept. What the trail says of itself outlives all that it explains. */
export function keptFor(retention: Retention, name: string): number {
  const [group = ''] = name.split('.')
  if (group === 'trail') return Math.max(...Object.values(retention))
  return retention[name] ?? retention[group] ?? retention.default
}

/**
 * Removes what has been kept for long enough.
 *
 * Rows in the middle of the chain are emptied, and hold on as digests; a row of the trail says which kind,
 * and until when. Once all rows at its beginning are empty they go altogether, and a signed checkpoint says
 * where the chain begins now.
 */
export const pruner =
  ({ db, atomically, chain, seals }: PruningDeps) =>
  async (retention: Retention, now: UnixSeconds): Promise<number> => {
    const names = await atomically((run) =>
      run(db.selectFrom('event').select('name').distinct().compile()).rows.map(({ name }) => name),
    )
    let emptied = 0
    for (const name of names.filter((it) => !it.startsWith('trail.'))) {
      const before = now - keptFor(retention, name)
      emptied += await atomically((run) => empty(run, name, before))
    }
    const longest = now - keptFor(retention, 'trail.pruned')
    await atomically((run) => removeBeginning(run, longest))
    return emptied

    function empty(run: Run, name: string, before: UnixSeconds): number {
      const { changes } = run(
        db
          .updateTable('event')
          .set({
            about: null,
            salt: null,
            personal: null,
            user_id: null,
            session_id: null,
            address: null,
            reference: null,
          })
          .where('name', '=', name)
          .where('at', '<', before)
          .where('about', 'is not', null)
          .compile(),
      )
      if (changes > 0) chain.append(run, [prunedEvent(name, before, changes, now)])
      return changes
    }

    function removeBeginning(run: Run, ownBefore: UnixSeconds): void {
      const firstKept = run(
        db
          .selectFrom('event')
          .select('id')
          .where((or) =>
            or.or([
              or.and([or('name', 'not like', 'trail.%'), or('about', 'is not', null)]),
              or.and([or('name', 'like', 'trail.%'), or('at', '>=', ownBefore)]),
            ]),
          )
          .orderBy('id')
          .limit(1)
          .compile(),
      ).rows[0]
      const last = run(
        db
          .selectFrom('event')
          .select(['id', 'hash'])
          .where('id', '<', firstKept?.id ?? 0)
          .orderBy('id', 'desc')
          .limit(1)
          .compile(),
      ).rows[0]
      if (!last) return
      const beginning = { ...seals.seal('beginning', last, now), begins: 1 }
      run(db.deleteFrom('checkpoint').where('id', '<=', last.id).compile())
      run(db.insertInto('checkpoint').values(beginning).compile())
      run(db.deleteFrom('event').where('id', '<=', last.id).compile())
    }
  }

const prunedEvent = (
  name: string,
  until: UnixSeconds,
  rows: number,
  at: UnixSeconds,
): AuditEvent => ({
  name: 'trail.pruned',
  at,
  details: { event: name as EventName, until, rows },
})
