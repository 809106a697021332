import type { Kysely } from 'kysely'
import { OperatorError } from '../base/errors.ts'
import { initial } from './migrations/0001-initial.ts'
import { factors } from './migrations/0002-factors.ts'
import { account } from './migrations/0003-account.ts'
import { api } from './migrations/0004-api.ts'
import { limits } from './migrations/0005-limits.ts'
import { webhooks } from './migrations/0006-webhooks.ts'
import { consents } from './migrations/0007-consents.ts'
import { risk } from './migrations/0008-risk.ts'
import { trail } from './migrations/0009-trail.ts'
import { visits } from './migrations/0010-visits.ts'
import { challenges } from './migrations/0011-challenges.ts'
import { contested } from './migrations/0012-contested.ts'
import { alerts } from './migrations/0013-alerts.ts'
import { references } from './migrations/0014-references.ts'

/** One step of the timeline. Released steps never change; a new one goes to the end. */
type Migration = (db: Kysely<unknown>) => Promise<void>

const TIMELINE: readonly Migration[] = [
  initial,
  factors,
  account,
  api,
  limits,
  webhooks,
  consents,
  risk,
  trail,
  visits,
  challenges,
  contested,
  alerts,
  references,
]

/** The version that this program writes. */
export const SCHEMA_VERSION = TIMELINE.length

/** The version from which on events are a chain. */
export const TRAIL_SINCE = TIMELINE.indexOf(trail) + 1

/** What a migration needs of an engine. */
export interface Migratable {
  db: Kysely<unknown>
  version(): number
  /** Runs `step` and sets the version, both or neither. */
  advance(step: () => Promise<void>, version: number): Promise<void>
}

/**
 * Brings a database to this program's version, one step a transaction, in order.
 *
 * @throws {OperatorError} when the database comes from a newer program.
 */
export async function migrate({ db, version, advance }: Migratable): Promise<void> {
  const from = version()
  if (from > SCHEMA_VERSION) {
    throw new OperatorError(
      `The database is of version ${from}, and this program knows versions up to ${SCHEMA_VERSION}. ` +
        'Run the newer program that made it, or restore a backup from before the upgrade.',
    )
  }
  for (const [index, step] of TIMELINE.slice(from).entries()) {
    await advance(() => step(db), from + index + 1)
  }
}
