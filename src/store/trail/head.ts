import type { Kysely } from 'kysely'
import type { UnixSeconds } from '../../base/clock.ts'
import type { Run } from '../atomically.ts'
import type { Tables } from '../tables.ts'
import type { ChainPlace } from './row.ts'
import type { Sealed, Seals } from './seals.ts'

/** Under which name the end of the chain stands beside the keys of the database. */
export const HEAD_KEY = 'trail_head'

/** The signed end of the chain. Whoever takes rows off the end cannot sign another one. */
export interface Head {
  /** @returns The end as it was signed; `undefined` when it is missing, or was not signed by us. */
  read(run: Run): Sealed | undefined
  write(run: Run, place: ChainPlace, at: UnixSeconds): void
}

export function createHead(db: Kysely<Tables>, seals: Seals): Head {
  const reading = db.selectFrom('meta').select('value').where('key', '=', HEAD_KEY).compile()
  // What this process has signed itself need not be checked again.
  let own: string | undefined

  return {
    read(run) {
      const value = run(reading).rows[0]?.value
      const head = parseHead(value)
      if (!head) return undefined
      return value === own || seals.isGenuine('head', head) ? head : undefined
    },

    write(run, place, at) {
      const value = writeHead(seals.seal('head', place, at))
      run(
        db
          .insertInto('meta')
          .values({ key: HEAD_KEY, value })
          .onConflict((conflict) => conflict.column('key').doUpdateSet({ value }))
          .compile(),
      )
      own = value
    },
  }
}

/** The end of the chain as it lies in the database. */
export const writeHead = ({ id, hash, at, signature }: Sealed): string =>
  [id, hex(hash), at, hex(signature)].join(' ')

/** @returns `undefined` for what is no end of a chain. */
export function parseHead(value: string | undefined): Sealed | undefined {
  const [, id, hash = '', at, signature = ''] =
    /^(\d{1,15}) ([0-9a-f]{64}) (\d{1,15}) ([0-9a-f]{128})$/.exec(value ?? '') ?? []
  if (id === undefined) return undefined
  return { id: Number(id), hash: bytes(hash), at: Number(at), signature: bytes(signature) }
}

const hex = (data: Uint8Array) => Buffer.from(data).toString('hex')
const bytes = (text: string) => Buffer.from(text, 'hex')
