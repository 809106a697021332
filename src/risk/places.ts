import { readFile } from 'node:fs/promises'
import { isIP } from 'node:net'
import type { Reader, Response } from 'mmdb-lib'
import * as z from 'zod'
import type { Clock } from '../base/clock.ts'
import { followFile } from '../base/followed-file.ts'
import type { Place } from './contract.ts'

/** Says where addresses are, from databases in the format of MaxMind. */
export interface Places {
  /** @returns `undefined` where none of the databases knows anything about the address. */
  find(address: string): Promise<Place | undefined>
}

export interface PlacesDeps {
  paths: readonly string[]
  clock: Clock
  /** Hears whether a database is good; `fault` says what is wrong. */
  told(path: string, fault: string | undefined): void
}

/** Opens databases of cities, countries and networks; one that is missing or broken says nothing. */
export function openPlaces({ paths, clock, told }: PlacesDeps): Places {
  const files = paths.map((path) =>
    followFile({ path, open: openDatabase, clock, told: (fault) => told(path, fault) }),
  )
  return {
    async find(address) {
      if (isIP(address) === 0) return undefined
      const found = await Promise.all(
        files.map((file) => file.with((database) => recorded(database.get(address)))),
      )
      const place: Place = Object.assign({}, ...found)
      return Object.keys(place).length === 0 ? undefined : place
    },
  }
}

type Database = Reader<Response>

/** One of each kind of address; reading them goes through the tree and the data. */
const PROBES = ['1.1.1.1', '93.184.216.34', '2606:4700::1111', '2a00::1']

async function openDatabase(path: string): Promise<Database> {
  const { Reader: DatabaseReader } = await import('mmdb-lib')
  const database = new DatabaseReader<Response>(await readFile(path))
  const { nodeCount, searchTreeSize } = database.metadata
  if (!(nodeCount > 0 && searchTreeSize > 0)) throw new Error('it holds no networks')
  const isOld = database.metadata.ipVersion === 4
  for (const address of PROBES) if (!isOld || isIP(address) === 4) database.get(address)
  return database
}

const record = z.object({
  country: z
    .object({ iso_code: z.string().regex(/^[A-Z]{2}$/) })
    .optional()
    .catch(undefined),
  location: z
    .object({
      latitude: z.number().min(-90).max(90),
      longitude: z.number().min(-180).max(180),
      accuracy_radius: z.number().min(0).default(100),
    })
    .optional()
    .catch(undefined),
  autonomous_system_number: z.number().int().positive().optional().catch(undefined),
})

function recorded(value: unknown): Place {
  const { data } = record.safeParse(value)
  if (!data) return {}
  const { country, location, autonomous_system_number: autonomousSystem } = data
  return {
    ...(country ? { country: country.iso_code } : {}),
    ...(autonomousSystem === undefined ? {} : { autonomousSystem }),
    ...(location
      ? {
          position: {
            latitude: location.latitude,
            longitude: location.longitude,
            radius: location.accuracy_radius,
          },
        }
      : {}),
  }
}
